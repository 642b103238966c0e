use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cryptoki::error::RvError;
use cryptoki_sys::{CK_USER_TYPE, CKU_CONTEXT_SPECIFIC, CKU_USER};

use crate::token::raw::{CallError, RawSession};
use crate::token::session::open::{Mode, open_raw};
use crate::token::session::pin::PinRequest;
use crate::token::{
    Module, Pin, PinError, PinSource, PinState, PinUse, Session, TokenError, TokenInfo,
};

/// Milliseconds before each further attempt to read a token that another process is writing.
const WRITTEN: [u64; 4] = [5, 20, 80, 300];

/// The PIN for one use of a key; none when the reader asks for it itself.
pub(in crate::token) struct PinForUse(Option<Pin>);

impl Session {
    /// Opens a session and logs the user in, with at most one PIN from `pins`.
    ///
    /// # Errors
    /// When the token grants no session, has blocked the PIN, or refuses it.
    pub fn open_user(
        module: &Arc<Module>,
        token: &TokenInfo,
        pins: &mut dyn PinSource,
    ) -> Result<Self, TokenError> {
        Ok(Self::log_in(module, token, pins)?.0)
    }

    /// [`Self::open_user`], and the PIN that the token took, for whoever has to log in again when
    /// the device was away. None where the reader asked for it itself.
    ///
    /// # Errors
    /// As for [`Self::open_user`].
    pub fn log_in(
        module: &Arc<Module>,
        token: &TokenInfo,
        pins: &mut dyn PinSource,
    ) -> Result<(Self, Option<Pin>), TokenError> {
        let mut session = Self::open_as(module, token, Mode::Read)?;
        let pin = session.login(pins)?;
        Ok((session, pin))
    }

    /// Logs the user in and returns the PIN that was taken, for the few who must log in again. Where
    /// the token says that it needs no login, a PIN that is given is sent, and none is asked for.
    pub(in crate::token) fn login(
        &mut self,
        pins: &mut dyn PinSource,
    ) -> Result<Option<Pin>, TokenError> {
        self.logged_in = false;
        if !self.token.login_required() && !is_given(&self.token, PinUse::Login, pins) {
            return Ok(None);
        }
        check_state(&self.token, PinUse::Login, pins)?;
        let pin = obtain(&self.token, PinUse::Login, pins)?;
        let mut login = self.login_as(CKU_USER, pin.as_ref());
        if matches!(login, Err(TokenError::PinNotReady { .. })) && self.has_read_anew()? {
            login = self.login_as(CKU_USER, pin.as_ref());
        }
        login?;
        self.logged_in = true;
        tell_of_taken(&self.token, PinUse::Login, pin.as_ref(), pins);
        Ok(pin)
    }

    /// Has the module read the token anew, where no attempt can be lost and no other session is open. SoftHSM2 can go on
    /// with half of it, from the moment in which another process wrote it. Whether the module did.
    fn has_read_anew(&mut self) -> Result<bool, TokenError> {
        if !self.token.counts_no_attempts() {
            return Ok(false);
        }
        self.raw.close_now();
        let is_alone = !self.module.table.has_sessions();
        if is_alone {
            self.module.restart()?;
            self.token = self.module.find_again(&self.token)?;
        }
        self.raw = open_raw(&self.module, &self.token, self.mode)?;
        Ok(is_alone)
    }

    /// Logs the user in with the `pin` that [`Self::login`] returned before.
    pub(in crate::token) fn login_as_before(
        &mut self,
        pin: Option<&Pin>,
        pins: &mut dyn PinSource,
    ) -> Result<(), TokenError> {
        if pin.is_none() && !self.token.login_required() {
            return Ok(());
        }
        if pin.is_none() {
            announce(&self.token, PinUse::Login, pins);
        }
        self.login_as(CKU_USER, pin)?;
        self.logged_in = true;
        Ok(())
    }

    /// Whether nobody is logged in, because the token says that it needs no login.
    pub fn needs_no_login(&self) -> bool {
        !self.logged_in && !self.token.login_required()
    }

    /// What a call that was refused without a login says of such a token.
    pub(in crate::token) fn needed_all_the_same(&self, error: &CallError) -> Option<TokenError> {
        let needed = self.needs_no_login() && error.rv == RvError::UserNotLoggedIn;
        needed.then(|| PinError::NeededAllTheSame(self.token.name()).into())
    }

    /// Logs the user in again, in a session whose login has ended by itself. All handles are
    /// looked up anew after it.
    ///
    /// # Errors
    /// As for [`Self::open_user`].
    pub fn log_in_again(&mut self, pins: &mut dyn PinSource) -> Result<(), TokenError> {
        self.token = self.module.refresh(&self.token)?;
        self.login(pins).map(|_| ())
    }

    /// Restarts the module and logs the user in again, wherever the token is then. No other session
    /// may be open. All handles are looked up anew after it.
    ///
    /// # Errors
    /// When module or token do not come back; as for [`Self::open_user`].
    pub(in crate::token) fn restart(&mut self, pins: &mut dyn PinSource) -> Result<(), TokenError> {
        // Now, and not later: a new session may get its number.
        self.raw.close_now();
        self.module.restart()?;
        self.token = self.module.find_again(&self.token)?;
        self.renew()?;
        self.login(pins).map(drop)
    }

    /// Makes one `C_Login` with `pin`; after one that was refused, none is made any more.
    pub(in crate::token) fn login_as(
        &mut self,
        user: CK_USER_TYPE,
        pin: Option<&Pin>,
    ) -> Result<(), TokenError> {
        if self.refused {
            return Err(TokenError::PinWrong {
                label: self.token.label.clone(),
                state: self.token.pin_state(),
            });
        }
        let login = || self.call_login(user, pin);
        // Some take a session of the device only now.
        let logged_in = self.module.when_session_is_free(&self.token, login);
        logged_in.map_err(|error| {
            let now = self.module.refresh(&self.token).ok();
            let error = refused(error, now.as_ref(), &self.token.label);
            self.refused = matches!(
                error,
                TokenError::PinWrong { .. } | TokenError::PinBlocked(_)
            );
            error
        })
    }

    /// Makes one `C_Login`; where no attempt can be lost, more while a software token cannot be read,
    /// because another process writes it.
    fn call_login(&self, user: CK_USER_TYPE, pin: Option<&Pin>) -> Result<(), CallError> {
        // Where there is nothing in it yet, no PIN is set.
        let is_of_writing =
            |rv: &RvError| matches!(rv, RvError::GeneralError | RvError::UserPinNotInitialized);
        let is_written = |result: &Result<(), CallError>| {
            self.token.counts_no_attempts()
                && (result.as_ref()).is_err_and(|error| is_of_writing(&error.rv))
        };
        let mut last = call_login(&self.raw, user, pin);
        for pause in WRITTEN {
            if !is_written(&last) {
                break;
            }
            thread::sleep(Duration::from_millis(pause));
            last = call_login(&self.raw, user, pin);
        }
        last
    }

    /// The PIN for one use of a key that demands it each time. It is had before the use begins,
    /// so that none is left half-way while a person looks for it.
    pub(in crate::token) fn pin_for_use(
        &mut self,
        label: &str,
        pins: &mut dyn PinSource,
    ) -> Result<PinForUse, TokenError> {
        let token = self.module.refresh(&self.token)?;
        let purpose = PinUse::KeyUse(label.to_owned());
        check_state(&token, purpose.clone(), pins)?;
        obtain(&token, purpose, pins).map(PinForUse)
    }

    /// The login for one use, between its beginning and its end.
    pub(in crate::token) fn login_for_use(&mut self, pin: &PinForUse) -> Result<(), TokenError> {
        self.login_as(CKU_CONTEXT_SPECIFIC, pin.0.as_ref())
    }

    /// Logs out, for all sessions of this program.
    ///
    /// # Errors
    /// When the token does not answer, or nobody is logged in.
    pub fn log_out(&self) -> Result<(), TokenError> {
        Ok(self.raw.logout()?)
    }
}

/// Checks the state of the user PIN before an attempt is spent.
pub(in crate::token) fn check_state(
    token: &TokenInfo,
    purpose: PinUse,
    pins: &mut dyn PinSource,
) -> Result<(), TokenError> {
    match token.pin_state() {
        PinState::Blocked => Err(TokenError::PinBlocked(token.label.clone())),
        PinState::FinalTry if !pins.allow_final_try(token) => {
            Err(TokenError::FinalTry(token.label.clone()))
        }
        // Not every module says that there is one.
        PinState::NotSet if !is_given(token, purpose, pins) => Err(TokenError::PinNotReady {
            label: token.label.clone(),
            reason: "none is set",
        }),
        _ => Ok(()),
    }
}

/// Whether a PIN is at hand, without a person and a reader's pad.
fn is_given(token: &TokenInfo, purpose: PinUse, pins: &mut dyn PinSource) -> bool {
    !token.protected_authentication_path() && pins.is_given(&PinRequest { token, purpose })
}

/// Tells `pins` that the token has taken what they gave.
pub(in crate::token) fn tell_of_taken(
    token: &TokenInfo,
    purpose: PinUse,
    pin: Option<&Pin>,
    pins: &mut dyn PinSource,
) {
    if let Some(pin) = pin {
        pins.taken(&PinRequest { token, purpose }, pin);
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

/// Makes one `C_Login`. Logged in already is success.
fn call_login(
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

/// Returns the error for a refused login. `token` is as it is after it, because the return value
/// alone does not say whether the PIN is blocked now.
pub(in crate::token) fn refused(
    error: CallError,
    token: Option<&TokenInfo>,
    label: &str,
) -> TokenError {
    let state = token.map_or(PinState::Ok, TokenInfo::pin_state);
    match error.rv {
        RvError::SessionCount => TokenError::sessions_taken(label, token),
        // YubiHSM's module says so; a PIN is compared with no object of ours.
        RvError::ObjectHandleInvalid => TokenError::NoAuthenticationKey(label.to_owned()),
        RvError::PinLocked => TokenError::PinBlocked(label.to_owned()),
        // One module says ARGUMENTS_BAD of a PIN that is too short.
        RvError::PinIncorrect
        | RvError::PinInvalid
        | RvError::PinLenRange
        | RvError::ArgumentsBad => match state {
            PinState::Blocked => TokenError::PinBlocked(label.to_owned()),
            state => TokenError::PinWrong {
                label: label.to_owned(),
                state,
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
        _ => TokenError::login(error),
    }
}

#[cfg(test)]
mod tests;
