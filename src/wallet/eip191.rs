//! The hash of a message that a wallet signs (EIP-191, `personal_sign`).

use sha3::{Digest as _, Keccak256};

/// The hash that is signed for a message of 32 bytes. The prefix keeps it from being a transaction.
pub fn eip191_digest(message: &[u8; 32]) -> [u8; 32] {
    Keccak256::new_with_prefix(b"\x19Ethereum Signed Message:\n32")
        .chain_update(message)
        .finalize()
        .into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::text::hex::array;

    #[test]
    fn the_published_challenge_has_its_digest() {
        let challenge = "782535bbdb97367002987e0aedf02813a27c5cc280758a22156e015bc01c0402";
        let digest = "8d667ebe6dbb71014c621f936637228be1aa5daee76fd0c146c9dee1200a94a7";
        let hash = |text: &str| array(text.as_bytes()).unwrap();
        assert_eq!(eip191_digest(&hash(challenge)), hash(digest));
    }
}
