//! What becomes of a question.

use std::time::Duration;

use thiserror::Error;

/// The answer of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
    /// The program has waited for as long as it was told to.
    Late,
}

/// A use of a key that nobody said yes to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotConfirmed {
    /// The answer was no.
    #[error("this use of the key was refused by the person who was asked")]
    Refused,
    /// There was no answer in time, or no turn to be asked about.
    #[error("nobody allowed this use of the key within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The program did not ask, for this reason.
    #[error("nobody could be asked to allow this use of the key: {program} {reason}")]
    NotAsked {
        /// The program, as it was named.
        program: String,
        /// What became of it.
        reason: String,
    },
}
