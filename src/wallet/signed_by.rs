//! Who made a signature that stands on a chain.

use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};

use super::address::Address;
use super::public_key::address_of;

/// The number that is added to the parity of the curve point that a signature hides.
const V: u8 = 27;

/// The address whose key signed `digest` with the bytes `r`, `s` and `v`; none where they are nobody's. As iExec's
/// contracts do, it takes an `s` in either half.
pub fn signed_by(bytes: &[u8], digest: &[u8; 32]) -> Option<Address> {
    let (v, numbers) = bytes.split_last()?;
    let odd = match v.checked_sub(V)? {
        0 => false,
        1 => true,
        _ => return None,
    };
    let given = Signature::from_slice(numbers).ok()?;
    let low = given.normalize_s();
    let id = RecoveryId::new(odd != (low != given), false);
    let key = VerifyingKey::recover_from_prehash(digest, &low, id).ok()?;
    Some(address_of(&key))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::text::hex;

    const DIGEST: &str = "ee566e257a177be84dc35b7aa07384a9a5108833a46491d52b4cff345134fad3";
    const SIGNATURE: &str = "f42825722c53ed85f3742b81dea73f520206bb2e87f5277c92cbc5fde2ae5fcf40c01cc6817e5b7515a54a8937f622ef1f7651050046ae3b12fa1cc6c78d47161b";

    #[test]
    fn the_key_of_an_enclave_is_found_by_its_signature() {
        let digest = hex::array(DIGEST.as_bytes()).unwrap();
        let bytes = hex::vec(SIGNATURE.as_bytes()).unwrap();
        let signer = "0x1563915e194D8CfBA1943570603F7606A3115508";
        let found = signed_by(&bytes, &digest).unwrap();
        assert_eq!(found.to_string(), signer);

        // The same with the other s, and the parity turned with it.
        let numbers = Signature::from_slice(&bytes[..64]).unwrap();
        let (r, s) = numbers.split_scalars();
        let high = Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).unwrap();
        let mut other = high.to_bytes().to_vec();
        other.push(28);
        assert_eq!(signed_by(&other, &digest), Some(found));

        let bad_v = |v: u8| [&bytes[..64], &[v]].concat();
        for bytes in [&bad_v(0)[..], &bad_v(29), &bytes[1..], &[0; 65], &[]] {
            assert_eq!(signed_by(bytes, &digest), None);
        }
        assert_ne!(signed_by(&bad_v(28), &digest), Some(found));
    }
}
