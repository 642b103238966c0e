use sha2::{Digest as _, Sha256};
use zeroize::Zeroize as _;

use crate::token::Pin;

/// PINs that the token refused since the last login: none is sent again. KeptPinSource as salted hashes.
#[derive(Default)]
pub(super) struct RefusedPins(Vec<Refused>);

struct Refused {
    salt: [u8; 16],
    hash: [u8; 32],
}

/// The number that is remembered, the latest. Few tokens grant as many attempts; a program that sends one
/// after the other to a token that never locks does not fill the memory.
const MOST: usize = 64;

impl RefusedPins {
    /// Whether `pin` was refused since the last login.
    pub(super) fn has(&self, pin: &Pin) -> bool {
        self.0.iter().any(|it| it.hash == digest(&it.salt, pin))
    }

    /// Whether any was refused since the last login.
    pub(super) fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// Remembers that `pin` was refused.
    pub(super) fn add(&mut self, pin: &Pin) {
        let mut salt = [0; 16];
        if getrandom::fill(&mut salt).is_err() {
            return;
        }
        if self.0.len() == MOST {
            self.0.remove(0).hash.zeroize();
        }
        let hash = digest(&salt, pin);
        self.0.push(Refused { salt, hash });
    }

    /// Forgets them, after one was right.
    pub(super) fn clear(&mut self) {
        for refused in &mut self.0 {
            refused.hash.zeroize();
        }
        self.0.clear();
    }
}

fn digest(salt: &[u8; 16], pin: &Pin) -> [u8; 32] {
    let hash = Sha256::new_with_prefix(salt).chain_update(pin.bytes());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_that_was_refused_is_known_until_one_is_right() {
        let mut refused = RefusedPins::default();
        assert!(!refused.any() && !refused.has(&Pin::from("1111")));
        for pin in ["1111", "2222"] {
            refused.add(&Pin::from(pin));
        }
        assert!(
            ["1111", "2222"]
                .iter()
                .all(|pin| refused.has(&Pin::from(*pin)))
        );
        assert!(refused.any() && !refused.has(&Pin::from("3333")));
        refused.clear();
        assert!(!refused.any() && !refused.has(&Pin::from("1111")));
    }

    #[test]
    fn the_latest_of_very_many_are_known() {
        let mut refused = RefusedPins::default();
        let pin = |number: usize| Pin::from(format!("{number:04}").as_str());
        for number in 0..2 * MOST {
            refused.add(&pin(number));
        }
        assert!((MOST..2 * MOST).all(|number| refused.has(&pin(number))));
        assert_eq!(refused.0.len(), MOST);
    }
}
