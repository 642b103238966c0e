use zeroize::Zeroizing;

use crate::token::Pin;
use crate::token::raw::Locked;

/// A PIN that is kept for later, in memory that is locked where the system allows it.
pub struct KeptPin(Locked);

impl KeptPin {
    /// Keeps a copy of `pin`; `None` for one of more than 4096 bytes, which no token takes.
    pub fn new(pin: &Pin) -> Option<Self> {
        Locked::new(pin.bytes()).map(Self)
    }

    /// A copy for one use.
    pub fn get(&self) -> Pin {
        Pin::new(Zeroizing::new(self.0.bytes().to_vec()))
    }
}

impl std::fmt::Debug for KeptPin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeptPin(..)")
    }
}
