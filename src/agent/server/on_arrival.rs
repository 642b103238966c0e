use crate::agent::wire::Unlock;
use crate::token::{KeptPin, Pin};

/// What unlocks a token that is waited for when it comes.
pub(super) struct OnArrival {
    /// The PIN; `None` where the reader asks for it.
    pin: Option<KeptPin>,
    /// Whether the last attempt that the token grants may be used.
    pub(super) final_try: bool,
}

impl OnArrival {
    /// Keeps what came with a request to log in; `None` for a PIN that no token takes.
    pub(super) fn new(unlock: Unlock) -> Option<Self> {
        let pin = match unlock.pin {
            Some(pin) => Some(KeptPin::new(&Pin::new(pin.into_bytes()))?),
            None => None,
        };
        Some(Self {
            pin,
            final_try: unlock.final_try,
        })
    }

    /// A copy of the PIN, for one use.
    pub(super) fn pin(&self) -> Option<Pin> {
        self.pin.as_ref().map(KeptPin::get)
    }
}
