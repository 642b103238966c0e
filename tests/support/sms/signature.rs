use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};
use sha3::{Digest as _, Keccak256};

use crate::support::hex;

/// Whoever signs.
pub struct Wallet(SigningKey);

/// A signature of fewer bytes than the SMS takes out of it.
pub struct TooShort;

impl Wallet {
    /// The one with this private key.
    pub fn new(private_key: u8) -> Self {
        let mut bytes = [0; 32];
        bytes[31] = private_key;
        Self(SigningKey::from_slice(&bytes).unwrap())
    }

    /// The signature that publishes `value`.
    pub fn authorize(&self, owner: &str, name: &str, value: &str) -> String {
        let digest = eip191(challenge(owner, name, value));
        let (signature, id) = self.0.sign_prehash_recoverable(&digest);
        let mut bytes = signature.to_bytes().to_vec();
        bytes.push(27 + id.to_byte());
        format!("0x{}", hex(&bytes))
    }
}

/// What the owner signs, as the SMS computes it.
pub fn challenge(owner: &str, name: &str, value: &str) -> [u8; 32] {
    let mut all = keccak(b"IEXEC_SMS_DOMAIN").to_vec();
    all.extend(unhex(owner.trim_start_matches("0x")));
    all.extend(keccak(name.as_bytes()));
    all.extend(keccak(value.as_bytes()));
    keccak(&all)
}

/// Whether `authorization` is the owner's signature of `value`.
pub fn check(authorization: &str, owner: &str, name: &str, value: &str) -> Result<bool, TooShort> {
    let digits = authorization.strip_prefix("0x").unwrap_or(authorization);
    if digits.len() < 130 {
        return Err(TooShort);
    }
    let bytes = unhex(digits);
    let digest = eip191(challenge(owner, name, value));
    let signer = recover(&bytes[..64], bytes[64], &digest);
    Ok(signer.is_some_and(|signer| signer.eq_ignore_ascii_case(owner)))
}

/// The address that signed.
fn recover(r_and_s: &[u8], v: u8, digest: &[u8]) -> Option<String> {
    let odd = match v {
        27 => false,
        28 => true,
        _ => return None,
    };
    let signature = Signature::from_slice(r_and_s).ok()?;
    // The SMS takes a high s too, which this library does not; with the other s goes the other point.
    let low = signature.normalize_s();
    let id = RecoveryId::new(odd ^ (low != signature), false);
    let key = VerifyingKey::recover_from_prehash(digest, &low, id).ok()?;
    let point = key.to_sec1_point(false);
    let hash = keccak(&point.as_bytes()[1..]);
    Some(format!("0x{}", hex(&hash[12..])))
}

fn eip191(challenge: [u8; 32]) -> [u8; 32] {
    let mut message = b"\x19Ethereum Signed Message:\n32".to_vec();
    message.extend(challenge);
    keccak(&message)
}

fn keccak(bytes: &[u8]) -> [u8; 32] {
    Keccak256::digest(bytes).into()
}

/// What is no digit is wrong, but not refused.
fn unhex(digits: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or_default() as u8;
    let pairs = digits.as_bytes().chunks_exact(2);
    pairs
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect()
}
