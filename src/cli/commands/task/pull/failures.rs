//! What failures mean for a pull.

use std::io;
use std::path::Path;

use crate::cli::ui::failure::Failure;
use crate::code::Code;
use crate::text::escape::Shown as _;

/// Something of others stands in the place of a result.
pub(super) fn in_the_way(place: &Path) -> Failure {
    let what = format!(
        "{} exists already, and others may have put it there",
        place.shown()
    );
    Failure::new(Code::OutputExists, what).hint("Remove it to have the result pulled.")
}

/// The record takes no line.
pub(super) fn not_recorded(error: &io::Error) -> Failure {
    let what = format!("the pulled results cannot be recorded: {error}");
    Failure::new(Code::IoFailed, what)
}

/// Whether a service may wait for something to be well again.
pub(super) fn may_pass(failure: &Failure) -> bool {
    matches!(
        failure.code,
        Code::NodeNotReachable | Code::MarketFailed | Code::DeviceFailed | Code::AgentNotAvailable
    )
}

/// Whether a result that failed so is bad for good.
pub(super) fn is_final(code: Code) -> bool {
    matches!(
        code,
        Code::CannotDecrypt
            | Code::NotAnArchive
            | Code::TooLarge
            | Code::VerifiedDifferent
            | Code::NotVerified
    )
}
