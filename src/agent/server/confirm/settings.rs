use std::path::Path;
use std::time::Duration;

use super::program::{ConfirmError, Program};

/// How a person is asked.
#[derive(Debug, Clone)]
pub struct Confirm {
    pub(super) program: Program,
    pub(super) limit: Duration,
}

impl Confirm {
    /// Finds the program that asks: by its path, or by its name on the `PATH`. One whose name says that it is a `pinentry` is
    /// spoken to as such; any other is called as `ssh-agent` calls `SSH_ASKPASS`. A question that is not answered within `limit` is
    /// answered with no.
    ///
    /// # Errors
    /// [`ConfirmError`].
    pub fn by(program: &Path, limit: Duration) -> Result<Self, ConfirmError> {
        Ok(Self {
            program: Program::find(program)?,
            limit,
        })
    }

    /// The seconds that a question waits for its turn at most, and then for its answer.
    pub(in crate::agent::server) fn seconds(&self) -> u64 {
        self.limit.as_secs()
    }
}
