use serde_json::Value;

use super::job::Job;
use crate::cli::ui::failure::Failure;
use crate::cli::verification::Verification;
use crate::cli::verifying::Verifier;

/// A result that came, with what `--raw` says of the download.
pub(super) struct About {
    pub(super) job: Job,
    pub(super) download: Value,
    /// What verifies it, where that is wanted.
    pub(super) verifier: Option<Verifier>,
}

impl About {
    /// Refuses what is bad whatever is in it.
    pub(super) fn check_early(&self) -> Result<(), Failure> {
        self.verifier.as_ref().map_or(Ok(()), Verifier::check_early)
    }

    /// Returns the failure of the opening, and why where it is one of verifying.
    pub(super) fn failure(&self, failure: Failure) -> Failure {
        match &self.verifier {
            Some(verifier) => verifier.failure(failure),
            None => failure,
        }
    }

    /// What is proven of it.
    pub(super) fn verification(&self) -> Option<Verification> {
        self.verifier.as_ref()?.verification()
    }
}
