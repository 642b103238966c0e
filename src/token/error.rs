use std::path::PathBuf;

use cryptoki::error::RvError;
use serde::{Deserialize, Serialize};

use super::names::{key_of, token_of};
use super::raw::{CallError, rv_name};
use super::uri::Uri;
use super::{PinError, Remedy, TokenInfo, crossing};
use crate::text::escape::Shown as _;

/// An error of modules, tokens, PINs and keys. Each variant says whether a retry can help.
#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TokenError {
    /// No module was named and none was found. A retry does not help.
    #[error("no usable PKCS#11 module was found; tried:{}", listed(.0))]
    NoModule(Vec<Tried>),
    /// The named module cannot be loaded or initialised. A retry does not help.
    #[error("the PKCS#11 module {} cannot be used: {}", .path.shown(), .reason.shown())]
    Module {
        /// The module.
        #[serde(with = "crossing::path")]
        path: PathBuf,
        /// The loader's or the module's own words.
        reason: String,
    },
    /// Files in the working folder would tell a module what to do, and cannot be kept from it. A retry helps in
    /// another folder.
    #[error("no module is loaded in this folder, which has settings for one:{}\nThey cannot be kept from it: {reason}", shown(.files))]
    ForeignSettings {
        /// The files.
        #[serde(with = "crossing::paths")]
        files: Vec<PathBuf>,
        /// The cause.
        reason: String,
    },
    /// No token fits. A retry helps once it is plugged in.
    #[error("{}", no_token(.wanted, .present))]
    NoToken {
        /// The URI or words that were looked for.
        wanted: String,
        /// URIs of the tokens that are there.
        present: Vec<String>,
    },
    /// More than one token fits. A retry does not help.
    #[error("more than one token fits:{}", named(token_of, .0))]
    TokenAmbiguous(Vec<String>),
    /// The token is there and not set up. A retry does not help.
    #[error("the token {label:?} is not ready: {reason}")]
    NotReady {
        /// Label of the token.
        label: String,
        /// The missing part.
        reason: String,
    },
    /// The PIN has to be set or changed before the token can be used. A retry does not help.
    #[error("the PIN of the token {label:?} cannot be used: {reason}")]
    PinNotReady {
        /// Label of the token.
        label: String,
        /// The state it is in.
        #[serde(with = "crossing::words")]
        reason: crossing::Words,
    },
    /// The device or its module failed, or it is gone. A retry helps when the device is back.
    #[error("the token does not answer: {call} returned {rv}")]
    Device {
        /// The PKCS#11 function, or what else was asked.
        #[serde(with = "crossing::words")]
        call: crossing::Words,
        /// The return value.
        rv: String,
        /// Whether a PIN was on its way: then nobody knows whether an attempt was spent.
        pin_sent: bool,
    },
    /// Other programs hold all sessions of the token. A retry helps when one of them has ended.
    #[error("{} sessions of the token {label:?} are taken", all(*.count))]
    SessionsTaken {
        /// Label of the token.
        label: String,
        /// Number of sessions; `None` where the token tells none.
        count: Option<usize>,
    },
    /// The key that a PIN names, with which the login would be made, is not on the token. No attempt was
    /// spent. A retry with the same PIN does not help.
    #[error("the token {0:?} did not log in: the authentication key is not there")]
    NoAuthenticationKey(String),
    /// The token refused the PIN. A retry with the same PIN only costs another attempt.
    #[error("the token {label:?} refused the PIN{}", .state.note())]
    PinWrong {
        /// Label of the token.
        label: String,
        /// The state of the PIN after it.
        state: super::PinState,
    },
    /// The token refused the SO PIN. A retry with the same PIN only costs another attempt.
    #[error("the token {label:?} refused the SO PIN; nothing was changed")]
    SoPinWrong {
        /// Label of the token.
        label: String,
        /// Whether it has an SO PIN already.
        set_up: bool,
    },
    /// The SO PIN is blocked. A retry does not help.
    #[error("the SO PIN of the token {0:?} is blocked")]
    SoPinBlocked(String),
    /// The user PIN is blocked. A retry does not help.
    #[error("the PIN of the token {0:?} is blocked")]
    PinBlocked(String),
    /// The last attempt is left and nobody said that it may be used. A retry does not help.
    #[error("the token {0:?} has one PIN attempt left, which was not used")]
    FinalTry(String),
    /// No PIN could be had.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// No key fits. A retry does not help.
    #[error("{}{}", no_key(.label, .wanted, .present), recorded_as(.recorded.as_deref()))]
    NoKey {
        /// Label of the token.
        label: String,
        /// The URI or words that were looked for.
        wanted: String,
        /// URIs of the result keys that are there.
        present: Vec<String>,
        /// Whether the token shows its keys after a login only, by its own word.
        login_required: bool,
        /// The URI of a key that is recorded for this token, and not among those that are there.
        recorded: Option<String>,
    },
    /// The token shows no private key any more, and there was one. A retry helps when it does again.
    #[error("the token {0:?} shows no private key any more")]
    KeysGone(String),
    /// More than one key fits. A retry does not help.
    #[error("more than one result key fits:{}", named(key_of, .0))]
    KeyAmbiguous(Vec<String>),
    /// The key or the token cannot do what is asked. A retry does not help.
    #[error("{what}")]
    NotSupported {
        /// The thing it cannot do.
        what: String,
        /// The way round it.
        remedy: Remedy,
    },
    /// Something was begun on the token and not finished. Whether a retry helps is the cause's to
    /// say.
    #[error("{state}: {cause}")]
    Unfinished {
        /// The state of the token now.
        state: String,
        /// The cause.
        cause: Box<Self>,
        /// The way out of that state; `None` where it is as before, and only the cause is left.
        remedy: Option<Remedy>,
    },
}

/// What stands for the thing that is wanted where none is named.
const ANY: &str = "any";

/// A module that was tried and not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Tried {
    /// Path, or bare file name when the loader was to search for it.
    #[serde(with = "crossing::path")]
    pub path: PathBuf,
    /// The loader's or the module's own words.
    pub reason: String,
}

impl std::fmt::Display for Tried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The loader's words often begin with the path.
        let path = self.path.shown();
        let reason = self.reason.shown();
        match reason.strip_prefix(&format!("{path}: ")) {
            Some(reason) => write!(f, "{path}: {reason}"),
            None => write!(f, "{path}: {reason}"),
        }
    }
}

impl TokenError {
    /// Whether a token is not there, and others are.
    pub fn is_beside_others(&self) -> bool {
        matches!(self, Self::NoToken { present, .. } if !present.is_empty())
    }

    /// A device failure in `call` with the return value in words.
    pub(crate) fn device(call: &'static str, rv: impl std::fmt::Display) -> Self {
        Self::Device {
            call,
            rv: rv.to_string(),
            pin_sent: false,
        }
    }

    /// The failure of another process of this program in `call`: nobody knows what the device did.
    #[cfg(feature = "agent-server")]
    pub(crate) fn process(call: &str, how: impl std::fmt::Display, pin_sent: bool) -> Self {
        Self::Device {
            call: crossing::words::kept(call.to_owned()),
            rv: format!("nothing: its process {how}"),
            pin_sent,
        }
    }

    /// A device failure in a login.
    pub(super) fn login(error: CallError) -> Self {
        Self::Device {
            call: error.call,
            rv: rv_name(&error.rv),
            pin_sent: !is_before_pin(&error.rv),
        }
    }

    /// The same failure where the key with this URI is recorded for the token: a key that is not found
    /// may be that one.
    #[must_use]
    pub fn with_recorded(mut self, uri: &super::Uri) -> Self {
        if let Self::NoKey {
            present, recorded, ..
        } = &mut self
        {
            let id = |text: &String| text.parse::<super::Uri>().ok()?.id;
            let is_there = present.iter().any(|it| id(it) == uri.id);
            *recorded = (!is_there).then(|| uri.to_string());
        }
        self
    }

    pub(super) fn sessions_taken(label: &str, token: Option<&TokenInfo>) -> Self {
        Self::SessionsTaken {
            label: label.to_owned(),
            count: token.and_then(|it| it.max_sessions),
        }
    }

    /// Whether the device is gone or busy: it may be brought back, and then do what was asked.
    pub(crate) fn is_of_device(&self) -> bool {
        matches!(
            self,
            Self::Device { .. } | Self::SessionsTaken { .. } | Self::KeysGone(_)
        )
    }

    /// Whether the PIN is not good any more, or must not be tried now.
    pub(crate) fn is_about_pin(&self) -> bool {
        matches!(
            self,
            Self::PinWrong { .. }
                | Self::NoAuthenticationKey(_)
                | Self::PinBlocked(_)
                | Self::FinalTry(_)
                | Self::PinNotReady { .. }
                | Self::Pin(_)
        )
    }
}

/// A failed PKCS#11 call that nothing more particular is known about is a device failure.
impl From<CallError> for TokenError {
    fn from(error: CallError) -> Self {
        match error.rv {
            RvError::FunctionRejected => Self::not_permitted(&error, capability_for(error.call)),
            _ => Self::device(error.call, rv_name(&error.rv)),
        }
    }
}

impl TokenError {
    /// The error of a call that the device has the means for, and does not permit.
    pub(super) fn not_permitted(error: &CallError, capability: &'static str) -> Self {
        Self::NotSupported {
            what: format!("the device does not permit this: {error}"),
            remedy: Remedy::Capability(capability),
        }
    }
}

impl TokenError {
    /// Whether the device works, and only a permission is missing.
    pub(crate) fn is_missing_permission(&self) -> bool {
        matches!(
            self,
            Self::NotSupported {
                remedy: Remedy::Capability(_),
                ..
            }
        )
    }
}

/// The name in YubiHSM's documentation of what a call takes.
fn capability_for(call: &str) -> &'static str {
    match call {
        "C_DestroyObject" => "delete-asymmetric-key",
        "C_GenerateKeyPair" => "generate-asymmetric-key",
        "C_CreateObject" => "put-asymmetric-key",
        "C_SignInit" | "C_Sign" => "sign-ecdsa",
        "C_DecryptInit" | "C_Decrypt" => "decrypt-pkcs",
        "C_GenerateRandom" => "get-pseudo-random",
        _ => "for it",
    }
}

/// Whether a login that returned this has not come to the PIN.
fn is_before_pin(rv: &RvError) -> bool {
    matches!(
        rv,
        RvError::CryptokiNotInitialized
            | RvError::FunctionNotSupported
            | RvError::HostMemory
            | RvError::OperationActive
            | RvError::SessionHandleInvalid
            | RvError::SessionReadOnlyExists
            | RvError::TokenNotPresent
            | RvError::UserAnotherAlreadyLoggedIn
            | RvError::UserTooManyTypes
            | RvError::UserTypeInvalid
    )
}

/// What is said of a key that is recorded and not there.
fn recorded_as(uri: Option<&str>) -> String {
    uri.map_or_else(String::new, |uri| {
        format!("\nA key file names one on this token: {uri}")
    })
}

/// "all", with their number where it is known.
fn all(count: Option<usize>) -> String {
    count.map_or("all".into(), |count| format!("all {count}"))
}

fn shown(files: &[PathBuf]) -> String {
    let files: Vec<_> = files.iter().map(|it| it.shown()).collect();
    listed(&files)
}

fn listed(items: &[impl std::fmt::Display]) -> String {
    items.iter().map(|item| format!("\n  {item}")).collect()
}

/// Things by name, each with its URI below, to be copied.
fn named(name: fn(&Uri) -> String, uris: &[String]) -> String {
    let one = |uri: &String| match uri.parse() {
        Ok(parsed) => format!("\n  {}\n    {uri}", name(&parsed)),
        Err(_) => format!("\n  {uri}"),
    };
    uris.iter().map(one).collect()
}

fn no_token(wanted: &str, present: &[String]) -> String {
    match (wanted, present) {
        (ANY, []) => "the module shows no token".to_owned(),
        (wanted, []) => format!("no token fits {wanted}; the module shows no token"),
        (wanted, present) => format!(
            "no token fits {wanted}; these are there:{}",
            named(token_of, present)
        ),
    }
}

fn no_key(label: &str, wanted: &str, present: &[String]) -> String {
    match (wanted, present) {
        (ANY, []) => format!("there is no result key on the token {label:?}"),
        (wanted, []) => {
            format!("no result key on the token {label:?} fits {wanted}; there is none")
        }
        (wanted, present) => format!(
            "no result key on the token {label:?} fits {wanted}; these are there:{}",
            named(key_of, present)
        ),
    }
}

#[cfg(test)]
mod tests;
