use std::time::{Duration, SystemTime};

use super::check::Check;
use crate::cli::ui::failure::Failure;
use crate::code::Code;

/// The first second of 2026: this program is not older.
const EARLIEST: Duration = Duration::from_secs(1_767_225_600);

pub(super) fn check() -> Check {
    check_at(SystemTime::now())
}

fn check_at(now: SystemTime) -> Check {
    let text = httpdate::fmt_http_date(now);
    if now >= SystemTime::UNIX_EPOCH + EARLIEST {
        return Check::ok("clock", text);
    }
    let what = format!("the clock says {text}, which is in the past");
    let failure = Failure::new(Code::Failed, what);
    Check::failed(
        "clock",
        failure.hint("Set it: certificates are not valid at a wrong time."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::commands::doctor::check::State;

    #[test]
    fn a_clock_that_was_never_set_is_broken() {
        let reset = SystemTime::UNIX_EPOCH + Duration::from_secs(60);
        assert_eq!(check_at(reset).state, State::Broken);
        assert_eq!(check().state, State::Ok);
    }
}
