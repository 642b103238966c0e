//! A PIN that a token has taken, for its next login.

use crate::token::{Pin, PinState, TokenInfo};

/// A PIN with the token that has taken it. No other token gets it.
pub(crate) struct TakenPin {
    token: TokenInfo,
    pin: Pin,
}

impl TakenPin {
    /// Remembers it, unless the token cannot be told from others.
    pub(crate) fn new(token: &TokenInfo, pin: Pin) -> Option<Self> {
        let token = token.clone();
        token.is_same_device(&token).then_some(Self { token, pin })
    }

    /// The PIN, where this is the same token and nobody has entered a wrong one meanwhile.
    pub(crate) fn for_token(self, token: &TokenInfo) -> Option<Pin> {
        let is_the_same = token.is_same_device(&self.token) && token.label == self.token.label;
        let is_untouched = token.pin_state() == PinState::Ok;
        (is_the_same && is_untouched).then_some(self.pin)
    }
}

impl std::fmt::Debug for TakenPin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TakenPin(..)")
    }
}
