use super::check::Check;
use crate::text::escape::Shown as _;
use crate::token::settings_not_read;

/// Settings for a module that the working folder has.
pub(super) fn checks() -> Vec<Check> {
    let files = settings_not_read().into_iter();
    let check = |file: std::path::PathBuf| {
        let what = format!(
            "{} is not read, although the module for it would: a folder must not choose a device",
            file.shown()
        );
        Check::warning("module settings", what)
            .fix("If it is yours, move it, and name it by its full path, in the variable or with --module-args.")
    };
    files.map(check).collect()
}
