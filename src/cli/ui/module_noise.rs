//! What modules write to stderr while one of them is looked for.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::io::fcntl_dupfd_cloexec;
use rustix::stdio::{dup2_stderr, stderr};

/// Where stderr leads, while modules write elsewhere.
static STDERR: Mutex<Option<File>> = Mutex::new(None);

/// Until it is dropped, what modules write to stderr goes nowhere.
pub(crate) struct Silence(());

/// Begins a silence; none where one is kept already, or the system does not help.
pub(crate) fn silence() -> Option<Silence> {
    let mut kept = kept();
    if kept.is_some() {
        return None;
    }
    let nowhere = OpenOptions::new().write(true).open("/dev/null").ok()?;
    let real = File::from(fcntl_dupfd_cloexec(stderr(), 3).ok()?);
    dup2_stderr(nowhere).ok()?;
    *kept = Some(real);
    Some(Silence(()))
}

impl Drop for Silence {
    fn drop(&mut self) {
        if let Some(real) = kept().take() {
            // If it fails, all that is lost is what would be said.
            let _ = dup2_stderr(real);
        }
    }
}

/// Writes to stderr, in a silence too.
pub(crate) fn write(text: &str) {
    // With stderr gone there is nobody to tell.
    let _ = match &mut *kept() {
        Some(real) => real.write_all(text.as_bytes()),
        None => io::stderr().write_all(text.as_bytes()),
    };
}

fn kept() -> MutexGuard<'static, Option<File>> {
    STDERR.lock().unwrap_or_else(PoisonError::into_inner)
}
