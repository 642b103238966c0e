use cryptoki::error::RvError;
use cryptoki_sys::CKU_SO;

use crate::token::session::login::{obtain, tell_of_taken};
use crate::token::{Pin, PinSource, PinUse, Remedy, Session, TokenError};

impl Session {
    /// Logs the SO in, with one PIN from `pins`, which is returned. Nobody may be logged in.
    pub(in crate::token) fn log_in_so(
        &mut self,
        pins: &mut dyn PinSource,
    ) -> Result<Option<Pin>, TokenError> {
        let token = self.module.refresh(&self.token)?;
        let label = token.name();
        if token.so_pin_blocked() {
            return Err(TokenError::SoPinBlocked(label));
        }
        if token.so_pin_final_try() && !pins.allow_final_try(&token) {
            return Err(TokenError::FinalTry(label));
        }
        let pin = obtain(&token, PinUse::So, pins)?;
        let login = || self.raw.login(CKU_SO, pin.as_ref().map(Pin::bytes));
        let logged_in = self.module.when_session_is_free(&token, login);
        logged_in.map_err(|error| match error.rv {
            RvError::SessionCount => TokenError::sessions_taken(&label, Some(&token)),
            RvError::PinLocked => TokenError::SoPinBlocked(label),
            RvError::PinIncorrect
            | RvError::PinInvalid
            | RvError::PinLenRange
            | RvError::ArgumentsBad => TokenError::SoPinWrong {
                label,
                set_up: true,
            },
            RvError::UserTypeInvalid | RvError::FunctionNotSupported => TokenError::NotSupported {
                what: format!("the token {label:?} has no login of an SO"),
                remedy: Remedy::MakeAsUser,
            },
            _ => TokenError::login(error),
        })?;
        tell_of_taken(&token, PinUse::So, pin.as_ref(), pins);
        Ok(pin)
    }
}
