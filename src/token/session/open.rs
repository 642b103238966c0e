use std::cell::Cell;
use std::sync::Arc;

use cryptoki::error::RvError;
use cryptoki::object::{Attribute, ObjectClass};

use crate::envelope::PublicKey;
use crate::token::raw::{CallError, RawSession};
use crate::token::{Module, Remedy, TokenError, TokenInfo};

/// A session with one token. Closed when dropped.
pub struct Session {
    // Fields drop in this order: the session before the module that it lives in.
    pub(in crate::token) raw: RawSession,
    pub(in crate::token) token: TokenInfo,
    pub(in crate::token) module: Arc<Module>,
    /// What it was opened for.
    pub(super) mode: Mode,
    /// A PIN was refused in this process: none is sent again.
    pub(super) refused: bool,
    /// The user logged in, in this session.
    pub(in crate::token) logged_in: bool,
    /// An operation failed in it, which leaves some modules' sessions stuck for good.
    pub(in crate::token) broken: bool,
    /// The last decryption ended in this way, which does not speak of its ciphertext.
    pub(in crate::token) rejected: Option<CallError>,
    /// The token unwrapped a content key last that it does not show.
    pub(in crate::token) unreadable: bool,
    /// `C_GenerateRandom` has not failed so far.
    gives_random: bool,
    /// Result keys were seen in it, so that a token which shows none has lost them.
    pub(in crate::token) has_shown_keys: Cell<bool>,
    /// Public keys that the token does not show, with the ids of their keys.
    pub(in crate::token) known: Vec<(Option<Vec<u8>>, PublicKey)>,
}

/// Whether a session is for reading only or can make and remove objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::token) enum Mode {
    Read,
    Write,
}

impl Session {
    /// Opens a session that can see public objects.
    ///
    /// # Errors
    /// When the token grants none.
    pub fn open(module: &Arc<Module>, token: &TokenInfo) -> Result<Self, TokenError> {
        Self::open_as(module, token, Mode::Read)
    }

    pub(in crate::token) fn open_as(
        module: &Arc<Module>,
        token: &TokenInfo,
        mode: Mode,
    ) -> Result<Self, TokenError> {
        let raw = open_raw(module, token, mode)?;
        Ok(Self {
            raw,
            token: token.clone(),
            module: module.clone(),
            mode,
            refused: false,
            logged_in: false,
            broken: false,
            unreadable: false,
            rejected: None,
            gives_random: token.has_random_numbers(),
            has_shown_keys: Cell::new(false),
            known: Vec::new(),
        })
    }

    /// The token of this session, as it was when the session was opened.
    pub fn token(&self) -> &TokenInfo {
        &self.token
    }

    /// The module that the session is in.
    pub fn module(&self) -> &Arc<Module> {
        &self.module
    }

    /// Whether it is a session with `token` of `module`.
    pub fn is_on(&self, module: &Arc<Module>, token: &TokenInfo) -> bool {
        Arc::ptr_eq(&self.module, module) && self.token.slot_id() == token.slot_id()
    }

    /// Replaces the session by a new one for reading. The login is the token's and stays, as long
    /// as one session of the process is open.
    ///
    /// # Errors
    /// When the token grants no new one.
    pub fn renew(&mut self) -> Result<(), TokenError> {
        self.raw = open_raw(&self.module, &self.token, Mode::Read)?;
        self.broken = false;
        Ok(())
    }

    /// Whether the device answers in this session, by the cheapest calls that a module does not answer
    /// in its stead: `C_GetSessionInfo` and `C_DecryptInit` succeed on some while the device is gone.
    /// Of a device both are asked that may be, as some modules draw random numbers by themselves.
    ///
    /// # Errors
    /// When it does not.
    pub fn answers(&mut self) -> Result<(), TokenError> {
        if self.gives_random {
            self.gives_random = self.raw.random_byte().is_ok();
            if self.gives_random && !self.token.is_hardware() {
                return Ok(());
            }
        }
        Ok(self.raw.begin_search()?)
    }

    /// Whether the login still stands, by a question that the device itself must answer. Asked
    /// now and then, it keeps a session from ending by itself.
    ///
    /// # Errors
    /// When private keys, of which one must be there, are not visible any more.
    pub fn is_logged_in(&self) -> Result<(), TokenError> {
        let private = Attribute::Class(ObjectClass::PRIVATE_KEY);
        if self.raw.find(&[private])?.is_empty() {
            return Err(TokenError::KeysGone(self.token.label.clone()));
        }
        Ok(())
    }

    /// Replaces the session if an operation failed in it.
    ///
    /// # Errors
    /// When the token grants no new one.
    pub fn mend(&mut self) -> Result<(), TokenError> {
        if self.broken {
            self.renew()?;
        }
        Ok(())
    }

    /// Does one operation of several calls. If it fails, the session is replaced before the next.
    pub(in crate::token) fn operate<T>(
        &mut self,
        operation: impl FnOnce(&mut Self) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        self.mend()?;
        let done = operation(self);
        self.broken |= done.is_err();
        done
    }
}

/// A private key that must be there is not visible: the login has ended, or the token hides it.
pub(in crate::token) fn no_private_key() -> TokenError {
    TokenError::device("C_FindObjects", "no private key")
}

/// Some tokens have no read-only sessions, others no read-write ones: each stands in for the other.
pub(super) fn open_raw(
    module: &Module,
    token: &TokenInfo,
    mode: Mode,
) -> Result<RawSession, TokenError> {
    let open = |writable| RawSession::open(&module.table, token.slot, token.called(), writable);
    let writable = mode == Mode::Write;
    let either = || match open(writable) {
        Err(error) if !matters_to_both(&error.rv) => open(!writable).map_err(|_| error),
        opened => opened,
    };
    // Sessions of this process may be those that are in the way.
    let result = match module.table.has_sessions() {
        true => either(),
        false => module.when_session_is_free(token, either),
    };
    result.map_err(|error| match error.rv {
        RvError::SessionCount => TokenError::sessions_taken(&token.label, Some(token)),
        RvError::TokenWriteProtected => TokenError::NotSupported {
            what: format!("the token {:?} is write-protected", token.label),
            remedy: Remedy::Writable,
        },
        _ => error.into(),
    })
}

/// Whether a refusal of one kind of session leaves nothing for the other kind: that is not there either,
/// or would be of no use.
fn matters_to_both(rv: &RvError) -> bool {
    matches!(rv, RvError::TokenWriteProtected | RvError::SessionCount)
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("token", &self.token.label)
            .finish_non_exhaustive()
    }
}
