//! A person is asked before each unwrap and each signature, by a program of theirs, and says yes or no.

mod allowed;
mod answer;
mod ask;
mod askpass;
mod environment;
mod pinentry;
mod program;
mod question;
mod running;
mod settings;

pub use answer::NotConfirmed;
pub use program::ConfirmError;
pub use settings::Confirm;

pub(super) use allowed::Allowed;
pub(super) use ask::Questions;
pub(super) use question::Wanted;
