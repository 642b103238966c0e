use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use cryptoki_sys::{CK_FUNCTION_LIST, CK_SESSION_HANDLE, CK_SLOT_ID, CKR_OK, Pkcs11};

use crate::device::Device;
use crate::script::{Action, Script};

/// The module of this process.
pub(crate) struct Faulty {
    pub(crate) real: CK_FUNCTION_LIST,
    pub(crate) script: Script,
    pub(crate) folder: PathBuf,
    pub(crate) salt: Vec<u8>,
    state: Mutex<State>,
    /// Calls that are in the module.
    inside: AtomicUsize,
}

/// A call that is in the module until this is dropped.
pub(crate) struct Inside {
    others: usize,
}

impl Inside {
    /// Whether another call was in the module when it began.
    pub(crate) fn is_beside_another(&self) -> bool {
        self.others > 0
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        Faulty::get().inside.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A call of the function that bears no other at the same time, until this is dropped.
pub(crate) struct Once(());

impl Drop for Once {
    fn drop(&mut self) {
        Faulty::get().state().is_at_it = false;
    }
}

/// What changes while it runs.
#[derive(Default)]
pub(crate) struct State {
    /// The device, where each process has one of its own.
    device: Device,
    /// How often it was initialised, by all processes with the same device.
    pub(crate) generation: u64,
    /// How often the device had been pulled out then.
    pub(crate) removals: u64,
    /// A call of the function that bears no other at the same time is made.
    is_at_it: bool,
    /// The token is lost for this initialisation, even if it is back.
    pub(crate) gone: bool,
    /// A key was made since the last initialisation.
    pub(crate) made_key: bool,
    /// The security officer is logged in, where only they make key pairs.
    pub(crate) officer: bool,
    /// Sessions that answer nothing any more.
    pub(crate) stuck: HashSet<CK_SESSION_HANDLE>,
    /// Sessions that decrypt, and whether the context login was made.
    pub(crate) decrypting: HashMap<CK_SESSION_HANDLE, bool>,
}

impl Faulty {
    /// Reads the environment and loads the real module, the first time.
    pub(crate) fn get() -> &'static Self {
        static FAULTY: OnceLock<Faulty> = OnceLock::new();
        FAULTY.get_or_init(|| {
            let variable = |name| std::env::var_os(name).unwrap_or_else(|| panic!("{name} is set"));
            let folder = PathBuf::from(variable("FAULTY_FOLDER"));
            let text = fs::read_to_string(folder.join("script")).unwrap_or_default();
            Self {
                real: load(Path::new(&variable("FAULTY_MODULE"))),
                script: Script::parse(&text, &own_name())
                    .unwrap_or_else(|error| panic!("script: {error}")),
                salt: fs::read(folder.join("salt")).unwrap_or_default(),
                folder,
                state: Mutex::default(),
                inside: AtomicUsize::new(0),
            }
        })
    }

    /// A call begins.
    pub(crate) fn enter(&self) -> Inside {
        Inside {
            others: self.inside.fetch_add(1, Ordering::SeqCst),
        }
    }

    /// A call of `name` begins; `None` where the module does not bear it beside another.
    pub(crate) fn begin(&self, name: &str) -> Option<Option<Once>> {
        if self.script.not_at_once.as_deref() != Some(name) {
            return Some(None);
        }
        let is_beside = std::mem::replace(&mut self.state().is_at_it, true);
        (!is_beside).then_some(Some(Once(())))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Uses the device.
    pub(crate) fn device<T>(&self, by: impl FnOnce(&mut Device) -> T) -> T {
        if self.script.one_device {
            Device::shared(&self.folder, by)
        } else {
            by(&mut self.state().device)
        }
    }

    /// Counts a call of `name` and returns what the script has for it.
    pub(crate) fn actions(&self, name: &'static str) -> Vec<&Action> {
        let (of_all, of_this) = self.device(|device| (device.count("*"), device.count(name)));
        let rules = self.script.calls.iter();
        rules
            .filter(|rule| match rule.function.as_str() {
                "*" => rule.when.has(of_all),
                function => function == name && rule.when.has(of_this),
            })
            .map(|rule| &rule.action)
            .collect()
    }

    /// The real number of a slot that is shown as `slot`.
    pub(crate) fn real_slot(&self, slot: CK_SLOT_ID) -> CK_SLOT_ID {
        slot.wrapping_sub(self.shift())
    }

    /// The number under which a real slot is shown.
    pub(crate) fn shown_slot(&self, slot: CK_SLOT_ID) -> CK_SLOT_ID {
        slot.wrapping_add(self.shift())
    }

    fn shift(&self) -> u64 {
        if self.script.shuffle_slots {
            4096 * self.state().generation
        } else {
            0
        }
    }

    /// Wrong PINs since the last right one, over all processes.
    pub(crate) fn wrong_pins(&self) -> u64 {
        let text = fs::read_to_string(self.folder.join("wrong")).unwrap_or_default();
        text.parse().unwrap_or(0)
    }

    pub(crate) fn set_wrong_pins(&self, count: u64) {
        fs::write(self.folder.join("wrong"), count.to_string()).expect("the count can be written");
    }
}

impl State {
    pub(crate) fn initialize(&mut self, generation: u64, removals: u64, is_removed: bool) {
        self.officer = false;
        self.generation = generation;
        self.removals = removals;
        self.gone = is_removed;
        self.made_key = false;
        self.stuck.clear();
        self.decrypting.clear();
    }

    pub(crate) fn close(&mut self, session: CK_SESSION_HANDLE) {
        self.stuck.remove(&session);
        self.decrypting.remove(&session);
    }
}

/// The name of the file that this module was loaded from.
fn own_name() -> String {
    let here = own_name as fn() -> String as usize;
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let has_it = |line: &&str| {
        let range = line.split(' ').next().and_then(|it| it.split_once('-'));
        let number = |text| usize::from_str_radix(text, 16).unwrap_or(0);
        range.is_some_and(|(from, to)| (number(from)..number(to)).contains(&here))
    };
    let path = maps
        .lines()
        .find(has_it)
        .and_then(|line| line.split_once('/'));
    let name = path.and_then(|(_, path)| path.rsplit('/').next());
    name.unwrap_or_default().to_owned()
}

fn load(path: &Path) -> CK_FUNCTION_LIST {
    // SAFETY: the test names the module, and so trusts it.
    let library = unsafe { Pkcs11::new(path) };
    let library = library.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    // Loaded for the life of the process.
    let library = Box::leak(Box::new(library));
    let mut list = std::ptr::null_mut();
    // SAFETY: there is room for the one pointer that it writes.
    let rv = unsafe { library.C_GetFunctionList(&mut list) };
    assert_eq!(rv, CKR_OK, "C_GetFunctionList of {}", path.display());
    crate::pointer::get(list).expect("a function list")
}
