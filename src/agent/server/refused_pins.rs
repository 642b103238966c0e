use sha2::{Digest as _, Sha256};
use zeroize::Zeroize as _;

use crate::token::Pin;

/// The PIN that the token refused last: it is not sent again. Kept as a salted hash.
#[derive(Default)]
pub(super) struct RefusedPins {
    last: Option<([u8; 16], [u8; 32])>,
}

impl RefusedPins {
    /// Whether `pin` was refused last.
    pub(super) fn has(&self, pin: &Pin) -> bool {
        let is = |(salt, hash): &([u8; 16], [u8; 32])| *hash == digest(salt, pin);
        self.last.as_ref().is_some_and(is)
    }

    /// Whether any was refused since the last login.
    pub(super) fn any(&self) -> bool {
        self.last.is_some()
    }

    /// Remembers that `pin` was refused.
    pub(super) fn add(&mut self, pin: &Pin) {
        let mut salt = [0; 16];
        if getrandom::fill(&mut salt).is_ok() {
            self.last = Some((salt, digest(&salt, pin)));
        }
    }

    /// Forgets it, after one was right.
    pub(super) fn clear(&mut self) {
        self.last.zeroize();
    }
}

fn digest(salt: &[u8; 16], pin: &Pin) -> [u8; 32] {
    let hash = Sha256::new_with_prefix(salt).chain_update(pin.bytes());
    hash.finalize().into()
}
