//! Options that are given though nothing comes of them: refused, as whoever gave one expects something.

use super::options::{Found, Setting, Source};
use super::ui::failure::Failure;
use crate::code::Code;

/// An option, and whether it is given.
pub(crate) type Typed = (&'static str, bool);

/// A setting, which may be set elsewhere for other commands, and counts where it is typed.
pub(crate) fn setting(setting: &Setting, found: &Found) -> Typed {
    (setting.id, found.source == Source::Flag)
}

/// Refuses the first of `options` that is given.
pub(crate) fn refuse(options: &[Typed], why: &str, hint: &str) -> Result<(), Failure> {
    let Some((id, _)) = options.iter().find(|(_, is_given)| *is_given) else {
        return Ok(());
    };
    let option = id.replace('_', "-");
    let what = format!("--{option} has no effect {why}");
    Err(Failure::new(Code::Usage, what).hint(hint))
}
