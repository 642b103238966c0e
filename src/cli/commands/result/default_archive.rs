//! The archive that is opened where none is named.

use std::io::ErrorKind;
use std::path::Path;

use crate::cli::ui::failure::Failure;
use crate::code::Code;

pub(super) const DEFAULT_ARCHIVE: &str = "encryptedResults.zip";

/// Says where the archive that is opened by default is not there: most likely somebody forgot to name one.
pub(super) fn check_default(archive: &Path) -> Result<(), Failure> {
    let is_missing = |path: &Path| {
        path.symlink_metadata()
            .is_err_and(|error| error.kind() == ErrorKind::NotFound)
    };
    if archive == Path::new(DEFAULT_ARCHIVE) && is_missing(archive) {
        let what = "no archive is named, and there is no encryptedResults.zip here";
        return Err(Failure::new(Code::IoFailed, what)
            .hint("Name the archive, or download one with `iexec-hsm task show … --download`."));
    }
    Ok(())
}
