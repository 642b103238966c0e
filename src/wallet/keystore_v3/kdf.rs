//! From a password to the keys of a keystore.

use pbkdf2::pbkdf2_hmac;
use serde::Deserialize;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::error::KeystoreError;
use crate::text::hex;

/// The limit of the work by `n`, `r` and `p` of scrypt: 128 bytes of work for each, so 1 GiB. The usual
/// 262144 times 8 is a quarter of it.
const SCRYPT_LIMIT: u64 = (1 << 30) / 128;

/// Rounds of PBKDF2: 40 times the usual number.
const PBKDF2_LIMIT: u64 = 10_000_000;

/// The two keys, 16 bytes each, come in one piece.
const LENGTH: usize = 32;

/// The parameters of both functions; each uses some of them.
#[derive(Deserialize)]
pub(super) struct KdfParams {
    dklen: Option<u64>,
    salt: Option<String>,
    n: Option<u64>,
    r: Option<u64>,
    p: Option<u64>,
    c: Option<u64>,
    prf: Option<String>,
}

/// A key derivation that is known and affordable.
pub(super) struct Kdf {
    function: Function,
    salt: Vec<u8>,
}

enum Function {
    Scrypt(scrypt::Params),
    Pbkdf2 { rounds: u32 },
}

impl Kdf {
    pub(super) fn new(name: &str, params: &KdfParams) -> Result<Self, KeystoreError> {
        if params.dklen != Some(LENGTH as u64) {
            return Err(KeystoreError::Field("dklen"));
        }
        let salt = params.salt.as_deref().map(str::as_bytes);
        let salt = salt.and_then(|digits| hex::vec(hex::without_prefix(digits)));
        let function = match name {
            "scrypt" => scrypt_of(params)?,
            "pbkdf2" => pbkdf2_of(params)?,
            _ => return Err(KeystoreError::Unknown("kdf")),
        };
        Ok(Self {
            function,
            salt: salt.ok_or(KeystoreError::Field("salt"))?,
        })
    }

    /// The keys. What scrypt computes with is freed and not wiped.
    pub(super) fn derive(&self, password: &[u8]) -> Result<Zeroizing<[u8; LENGTH]>, KeystoreError> {
        let mut key = Zeroizing::new([0; LENGTH]);
        match &self.function {
            Function::Scrypt(params) => {
                scrypt::scrypt(password, &self.salt, params, key.as_mut_slice())
                    .map_err(|_| KeystoreError::Field("dklen"))?;
            }
            Function::Pbkdf2 { rounds } => {
                pbkdf2_hmac::<Sha256>(password, &self.salt, *rounds, key.as_mut_slice());
            }
        }
        Ok(key)
    }
}

fn scrypt_of(params: &KdfParams) -> Result<Function, KeystoreError> {
    let n = field("n", params.n)?;
    let (r, p) = (field("r", params.r)?, field("p", params.p)?);
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

fn pbkdf2_of(params: &KdfParams) -> Result<Function, KeystoreError> {
    if params.prf.as_deref() != Some("hmac-sha256") {
        return Err(KeystoreError::Unknown("prf"));
    }
    match field("c", params.c)? {
        rounds @ ..=PBKDF2_LIMIT => Ok(Function::Pbkdf2 {
            rounds: rounds as u32,
        }),
        _ => Err(KeystoreError::TooCostly {
            limit: "10 million rounds",
        }),
    }
}

fn field(name: &'static str, value: Option<u64>) -> Result<u64, KeystoreError> {
    value
        .filter(|&value| value > 0)
        .ok_or(KeystoreError::Field(name))
}
