//! The PKCS#11 calls themselves, by the module's own function table. The one place for `unsafe`
//! in `token`.
//!
//! The types are those of `cryptoki`; its calls are not used, because
//! * its `decrypt` asks for the length first, which on cards and TPMs does the whole decryption,
//!   uses up the PIN of keys that always authenticate, and wedges sessions after a bad ciphertext;
//! * it keeps its function table to itself, and a second table, for that one call, would be
//!   another instance in p11-kit's proxy and client, with sessions and logins of its own;
//! * it refuses tokens whose information has an empty clock field.
#![allow(unsafe_code)]

mod apart;
mod gate;
mod module;
mod session;
mod watched;

use std::any::Any;
use std::mem::ManuallyDrop;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};

use cryptoki::error::{Rv, RvError};
use cryptoki_sys::{CK_FUNCTION_LIST, CK_RV, CK_SESSION_HANDLE, CK_ULONG, Pkcs11};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use zeroize::Zeroizing;

pub use apart::settings_not_read;
pub(super) use apart::{apart, from_anywhere};
pub use gate::end_calls;
pub(super) use gate::finalise_at_end;
pub(super) use session::RawSession;
pub use watched::{Call, CalledToken, Watch, watch_calls};

/// The return value of a call that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CallError {
    /// The function's name in the standard.
    pub(super) call: &'static str,
    /// The return value.
    pub(super) rv: RvError,
}

impl CallError {
    /// Whether the token dislikes an attribute of the template.
    pub(super) fn is_about_template(&self) -> bool {
        matches!(
            self.rv,
            RvError::AttributeTypeInvalid
                | RvError::AttributeValueInvalid
                | RvError::AttributeReadOnly
                | RvError::TemplateIncomplete
                | RvError::TemplateInconsistent
        )
    }
}

impl std::fmt::Display for CallError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} returned {}", self.call, rv_name(&self.rv))
    }
}

/// The return value in the words of the standard, as far as they are known.
pub(super) fn rv_name(rv: &RvError) -> String {
    match rv {
        RvError::UnknownErrorCode(code) | RvError::VendorDefined(code) => format!("0x{code:x}"),
        known => format!("{known:?}"),
    }
}

/// A loaded module's functions.
pub(super) struct Table {
    path: Arc<Path>,
    functions: CK_FUNCTION_LIST,
    /// The lock of the one thread that may be in the module, where it bears no more.
    turn: OnceLock<Mutex<()>>,
    /// It says that it cannot lock.
    cannot_lock: AtomicBool,
    /// Sessions that are open.
    sessions: Mutex<Vec<CK_SESSION_HANDLE>>,
    /// Keeps the library loaded, and with it the functions valid: for the life of the process, as
    /// threads and handlers that a module leaves behind must not lose their code.
    _library: ManuallyDrop<Pkcs11>,
}

/// Where a call is made: in a table, for a token if there is one already.
#[derive(Clone, Copy)]
struct Caller<'t> {
    table: &'t Table,
    token: Option<&'t Arc<CalledToken>>,
    /// Whether the call waits for a person, who was told: then nobody is told that it takes long.
    waits_for_person: bool,
}

/// Calls a function by way of a [`Caller`]; it waits for its turn where a module is used by one thread
/// at a time, and whoever watches is told of it. Every pointer among the arguments must be to a
/// value that lives through the call, with its true length beside it.
macro_rules! call {
    ($of:expr, $name:ident($($argument:expr),* $(,)?)) => {{
        let failed = |rv| CallError { call: stringify!($name), rv };
        let caller = $of.caller();
        let function = caller.table.functions.$name.ok_or(failed(RvError::FunctionNotSupported))?;
        let _inside = caller.enter();
        let _turn = caller.table.turn();
        let _watched = caller.begin(stringify!($name));
        // SAFETY: the table is that of a loaded library, its functions have the signatures of
        // PKCS#11, and the arguments are as this macro's contract says.
        match Rv::from(unsafe { function($($argument),*) }) {
            Rv::Ok => Ok(()),
            Rv::Error(rv) => Err(failed(rv)),
        }
    }};
}
use call;

impl<'t> Caller<'t> {
    fn caller(self) -> Self {
        self
    }

    /// The same for a call that takes `pin`; with none the reader's pad asks a person for it.
    fn with_pin(self, pin: Option<&[u8]>) -> Self {
        Self {
            waits_for_person: pin.is_none(),
            ..self
        }
    }

    fn enter(self) -> Option<gate::Inside> {
        if self.waits_for_person {
            gate::pass();
            return None;
        }
        Some(gate::enter())
    }

    fn begin(self, function: &'static str) -> Option<Box<dyn Any>> {
        if self.waits_for_person {
            return None;
        }
        watched::begin(|| Call {
            token: self.token.cloned(),
            ..Call::of_module(function, self.table.path.clone())
        })
    }
}

impl Table {
    /// Loads the library at `path`, which is `place` in this thread, with all its symbols, and takes its
    /// function table; the loader's words on failure.
    pub(super) fn load(path: &Path, place: &Path) -> Result<Self, String> {
        let path: Arc<Path> = path.into();
        let loading = watched::begin(|| Call::of_module(Call::LOAD, path.clone()));
        // One that is found missing only when it is called would end the program.
        let flags = RTLD_NOW | RTLD_LOCAL;
        // SAFETY: loading a library runs its initialisers. That it is to be trusted is what the
        // user said by naming it.
        let library = unsafe { Library::open(Some(place), flags) };
        drop(loading);
        let library = library.map_err(|error| error.to_string())?;
        // SAFETY: only its symbols are looked up, and those of the standard's names are functions
        // with the standard's signatures.
        let library =
            unsafe { Pkcs11::from_library(library) }.map_err(|error| error.to_string())?;
        let Ok(get) = library.C_GetFunctionList.as_ref() else {
            return Err("it is no PKCS#11 module: it has no C_GetFunctionList".into());
        };
        let mut list = std::ptr::null_mut();
        let getting = watched::begin(|| Call::of_module("C_GetFunctionList", path.clone()));
        // SAFETY: C_GetFunctionList writes one pointer, and may be called before C_Initialize.
        let rv: CK_RV = unsafe { get(&mut list) };
        drop(getting);
        let (Rv::Ok, Some(list)) = (Rv::from(rv), NonNull::new(list)) else {
            return Err(format!(
                "C_GetFunctionList returned 0x{rv:x} and no functions"
            ));
        };
        // SAFETY: not null, and it points to a table that lives as long as the library, which
        // `_library` keeps loaded; CK_FUNCTION_LIST is plain data.
        let functions = unsafe { list.read() };
        Ok(Self {
            path,
            functions,
            turn: OnceLock::new(),
            cannot_lock: AtomicBool::new(false),
            sessions: Mutex::default(),
            _library: ManuallyDrop::new(library),
        })
    }

    fn caller(&self) -> Caller<'_> {
        Caller {
            table: self,
            token: None,
            waits_for_person: false,
        }
    }

    /// Closes all sessions and finalises the module, when no other call is made any more but one that
    /// waits for a person. Beside that one nothing is done in a module that cannot lock.
    fn end(&self) {
        let turn = self.turn.get().map(Mutex::try_lock);
        if let Some(Err(TryLockError::WouldBlock)) = turn {
            return;
        }
        let close = self.functions.C_CloseSession;
        for session in self.sessions().drain(..) {
            // SAFETY: as for `call`: the signature is the standard's, and the table is loaded.
            close.map(|close| unsafe { close(session) });
        }
        // SAFETY: likewise; the one argument is reserved, and null.
        let finalise = self.functions.C_Finalize;
        finalise.map(|finalise| unsafe { finalise(std::ptr::null_mut()) });
    }

    /// Whether this process has a session open.
    pub(super) fn has_sessions(&self) -> bool {
        !self.sessions().is_empty()
    }

    fn sessions(&self) -> MutexGuard<'_, Vec<CK_SESSION_HANDLE>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until no other thread is in a module that is used by one at a time.
    /// From the next call on, the module is used by one thread at a time.
    pub(super) fn take_turns(&self) {
        self.turn.get_or_init(Mutex::default);
    }

    fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        let turn = self.turn.get()?;
        Some(turn.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A PIN as the standard passes it: none is null, and an empty one is not.
fn raw_pin(pin: &mut Option<Zeroizing<Vec<u8>>>) -> (*mut u8, CK_ULONG) {
    match pin {
        Some(pin) => (pin.as_mut_ptr(), ulong(pin.len())),
        None => (std::ptr::null_mut(), 0),
    }
}

/// A copy of a PIN that a module may write to. There is room even where it is empty: its place may be
/// looked at.
fn own_pin(pin: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut copy = Zeroizing::new(Vec::with_capacity(pin.len() + 1));
    copy.extend_from_slice(pin);
    copy
}

/// A length as the standard counts them.
fn ulong(len: usize) -> CK_ULONG {
    // CK_ULONG has the size of a pointer where modules exist.
    len as CK_ULONG
}
