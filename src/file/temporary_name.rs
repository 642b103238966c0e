//! The names of temporary files and folders.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use crate::text::hex::hex;

const PREFIX: &str = ".iexec-hsm-";
const SUFFIX: &str = ".part";

/// The file in a temporary folder that tells it from any other that was given such a name.
pub(super) const MARK: &str = ".iexec-hsm-mark.part";

/// The name of that file once all that waits beside it may have its place. Of a file system that writes a journal a
/// new name is there, after a power cut, when any of the names is there that files got later.
pub(super) const COMPLETE: &str = ".iexec-hsm-complete.part";

/// A name that nobody can guess.
pub(super) fn draw() -> io::Result<OsString> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(format!("{PREFIX}{}{SUFFIX}", hex(&random)).into())
}

/// Whether a file of this name would be taken for a temporary one, and removed.
pub(crate) fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with(PREFIX) && name.ends_with(SUFFIX)
}
