//! Ctrl-C and its like: nothing half-done stays behind.

use std::io;

use rustix::process::Signal;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use super::terminal;
use crate::decrypt::Temporaries;

/// Starts the thread that ends the process on a signal: echo on again, `temporaries` removed,
/// then the end that the signal is for, so that a shell's loop ends with it. A call that hangs in a
/// module does not hold it up.
///
/// # Errors
/// When the handlers cannot be installed.
pub(crate) fn install(temporaries: Temporaries) -> io::Result<()> {
    // That a file may not grow is said by the write that fails; left alone, it would end the process.
    let too_large = Signal::XFSZ.as_raw();
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM, too_large])?;
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            if let Some(signal) = signals.forever().find(|it| *it != too_large) {
                terminal::restore();
                temporaries.discard();
                let _ = signal_hook::low_level::emulate_default_handler(signal);
                // Not reached: the default of all these is to end the process.
                signal_hook::low_level::exit(128 + signal);
            }
        })?;
    Ok(())
}
