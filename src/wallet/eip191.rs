//! What a wallet signs when it is asked to sign a message and not a transaction.

use sha3::{Digest as _, Keccak256};

const PREFIX: &[u8] = b"\x19Ethereum Signed Message:\n32";

/// The hash that is signed for a message of 32 bytes, as `personal_sign` makes it
/// ([EIP-191](https://eips.ethereum.org/EIPS/eip-191), version `0x45`).
pub fn eip191_digest(message: &[u8; 32]) -> [u8; 32] {
    let hash = Keccak256::new().chain_update(PREFIX).chain_update(message);
    hash.finalize().into()
}
