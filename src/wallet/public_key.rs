//! From a public key to its address.

use k256::ecdsa::VerifyingKey;
use sha3::{Digest as _, Keccak256};

use super::address::Address;

/// The address of the account that `key` signs for.
pub(super) fn address_of(key: &VerifyingKey) -> Address {
    let point = key.to_sec1_point(false);
    // The first byte only says that both coordinates follow.
    let hash: [u8; 32] = Keccak256::digest(&point.as_bytes()[1..]).into();
    let mut address = [0; 20];
    address.copy_from_slice(&hash[12..]);
    address.into()
}
