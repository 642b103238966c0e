/// The way in which progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As the last line of the terminal.
    Line,
    /// As lines of JSON.
    Json,
}

/// Work that may take long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    Check,
    Decrypt,
    Download,
    Encrypt,
    Pack,
    Pull,
    Read,
    Verify,
    Wait,
}

impl Work {
    /// The word for JSON.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Decrypt => "decrypt",
            Self::Download => "download",
            Self::Encrypt => "encrypt",
            Self::Pack => "pack",
            Self::Pull => "pull",
            Self::Read => "read",
            Self::Verify => "verify",
            Self::Wait => "wait",
        }
    }

    /// The word for people.
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Check => "Checking",
            Self::Decrypt => "Decrypting",
            Self::Download => "Downloading",
            Self::Encrypt => "Encrypting",
            Self::Pack => "Packing",
            Self::Pull => "Pulling",
            Self::Read => "Reading",
            Self::Verify => "Verifying",
            Self::Wait => "Waiting",
        }
    }
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Archives,
    Bytes,
    Results,
    Seconds,
}

impl Unit {
    /// The word for JSON, and for people.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Archives => "archives",
            Self::Bytes => "bytes",
            Self::Results => "results",
            Self::Seconds => "seconds",
        }
    }
}
