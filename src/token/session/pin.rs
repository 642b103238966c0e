use std::path::{Path, PathBuf};

use cryptoki::error::RvError;
use cryptoki_sys::{CK_USER_TYPE, CKU_CONTEXT_SPECIFIC};
use zeroize::Zeroizing;

use crate::file::small;
use crate::token::raw::{CallError, RawSession};
use crate::token::{PinState, TokenError, TokenInfo};

/// A PIN: bytes as they were given, since a token's may be more than digits. Wiped when dropped,
/// and `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Pin(Zeroizing<Vec<u8>>);

impl Pin {
    /// Takes the bytes over.
    pub fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// Takes the first line of a file, or of a pipe that a shell passes as one.
    ///
    /// # Errors
    /// [`PinError::File`] when it cannot be read or is larger than 64 KiB, [`PinError::Empty`]
    /// when its first line is empty.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, PinError> {
        let path = path.as_ref();
        let line = small::first_line(path).map_err(|source| PinError::File {
            path: path.to_owned(),
            source,
        })?;
        Self::new(line).not_empty(&path.display().to_string())
    }

    /// Itself, unless it is empty.
    ///
    /// # Errors
    /// [`PinError::Empty`], which names the source it came `from`.
    pub(crate) fn not_empty(self, from: &str) -> Result<Self, PinError> {
        if self.is_empty() {
            Err(PinError::Empty(from.to_owned()))
        } else {
            Ok(self)
        }
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether both are the same.
    pub fn equals(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Copies the text. The original is the caller's to wipe.
impl From<&str> for Pin {
    fn from(text: &str) -> Self {
        Self::new(Zeroizing::new(text.as_bytes().to_vec()))
    }
}

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin(..)")
    }
}

/// What a PIN is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PinUse {
    /// To log in.
    Login,
    /// For one use of the key with this label, which demands it each time.
    KeyUse(String),
    /// To log the security officer in.
    So,
    /// The security officer's PIN of a token being initialised.
    NewSo,
    /// The user PIN of a token being initialised.
    New,
}

/// A request for a PIN, with what a person needs to know to answer it.
#[derive(Debug, Clone)]
pub struct PinRequest<'a> {
    /// The token that asks.
    pub token: &'a TokenInfo,
    /// What for.
    pub purpose: PinUse,
}

impl PinRequest<'_> {
    /// Refuses a user PIN of a length that the token does not take, before it costs a try.
    ///
    /// # Errors
    /// [`PinError::Length`].
    pub fn check(&self, pin: &Pin) -> Result<(), PinError> {
        match self.token.pin_len {
            Some((min, max))
                if !matches!(self.purpose, PinUse::So | PinUse::NewSo)
                    && !(min..=max).contains(&(pin.len() as u64)) =>
            {
                Err(PinError::Length {
                    label: self.token.label.clone(),
                    len: pin.len(),
                    min,
                    max,
                })
            }
            _ => Ok(()),
        }
    }
}

/// Where PINs come from: files, credentials, a person. A [`Pin`] is a source of itself.
pub trait PinSource {
    /// The PIN for `request`. Asked once for each use, never twice for the same one.
    ///
    /// # Errors
    /// [`PinError`] when there is none.
    fn pin(&mut self, request: &PinRequest<'_>) -> Result<Pin, PinError>;

    /// Whether the last try that the token grants may be used.
    fn allow_final_try(&mut self, token: &TokenInfo) -> bool;

    /// The PIN for `request` is to be entered on the reader, which asks for it itself, now.
    fn on_reader(&mut self, _request: &PinRequest<'_>) {}

    /// No PIN will be asked for any more: what is kept can be wiped.
    fn forget(&mut self) {}
}

/// The same PIN for every request; the last try that a token grants is never used.
impl PinSource for Pin {
    fn pin(&mut self, _: &PinRequest<'_>) -> Result<Pin, PinError> {
        Ok(self.clone())
    }

    fn allow_final_try(&mut self, _: &TokenInfo) -> bool {
        false
    }
}

/// For keys that need no PIN any more.
pub(in crate::token) struct NoPins;

impl PinSource for NoPins {
    fn pin(&mut self, request: &PinRequest<'_>) -> Result<Pin, PinError> {
        Err(PinError::NobodyToAsk {
            token: request.token.label.clone(),
            hint: "Run it again.".into(),
        })
    }

    fn allow_final_try(&mut self, _: &TokenInfo) -> bool {
        false
    }
}

/// Why there is no PIN. A retry does not help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// There is nobody to ask, and no other source is set.
    #[error("the PIN of the token \"{token}\" is needed and there is nobody to ask")]
    NobodyToAsk {
        /// Label of the token.
        token: String,
        /// What can be set instead.
        hint: String,
    },
    /// The file that should hold it cannot be read.
    #[error("the PIN file {} cannot be read: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The PIN cannot be right and was not sent. No try was spent.
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
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::NobodyToAsk { hint, .. } => hint.clone(),
            Self::File { .. } => {
                "Check --pin-file, IEXEC_HSM_PIN_FILE or the configuration file.".into()
            }
            Self::Length { .. } => "No try was spent; check where the PIN comes from.".into(),
            Self::Empty(_) => "Put the PIN into it, or leave it out.".into(),
            Self::NotGiven(_) => "Run the command again.".into(),
        }
    }
}

/// Looks at what the token says of its PIN before a try is spent.
pub(in crate::token) fn check_state(
    token: &TokenInfo,
    pins: &mut dyn PinSource,
) -> Result<(), TokenError> {
    match token.pin_state() {
        PinState::Locked => Err(TokenError::PinLocked(token.label.clone())),
        PinState::FinalTry if !pins.allow_final_try(token) => {
            Err(TokenError::FinalTry(token.label.clone()))
        }
        PinState::NotSet => Err(TokenError::PinNotReady {
            label: token.label.clone(),
            reason: "none is set",
        }),
        _ => Ok(()),
    }
}

/// The PIN to send, `None` when the reader asks for it itself.
pub(in crate::token) fn obtain(
    token: &TokenInfo,
    purpose: PinUse,
    pins: &mut dyn PinSource,
) -> Result<Option<Pin>, TokenError> {
    let request = PinRequest { token, purpose };
    if token.protected_authentication_path() {
        pins.on_reader(&request);
        return Ok(None);
    }
    let pin = pins.pin(&request)?;
    request.check(&pin)?;
    Ok(Some(pin))
}

/// Tells that the reader asks for a PIN now, if it has a keypad.
pub(in crate::token) fn announce(token: &TokenInfo, purpose: PinUse, pins: &mut dyn PinSource) {
    if token.protected_authentication_path() {
        pins.on_reader(&PinRequest { token, purpose });
    }
}

/// One `C_Login`. Logged in already is success.
pub(in crate::token) fn login(
    session: &RawSession,
    user: CK_USER_TYPE,
    pin: Option<&Pin>,
) -> Result<(), CallError> {
    match session.login(user, pin.map(Pin::bytes)) {
        Err(error) if error.rv == RvError::UserAlreadyLoggedIn => Ok(()),
        // Some keep what a key demands and have no login for one use: the use itself will tell.
        Err(error) if user == CKU_CONTEXT_SPECIFIC && error.rv == RvError::UserTypeInvalid => {
            Ok(())
        }
        result => result,
    }
}

/// What a refused login means. `token` is asked again, because the return value alone does not
/// say whether it is locked now.
pub(in crate::token) fn refused(
    error: CallError,
    token: Option<&TokenInfo>,
    label: &str,
) -> TokenError {
    let state = token.map_or(PinState::Ok, TokenInfo::pin_state);
    match error.rv {
        RvError::PinLocked => TokenError::PinLocked(label.to_owned()),
        // One module says ARGUMENTS_BAD of a PIN that is too short.
        RvError::PinIncorrect
        | RvError::PinInvalid
        | RvError::PinLenRange
        | RvError::ArgumentsBad => match state {
            PinState::Locked => TokenError::PinLocked(label.to_owned()),
            tries => TokenError::PinWrong {
                label: label.to_owned(),
                tries,
            },
        },
        RvError::UserPinNotInitialized => TokenError::PinNotReady {
            label: label.to_owned(),
            reason: "none is set",
        },
        RvError::PinExpired => TokenError::PinNotReady {
            label: label.to_owned(),
            reason: "it has expired",
        },
        RvError::FunctionCanceled | RvError::Cancel
            if token.is_some_and(TokenInfo::protected_authentication_path) =>
        {
            PinError::NotGiven("no PIN was entered on the reader".into()).into()
        }
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests;
