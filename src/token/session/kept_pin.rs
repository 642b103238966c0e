use crate::token::Pin;

/// Bytes of the longest PIN that is kept.
const LONGEST: usize = 4096;

/// A PIN that is kept for later, in memory that is locked where the system allows it.
pub struct KeptPin(Pin);

impl KeptPin {
    /// Keeps a copy of `pin`; `None` for one of more than 4096 bytes, which no token takes.
    pub fn new(pin: &Pin) -> Option<Self> {
        (pin.len() <= LONGEST).then(|| Self(pin.clone()))
    }

    /// A copy for one use.
    pub fn get(&self) -> Pin {
        self.0.clone()
    }
}

impl std::fmt::Debug for KeptPin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeptPin(..)")
    }
}
