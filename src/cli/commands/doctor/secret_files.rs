use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use super::check::Check;
use super::exposed;
use crate::cli::context::Context;
use crate::cli::ui::command_line::CommandLine;
use crate::cli::ui::failure::Failure;
use crate::code::Code;
use crate::text::escape::Shown as _;

/// The files that hold PINs and passwords: whether they are there, and who else can read them.
pub(super) fn checks(context: &Context) -> Vec<Check> {
    let settings = &context.settings;
    let pin = context.pin_file().unwrap_or_default();
    let files = [
        ("PIN file", &pin),
        ("password file", &settings.password_file),
    ];
    let set = files
        .into_iter()
        .filter_map(|(name, path)| Some((name, path.as_deref()?)));
    set.map(|(name, path)| check(name, &context.absolute(path)))
        .collect()
}

fn check(name: &'static str, path: &Path) -> Check {
    let shown = path.shown();
    let file = match fs::metadata(path) {
        Ok(file) => file,
        Err(error) => {
            let what = format!("{shown} cannot be read: {error}");
            let failure = Failure::new(Code::IoFailed, what);
            return Check::failed(name, failure.hint("Correct or remove the setting."));
        }
    };
    // A pipe of the shell is nobody else's.
    if !file.is_file() || file.permissions().mode() & 0o066 == 0 {
        if file.is_file()
            && let Some(check) = exposed::check(name, path)
        {
            return check;
        }
        return Check::ok(name, format!("{shown}: no other user can read it"));
    }
    let mode = file.mode() & 0o7777;
    let chmod = CommandLine::new("chmod 600").operand(path);
    Check::warning(
        name,
        format!("{shown}: other users can read or change it (mode {mode:04o})"),
    )
    .fix(format!(
        "`{chmod}` makes it yours alone; change what is in it if others may have seen it."
    ))
}
