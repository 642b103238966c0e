use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use cryptoki_sys::*;

use crate::arg::{Args, describe, number};
use crate::device::Device;
use crate::ledger;
use crate::names;
use crate::script::Action;
use crate::state::Faulty;

/// A call that is under way.
pub(crate) struct Call {
    pub(crate) faulty: &'static Faulty,
    /// Bytes to invent in place of the plaintext.
    pub(crate) answer: Option<u64>,
}

/// Calls a function of the real module.
macro_rules! real {
    ($faulty:expr, $name:ident($($arg:expr),* $(,)?)) => {
        match $faulty.real.$name {
            // SAFETY: the arguments are those that the caller made for this very function.
            Some(function) => unsafe { function($($arg),*) },
            None => cryptoki_sys::CKR_FUNCTION_NOT_SUPPORTED,
        }
    };
}
pub(crate) use real;

/// Runs one call as the script says: what comes before it, itself, its return value, the ledger.
pub(crate) fn run(name: &'static str, args: &Args, forward: impl FnOnce(&Call) -> CK_RV) -> CK_RV {
    let faulty = Faulty::get();
    let line = format!("{name}{}", describe(args, &faulty.salt));
    let write = |end: &str| {
        let written_down = &faulty.script.writes_down;
        if written_down.is_empty() || written_down.iter().any(|it| it == name) {
            ledger::write(&faulty.folder, &format!("{line} -> {end}"));
        }
    };
    let inside = faulty.enter();
    if faulty.script.one_thread && inside.is_beside_another() {
        write("overlaps");
        std::process::abort();
    }
    let _once = faulty.begin(name).unwrap_or_else(|| {
        write("crashes");
        crash()
    });
    let mut call = Call {
        faulty,
        answer: None,
    };
    if let Some(file) = &faulty.script.away_while {
        let away = file.exists();
        faulty.device(|device| device.follow(away));
    }
    let (mut before, mut after) = (None, None);
    for action in faulty.actions(name) {
        match action {
            Action::Return(rv) => before = Some(*rv),
            Action::Then(rv) => after = Some(*rv),
            Action::Answer(len) => call.answer = Some(*len),
            Action::Remove => faulty.device(Device::remove),
            Action::Insert => faulty.device(|device| device.is_removed = false),
            Action::FinalTry => {
                let tries = faulty.script.pin_tries.unwrap_or(1);
                faulty.set_wrong_pins(tries.saturating_sub(1));
            }
            Action::Sleep(time) => std::thread::sleep(*time),
            Action::Print(text) => print(text),
            Action::Hang(file) => {
                write("hangs");
                wait_for(file);
            }
            Action::Opens(file) => {
                let opened = OpenOptions::new().append(true).create(true).open(file);
                write(&attempt(opened));
            }
            Action::Runs(program) => write(&attempt(Command::new(program).status())),
            Action::Abort => {
                write("aborts");
                std::process::abort();
            }
            Action::Crash => {
                write("crashes");
                crash();
            }
        }
    }
    let rv = before
        .or_else(|| refused(faulty, name, args))
        .unwrap_or_else(|| forward(&call));
    let rv = after.unwrap_or(rv);
    settle(faulty, name, args, rv);
    write(&names::of_rv(rv));
    rv
}

/// What a token that is gone, or a session that is stuck, answers to everything.
fn refused(faulty: &Faulty, name: &str, args: &Args) -> Option<CK_RV> {
    let (is_removed, removals, begun) = faulty.device(|device| {
        let begun = device.counted("C_Initialize");
        (device.is_removed, device.removals, begun)
    });
    let mut state = faulty.state();
    if name == "C_Initialize" {
        state.initialize(begun, removals, is_removed);
        return None;
    }
    state.gone |= removals != state.removals;
    let session = number(args, "session");
    if name == "C_CloseSession" {
        return None;
    }
    if state.gone && faulty.script.answers_alone.iter().any(|it| it == name) {
        Some(CKR_OK)
    } else if state.gone && number(args, "slot").is_some() {
        Some(CKR_TOKEN_NOT_PRESENT)
    } else if state.gone && session.is_some() {
        Some(CKR_DEVICE_REMOVED)
    } else if session.is_some_and(|it| state.stuck.contains(&it)) {
        Some(CKR_OPERATION_ACTIVE)
    } else {
        None
    }
}

/// Remembers what a call leaves behind.
fn settle(faulty: &Faulty, name: &str, args: &Args, rv: CK_RV) {
    let Some(session) = number(args, "session") else {
        return;
    };
    let mut state = faulty.state();
    if name == "C_CloseSession" {
        state.close(session);
    }
    let context_login = name == "C_Login" && number(args, "user") == Some(CKU_CONTEXT_SPECIFIC);
    let of_decryption = context_login || matches!(name, "C_DecryptInit" | "C_Decrypt");
    if faulty.script.stuck_sessions && of_decryption && rv != CKR_OK {
        state.stuck.insert(session);
    }
}

/// How it went, in the words of the ledger.
fn attempt<T>(attempted: io::Result<T>) -> String {
    match attempted {
        Ok(_) => "done".into(),
        Err(error) => format!("{:?}", error.kind()),
    }
}

fn print(text: &str) {
    // Past Rust's handles, which the program may hold locked.
    for path in ["/dev/stdout", "/dev/stderr"] {
        if let Ok(mut file) = OpenOptions::new().append(true).open(path) {
            let _ = writeln!(file, "{text}");
        }
    }
}

/// Writes where nothing is.
fn crash() -> ! {
    let nowhere = std::ptr::without_provenance_mut::<u8>(8);
    // SAFETY: none: the process is to end by this, as one does whose module has a fault.
    unsafe { nowhere.write_volatile(0) };
    unreachable!("no process survives that");
}

fn wait_for(file: &Path) {
    while !file.exists() {
        std::thread::sleep(Duration::from_millis(2));
    }
}
