use std::path::PathBuf;

/// A PIN that cannot be had or sent. A retry does not help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// There is nobody to ask, and no other source is set.
    #[error("the PIN of the token \"{token}\" is needed and there is nobody to ask")]
    NobodyToAsk {
        /// Label of the token.
        token: String,
        /// The hint what to set instead.
        hint: String,
    },
    /// The file that should hold it cannot be read.
    #[error("the PIN file {} cannot be read: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The PIN cannot be right and was not sent. No attempt was spent.
    #[error(
        "the PIN was not sent to \"{label}\": it has {len} bytes and the token takes {min} to {max}"
    )]
    Length {
        /// Label of the token.
        label: String,
        /// Bytes of the PIN given.
        len: usize,
        /// Shortest PIN that the token takes, in bytes.
        min: u64,
        /// Longest PIN that the token takes, in bytes.
        max: u64,
    },
    /// A source is set and holds nothing.
    #[error("{0} holds no PIN")]
    Empty(String),
    /// The person did not give one, or gave two different ones.
    #[error("{0}")]
    NotGiven(String),
}

impl PinError {
    /// Returns the hint what to do.
    pub fn hint(&self) -> String {
        match self {
            Self::NobodyToAsk { hint, .. } => hint.clone(),
            Self::File { .. } => {
                "Check --pin-file, IEXEC_HSM_PIN_FILE or the configuration file.".into()
            }
            Self::Length { .. } => "No attempt was spent; check where the PIN comes from.".into(),
            Self::Empty(_) => "Put the PIN into it, or leave it out.".into(),
            Self::NotGiven(_) => "Run the command again.".into(),
        }
    }
}
