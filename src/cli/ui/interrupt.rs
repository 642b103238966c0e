//! Ctrl-C and its like: nothing half-done stays behind.

use std::ffi::c_int;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use super::{status_line, terminal};
use crate::decrypt::Temporaries;
use crate::token::end_calls;

/// Time for calls into modules to come back.
const CALLS_TIME: Duration = Duration::from_secs(5);

/// Time for the terminal to take what erases its last line.
const LINE_TIME: Duration = Duration::from_secs(1);

/// A signal ends the process.
static ENDING: AtomicBool = AtomicBool::new(false);

/// Does not come back where a signal ends the process: what fails then fails for that, which is not to be
/// told as anything else.
pub(crate) fn let_end() {
    while ENDING.load(Ordering::Relaxed) {
        thread::park();
    }
}

/// Starts the thread that ends the process on a signal: echo on again, `temporaries` removed, calls
/// into modules let come back and the modules finalised, then the end that the signal is for, so that
/// a shell's loop ends with it. A call that hangs holds it up for a while, and a second signal ends
/// that.
///
/// # Errors
/// When the handlers cannot be installed.
pub(crate) fn install(temporaries: Temporaries) -> io::Result<()> {
    // That a file may not grow is said by the write that fails; left alone, it would end the process.
    let too_large = Signal::XFSZ.as_raw();
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM, too_large])?;
    named("signals").spawn(move || {
        let mut ending = signals.forever().filter(|it| *it != too_large);
        let Some(signal) = ending.next() else {
            return;
        };
        ENDING.store(true, Ordering::Relaxed);
        terminal::restore();
        temporaries.discard();
        erase_line();
        let calls = named("ending").spawn(move || {
            end_calls(CALLS_TIME);
            end(signal);
        });
        if calls.is_err() {
            end(signal);
        }
        if let Some(signal) = ending.next() {
            end(signal);
        }
    })?;
    Ok(())
}

/// Takes the progress away. A terminal that takes nothing must not hold up the end.
fn erase_line() {
    let (done, erased) = channel();
    let erasing = named("line").spawn(move || {
        status_line::end();
        let _ = done.send(());
    });
    if erasing.is_ok() {
        let _ = erased.recv_timeout(LINE_TIME);
    }
}

fn named(name: &str) -> thread::Builder {
    thread::Builder::new().name(name.into())
}

/// Ends the process as the signal does by itself.
fn end(signal: c_int) {
    let _ = signal_hook::low_level::emulate_default_handler(signal);
    // Not reached: the default of all these is to end the process.
    signal_hook::low_level::exit(128 + signal);
}
