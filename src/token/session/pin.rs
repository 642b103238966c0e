use std::path::Path;

use zeroize::Zeroizing;

use crate::file::small;
use crate::locked::Locked;
use crate::text::escape::Shown as _;
use crate::token::{MissingPin, PinError, TokenInfo};

/// A PIN: bytes as they were given, since a token's may be more than digits. Kept in locked memory, wiped when dropped,
/// and `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Pin(Locked);

impl Pin {
    /// Takes the bytes over.
    pub fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// Takes the first line of a file, or of a pipe that a shell passes as one.
    ///
    /// # Errors
    /// [`PinError::File`] when it cannot be read or is larger than 64 KiB, [`PinError::Empty`]
    /// when its first line is empty.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, PinError> {
        let path = path.as_ref();
        Self::first_line(path)?.not_empty(&path.shown())
    }

    /// Does the same, where the line may be empty: some tokens have an empty PIN.
    ///
    /// # Errors
    /// [`PinError::File`].
    pub(crate) fn first_line(path: &Path) -> Result<Self, PinError> {
        let line = small::first_line(path).map_err(|source| PinError::File {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self::new(line))
    }

    /// Returns the PIN, unless it is empty.
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

    /// The length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether both are the same.
    pub fn equals(&self, other: &Self) -> bool {
        *self.0 == *other.0
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Copies the text. The original is the caller's to wipe.
impl From<&str> for Pin {
    fn from(text: &str) -> Self {
        Self(Locked::new(text.as_bytes()))
    }
}

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin(..)")
    }
}

/// The use of a PIN.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PinUse {
    /// Login of the user.
    Login,
    /// One use of the key with this label, which demands the PIN each time.
    KeyUse(String),
    /// Login of the security officer (SO).
    So,
    /// The SO PIN of a token being initialised.
    NewSo,
    /// The user PIN of a token being initialised.
    New,
}

/// A request for a PIN, with what a person needs to know to answer it.
#[derive(Debug, Clone)]
pub struct PinRequest<'a> {
    /// The token that asks.
    pub token: &'a TokenInfo,
    /// The use.
    pub purpose: PinUse,
}

impl PinRequest<'_> {
    /// Whether the PIN may be an empty one. None is set to that.
    pub fn takes_empty(&self) -> bool {
        let is_old = matches!(self.purpose, PinUse::Login | PinUse::KeyUse(_));
        is_old && self.token.takes_empty_pin()
    }

    /// Refuses a user PIN of a length that the token surely does not take, before it costs an attempt: one
    /// that is too short, and a new one that is too long.
    ///
    /// # Errors
    /// [`PinError::Length`], and [`PinError::Empty`].
    pub fn check(&self, pin: &Pin) -> Result<(), PinError> {
        if pin.is_empty() && !self.takes_empty() {
            return Err(PinError::Empty("what was given".into()));
        }
        match self.token.pin_len {
            Some((min, max)) if self.is_too_short(min, pin) || self.is_too_long(max, pin) => {
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

impl PinRequest<'_> {
    fn is_too_short(&self, min: u64, pin: &Pin) -> bool {
        !matches!(self.purpose, PinUse::So | PinUse::NewSo) && (pin.len() as u64) < min
    }

    fn is_too_long(&self, max: u64, pin: &Pin) -> bool {
        pin.len() as u64 > max && self.means_whole_pin(max)
    }

    /// Whether the longest PIN that a token tells of is that of all that is sent. Some tokens mean a part
    /// of it: the PIN of a YubiHSM is the id of an authentication key and a password, and the length is
    /// that of the password; network HSMs have a user's name before it. No password in a part is as long
    /// as the longest that others take, nor is any of it in a PIN that is being set.
    fn means_whole_pin(&self, max: u64) -> bool {
        match self.purpose {
            PinUse::Login | PinUse::KeyUse(_) => max >= 128,
            PinUse::New => true,
            PinUse::So | PinUse::NewSo => false,
        }
    }

    /// The longest PIN that the token takes by its own word, where `pin` is longer and may be right all the
    /// same.
    pub fn exceeded(&self, pin: &Pin) -> Option<u64> {
        let (_, max) = self.token.pin_len?;
        let is_old = matches!(self.purpose, PinUse::Login | PinUse::KeyUse(_));
        (is_old && pin.len() as u64 > max).then_some(max)
    }
}

/// A source of PINs: files, credentials, a person. A [`Pin`] is a source of itself.
pub trait PinSource {
    /// The PIN for `request`. Asked once for each use, never twice for the same one.
    ///
    /// # Errors
    /// [`PinError`] when there is none.
    fn pin(&mut self, request: &PinRequest<'_>) -> Result<Pin, PinError>;

    /// Whether a PIN for `request` is at hand, without a person who would have to be asked. On a token
    /// that says that it needs no login, and on one that says that no PIN is set, no other is sent.
    fn is_given(&self, _request: &PinRequest<'_>) -> bool {
        true
    }

    /// Whether the last attempt that the token grants may be used.
    fn allow_final_try(&mut self, token: &TokenInfo) -> bool;

    /// The PIN for `request` is to be entered on the reader, which asks for it itself, now.
    fn on_reader(&mut self, _request: &PinRequest<'_>) {}

    /// The token has taken the PIN that `request` was answered with.
    fn taken(&mut self, _request: &PinRequest<'_>, _pin: &Pin) {}

    /// No PIN will be asked for any more: what is kept can be wiped.
    fn forget(&mut self) {}
}

impl<P: PinSource + ?Sized> PinSource for &mut P {
    fn pin(&mut self, request: &PinRequest<'_>) -> Result<Pin, PinError> {
        (**self).pin(request)
    }

    fn is_given(&self, request: &PinRequest<'_>) -> bool {
        (**self).is_given(request)
    }

    fn allow_final_try(&mut self, token: &TokenInfo) -> bool {
        (**self).allow_final_try(token)
    }

    fn on_reader(&mut self, request: &PinRequest<'_>) {
        (**self).on_reader(request);
    }

    fn taken(&mut self, request: &PinRequest<'_>, pin: &Pin) {
        (**self).taken(request, pin);
    }

    fn forget(&mut self) {
        (**self).forget();
    }
}

/// Gives the same PIN for every request, and never uses the last attempt that a token grants.
impl PinSource for Pin {
    fn pin(&mut self, _: &PinRequest<'_>) -> Result<Pin, PinError> {
        Ok(self.clone())
    }

    fn allow_final_try(&mut self, _: &TokenInfo) -> bool {
        false
    }
}

/// A source for keys that need no PIN any more.
#[derive(Debug)]
pub struct NoPins;

impl PinSource for NoPins {
    fn pin(&mut self, request: &PinRequest<'_>) -> Result<Pin, PinError> {
        Err(PinError::NobodyToAsk {
            token: request.token.label.clone(),
            missing: MissingPin::Wiped,
        })
    }

    fn is_given(&self, _: &PinRequest<'_>) -> bool {
        false
    }

    fn allow_final_try(&mut self, _: &TokenInfo) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_the_same_byte_for_byte() {
        let pin = Pin::from("1234");
        assert_eq!((pin.len(), pin.is_empty()), (4, false));
        assert_eq!(pin.bytes(), b"1234");
        assert!(pin.equals(&Pin::from("1234")));
        assert!(!pin.equals(&Pin::from("1235")));
        assert!(!pin.equals(&Pin::from("12345")));
        assert!(Pin::from("").is_empty());
    }
}
