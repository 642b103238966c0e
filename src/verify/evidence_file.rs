use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, Seen};

/// The form that this program writes and reads.
const FORM: u32 = 1;

/// Evidence that was written down, to be checked again without asking anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EvidenceFile {
    /// The number of the form.
    form: u32,
    /// What the checks are made of.
    pub evidence: Evidence,
    /// Where it is from.
    pub seen: Seen,
}

/// Why a file is no evidence.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceFileError {
    /// It is something else.
    #[error("it is not evidence: {0}")]
    Json(#[from] serde_json::Error),
    /// It has another form.
    #[error("it is evidence of the form {0}, and only {FORM} is known")]
    Form(u32),
}

impl EvidenceFile {
    /// Evidence with where it is from.
    pub fn new(evidence: Evidence, seen: Seen) -> Self {
        Self {
            form: FORM,
            evidence,
            seen,
        }
    }

    /// Reads what [`Self::to_json`] writes.
    ///
    /// # Errors
    /// When it is something else.
    pub fn parse(bytes: &[u8]) -> Result<Self, EvidenceFileError> {
        let file: Self = serde_json::from_slice(bytes)?;
        match file.form {
            FORM => Ok(file),
            other => Err(EvidenceFileError::Form(other)),
        }
    }

    /// The file as JSON, in lines.
    ///
    /// # Errors
    /// None that can be met: all of it has a form in JSON.
    pub fn to_json(&self) -> Result<String, EvidenceFileError> {
        let mut json = serde_json::to_string_pretty(self)?;
        json.push('\n');
        Ok(json)
    }
}
