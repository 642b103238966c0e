//! Why something failed: one word, one exit status of the program, one HTTP status of the agent.

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident: $word:literal, $exit:literal, $http:literal;)*) => {
        /// Why something failed, in one word. The program and its agent have the same words.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(from = "String", into = "&str")]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$meta])* $name,)*
        }

        const ALL: &[Code] = &[$(Code::$name),*];

        impl Code {
            /// All codes, in the order of their exit statuses.
            pub fn all() -> &'static [Code] {
                ALL
            }

            /// The word, as it stands in JSON.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// The exit status of the program.
            pub fn exit(self) -> u8 {
                match self {
                    $(Self::$name => $exit,)*
                }
            }

            /// The HTTP status of the agent, where a request is refused for no more special reason.
            pub fn http(self) -> u16 {
                match self {
                    $(Self::$name => $http,)*
                }
            }
        }
    };
}

codes! {
    /// Anything else.
    Failed: "failed", 1, 500;
    /// The command or the request is wrong.
    Usage: "usage", 2, 400;
    /// Module or token are not there, or not set up.
    TokenNotUsable: "token-not-usable", 10, 503;
    /// The token is gone, or failed, or its module does not come back.
    DeviceFailed: "device-failed", 11, 502;
    /// The PIN is wrong.
    PinWrong: "pin-wrong", 12, 403;
    /// The PIN is blocked, or the last attempt was not granted.
    PinBlocked: "pin-blocked", 13, 403;
    /// A PIN is needed.
    PinNeeded: "pin-needed", 14, 403;
    /// No such key, or more than one.
    KeyNotFound: "key-not-found", 15, 404;
    /// The key or the token cannot do it.
    NotSupported: "not-supported", 16, 422;
    /// The result cannot be decrypted.
    CannotDecrypt: "cannot-decrypt", 20, 422;
    /// The file is no result archive.
    NotAnArchive: "not-an-archive", 21, 422;
    /// Something stands where the output would go.
    OutputExists: "output-exists", 22, 500;
    /// Reading or writing a file failed.
    IoFailed: "io-failed", 23, 500;
    /// The result is larger than a limit allows.
    TooLarge: "too-large", 24, 422;
    /// The Secret Management Service does not answer.
    SmsNotReachable: "sms-not-reachable", 30, 502;
    /// iExec's market does not answer.
    MarketFailed: "market-failed", 30, 502;
    /// No IPFS gateway answers with the file.
    GatewayFailed: "gateway-failed", 30, 502;
    /// The Secret Management Service refused.
    SmsRefused: "sms-refused", 31, 502;
    /// A key is published already.
    AlreadyPublished: "already-published", 32, 409;
    /// No such wallet, or it cannot sign.
    Wallet: "wallet", 33, 422;
    /// The node of the chain does not answer.
    NodeNotReachable: "node-not-reachable", 34, 502;
    /// The node or the chain refused, or is another one.
    ChainRefused: "chain-refused", 35, 502;
    /// The account has too little money.
    InsufficientFunds: "insufficient-funds", 36, 422;
    /// Something was sent to the chain, and it is not known what became of it.
    OutcomeUnknown: "outcome-unknown", 37, 502;
    /// Nobody has agreed to what would be spent.
    NotAgreed: "not-agreed", 38, 422;
    /// The agent is locked, busy, or not there.
    AgentNotAvailable: "agent-not-available", 40, 503;
    /// The task failed or timed out.
    TaskFailed: "task-failed", 41, 422;
    /// Nobody offers what is asked for.
    NoOrder: "no-order", 42, 404;
    /// The task is not there, or has not ended yet.
    NotThereYet: "not-there-yet", 42, 404;
    /// A person was asked whether a key may be used, and did not allow it.
    NotConfirmed: "not-confirmed", 43, 403;
    /// The result is proven to be another one than that of the task.
    VerifiedDifferent: "verified-different", 50, 422;
    /// Not everything about the result is proven.
    NotVerified: "not-verified", 51, 422;
}

impl From<Code> for &'static str {
    fn from(code: Code) -> Self {
        code.word()
    }
}

/// Reads a word; one that is not known is that of any failure.
impl From<String> for Code {
    fn from(word: String) -> Self {
        let known = ALL.iter().find(|code| code.word() == word);
        known.copied().unwrap_or(Self::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_word_of_its_own_and_an_exit_status() {
        let statuses: Vec<_> = ALL.iter().map(|code| code.exit()).collect();
        assert!(statuses.is_sorted());
        let mut words: Vec<_> = ALL.iter().map(|code| code.word()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), ALL.len());
    }

    #[test]
    fn words_are_read_as_they_are_written_and_others_as_a_failure() {
        for code in ALL {
            let json = serde_json::json!(code);
            assert_eq!(json, code.word());
            assert_eq!(serde_json::from_value::<Code>(json).ok(), Some(*code));
        }
        let unknown: Option<Code> = serde_json::from_str("\"done\"").ok();
        assert_eq!(unknown, Some(Code::Failed));
    }
}
