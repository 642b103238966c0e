//! Some modules look for their settings in the working folder first, whatever their user has said: it may
//! be a project's, or one that an archive was unpacked to, and must not choose a device.

use std::io;
use std::path::{Path, PathBuf};
use std::thread;

/// The files that modules are known to take there.
const READ_THERE: [&str; 2] = [
    // The address of a device; and where to write what was said to it, keys and all.
    "yubihsm_pkcs11.conf",
    // A store of tokens, where the user has none.
    "tpm2_pkcs11.sqlite3",
];

/// The files in the working folder that a module would take for its settings. None is read.
pub fn settings_not_read() -> Vec<PathBuf> {
    let here = std::env::current_dir().unwrap_or_default();
    let files = READ_THERE.iter().map(|name| here.join(name));
    files.filter(|it| it.symlink_metadata().is_ok()).collect()
}

/// Does `work`, in which a module reads its settings, where it sees none of these files: in a thread that
/// has a working folder of its own.
pub(in crate::token) fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
    if settings_not_read().is_empty() {
        return Ok(work());
    }
    thread::scope(|scope| {
        let thread = thread::Builder::new().spawn_scoped(scope, || {
            leave_folder()?;
            Ok(work())
        })?;
        thread
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("its thread has ended")))
    })
}

#[cfg(target_os = "linux")]
fn leave_folder() -> io::Result<()> {
    use rustix::thread::{UnshareFlags, unshare_unsafe};
    // SAFETY: of all that threads share, this one gives up the working folder alone, and no descriptors.
    unsafe { unshare_unsafe(UnshareFlags::FS) }?;
    Ok(rustix::process::chdir("/")?)
}

/// Elsewhere a working folder is the whole program's.
#[cfg(not(target_os = "linux"))]
fn leave_folder() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// `path` as it is from any folder; a bare name is looked for by the loader.
pub(in crate::token) fn from_anywhere(path: &Path) -> PathBuf {
    let is_bare = path.parent().is_none_or(|it| it == Path::new(""));
    let absolute = std::path::absolute(path).ok().filter(|_| !is_bare);
    absolute.unwrap_or_else(|| path.to_owned())
}
