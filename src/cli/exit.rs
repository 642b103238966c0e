/// Why the program ends as it does: one exit status and one word for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    Failed,
    Usage,
    TokenNotUsable,
    DeviceFailed,
    PinWrong,
    PinLocked,
    PinNeeded,
    KeyNotFound,
    NotSupported,
    CannotDecrypt,
    NotAnArchive,
    OutputExists,
    IoFailed,
    TooLarge,
    SmsNotReachable,
    SmsRefused,
    AlreadyPublished,
    Wallet,
    AgentNotAvailable,
}

impl Exit {
    /// The exit status.
    pub(crate) fn status(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::TokenNotUsable => 10,
            Self::DeviceFailed => 11,
            Self::PinWrong => 12,
            Self::PinLocked => 13,
            Self::PinNeeded => 14,
            Self::KeyNotFound => 15,
            Self::NotSupported => 16,
            Self::CannotDecrypt => 20,
            Self::NotAnArchive => 21,
            Self::OutputExists => 22,
            Self::IoFailed => 23,
            Self::TooLarge => 24,
            Self::SmsNotReachable => 30,
            Self::SmsRefused => 31,
            Self::AlreadyPublished => 32,
            Self::Wallet => 33,
            Self::AgentNotAvailable => 40,
        }
    }

    /// The word in JSON errors.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::TokenNotUsable => "token-not-usable",
            Self::DeviceFailed => "device-failed",
            Self::PinWrong => "pin-wrong",
            Self::PinLocked => "pin-locked",
            Self::PinNeeded => "pin-needed",
            Self::KeyNotFound => "key-not-found",
            Self::NotSupported => "not-supported",
            Self::CannotDecrypt => "cannot-decrypt",
            Self::NotAnArchive => "not-an-archive",
            Self::OutputExists => "output-exists",
            Self::IoFailed => "io-failed",
            Self::TooLarge => "too-large",
            Self::SmsNotReachable => "sms-not-reachable",
            Self::SmsRefused => "sms-refused",
            Self::AlreadyPublished => "already-published",
            Self::Wallet => "wallet",
            Self::AgentNotAvailable => "agent-not-available",
        }
    }
}
