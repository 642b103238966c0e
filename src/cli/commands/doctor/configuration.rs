use super::check::Check;
use crate::cli::config::usual;
use crate::cli::ui::failure::Failure;
use crate::text::escape::Shown as _;

const NAME: &str = "configuration";

/// The configuration file; `problem` is what is wrong with it.
pub(super) fn check(problem: Option<Failure>) -> Check {
    if let Some(failure) = problem {
        return Check::failed(NAME, failure);
    }
    match usual() {
        Some(path) if path.exists() => Check::ok(NAME, path.shown()),
        Some(path) => Check::not_there(
            NAME,
            format!("{} does not exist; it is not needed", path.shown()),
        ),
        None => Check::not_there(NAME, "there is no folder for one: HOME is not set"),
    }
}
