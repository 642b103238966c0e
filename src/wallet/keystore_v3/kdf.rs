//! From a password to the keys of a keystore.

use pbkdf2::pbkdf2_hmac;
use sha2::{Sha256, Sha512};
use zeroize::Zeroizing;

use super::error::KeystoreError;
use super::node::Node;
use crate::text::hex;

/// The limit of the work by `n`, `r` and `p` of scrypt: 128 bytes of work for each, so 1 GiB. The usual
/// 262144 times 8 is a quarter of it.
const SCRYPT_LIMIT: u64 = (1 << 30) / 128;

/// Rounds of PBKDF2: 40 times the usual number.
const PBKDF2_LIMIT: u64 = 10_000_000;

/// The two keys, 16 bytes each, come in one piece.
const LENGTH: usize = 32;

/// A key derivation that is known and affordable.
pub(super) struct Kdf {
    function: Function,
    salt: Vec<u8>,
}

enum Function {
    Scrypt(scrypt::Params),
    Pbkdf2 { hash: Hash, rounds: u32 },
}

enum Hash {
    Sha256,
    Sha512,
}

impl Kdf {
    pub(super) fn new(name: &str, params: &Node<'_>) -> Result<Self, KeystoreError> {
        if params.number("dklen")? != LENGTH as u64 {
            return Err(KeystoreError::Field("dklen"));
        }
        let salt = params.text("salt")?.as_bytes();
        let salt = hex::vec(hex::without_prefix(salt)).ok_or(KeystoreError::Field("salt"))?;
        let function = match name.to_ascii_lowercase().as_str() {
            "scrypt" => scrypt_of(params)?,
            "pbkdf2" => pbkdf2_of(params)?,
            _ => return Err(KeystoreError::Unknown("kdf")),
        };
        Ok(Self { function, salt })
    }

    /// The keys. What scrypt computes with is freed and not wiped.
    pub(super) fn derive(&self, password: &[u8]) -> Result<Zeroizing<[u8; LENGTH]>, KeystoreError> {
        let mut key = Zeroizing::new([0; LENGTH]);
        match &self.function {
            Function::Scrypt(params) => {
                scrypt::scrypt(password, &self.salt, params, key.as_mut_slice())
                    .map_err(|_| KeystoreError::Field("dklen"))?;
            }
            Function::Pbkdf2 { hash, rounds } => {
                let derive = match hash {
                    Hash::Sha256 => pbkdf2_hmac::<Sha256>,
                    Hash::Sha512 => pbkdf2_hmac::<Sha512>,
                };
                derive(password, &self.salt, *rounds, key.as_mut_slice());
            }
        }
        Ok(key)
    }
}

fn scrypt_of(params: &Node<'_>) -> Result<Function, KeystoreError> {
    let n = params.number("n")?;
    let (r, p) = (params.number("r")?, params.number("p")?);
    let work = n.checked_mul(r).and_then(|it| it.checked_mul(p));
    if work.is_none_or(|work| work > SCRYPT_LIMIT) {
        return Err(KeystoreError::TooCostly { limit: "1 GiB" });
    }
    if n < 2 || !n.is_power_of_two() {
        return Err(KeystoreError::Field("n"));
    }
    // Small enough by the limit above.
    let (log_n, r, p) = (n.ilog2() as u8, r as u32, p as u32);
    let params = scrypt::Params::new(log_n, r, p).map_err(|_| KeystoreError::Field("n"))?;
    Ok(Function::Scrypt(params))
}

fn pbkdf2_of(params: &Node<'_>) -> Result<Function, KeystoreError> {
    let hash = match params.text("prf")?.to_ascii_lowercase().as_str() {
        "hmac-sha256" => Hash::Sha256,
        "hmac-sha512" => Hash::Sha512,
        _ => return Err(KeystoreError::Unknown("prf")),
    };
    match params.number("c")? {
        rounds @ ..=PBKDF2_LIMIT => Ok(Function::Pbkdf2 {
            hash,
            rounds: rounds as u32,
        }),
        _ => Err(KeystoreError::TooCostly {
            limit: "10 million rounds",
        }),
    }
}
