//! Encrypted wallets, as all Ethereum programs keep them (Web3 secret storage, version 3).

mod error;
mod kdf;
mod node;

use std::fmt;

use aes::Aes128;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit as _, StreamCipher as _};
use serde_json::Value;
use sha3::{Digest as _, Keccak256};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

pub use self::error::KeystoreError;

use self::kdf::Kdf;
use self::node::{Node, number};
use super::address::Address;
use super::sign::Wallet as _;
use super::software::SoftwareWallet;
use crate::text::hex;

/// An encrypted wallet, not yet opened.
pub struct Keystore {
    address: Option<Address>,
    iv: [u8; 16],
    ciphertext: [u8; 32],
    kdf: Kdf,
    mac: [u8; 32],
}

impl Keystore {
    /// The wallet that says it is `address`'s.
    pub(super) fn new(
        version: Option<&Value>,
        crypto: &Value,
        address: Option<Address>,
    ) -> Result<Self, KeystoreError> {
        if version.and_then(number) != Some(3) {
            return Err(KeystoreError::Version);
        }
        let crypto = Node::new("crypto", crypto)?;
        if !crypto.text("cipher")?.eq_ignore_ascii_case("aes-128-ctr") {
            return Err(KeystoreError::Unknown("cipher"));
        }
        let kdf = Kdf::new(crypto.text("kdf")?, &crypto.object("kdfparams")?)?;
        Ok(Self {
            address,
            iv: bytes("iv", crypto.object("cipherparams")?.text("iv")?)?,
            ciphertext: bytes("ciphertext", crypto.text("ciphertext")?)?,
            kdf,
            mac: bytes("mac", crypto.text("mac")?)?,
        })
    }

    /// The address that it names, if any.
    pub fn address(&self) -> Option<Address> {
        self.address
    }

    /// Opens it. This takes a while, and up to 1 GiB of memory: the file says how much.
    ///
    /// The password counts as it is given; one that is not plain ASCII also in the form (NFKC)
    /// that iExec's SDK turns it into.
    ///
    /// # Errors
    /// [`KeystoreError::Password`], and [`KeystoreError::Disagree`] when it is another's key.
    pub fn unlock(&self, password: &[u8]) -> Result<SoftwareWallet, KeystoreError> {
        let key = match (self.private_key(password)?, compatible(password)) {
            (Some(key), _) => Some(key),
            (None, Some(other)) => self.private_key(other.as_bytes())?,
            (None, None) => None,
        };
        let wallet = SoftwareWallet::from_bytes(&*key.ok_or(KeystoreError::Password)?)?;
        match self.address {
            Some(named) if named != wallet.address() => Err(KeystoreError::Disagree {
                named,
                held: wallet.address(),
            }),
            _ => Ok(wallet),
        }
    }

    /// The private key, once the check value shows that the password is right.
    fn private_key(&self, password: &[u8]) -> Result<Option<Zeroizing<[u8; 32]>>, KeystoreError> {
        let derived = self.kdf.derive(password)?;
        let (cipher_key, mac_key) = derived.split_at(16);
        let mac = Keccak256::new_with_prefix(mac_key)
            .chain_update(self.ciphertext)
            .finalize();
        if mac[..] != self.mac {
            return Ok(None);
        }
        let mut cipher = Ctr128BE::<Aes128>::new_from_slices(cipher_key, &self.iv)
            .map_err(|_| KeystoreError::Field("iv"))?;
        let mut key = Zeroizing::new(self.ciphertext);
        cipher.apply_keystream(key.as_mut_slice());
        Ok(Some(key))
    }
}

impl fmt::Debug for Keystore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keystore({:?})", self.address)
    }
}

/// The form of `password` that iExec's SDK makes of it, where that is another.
fn compatible(password: &[u8]) -> Option<Zeroizing<String>> {
    let text = std::str::from_utf8(password).ok()?;
    if text.is_ascii() {
        return None;
    }
    // With all the room it needs, the text never moves and leaves no copy behind.
    let room = text.nfkc().map(char::len_utf8).sum();
    let mut other = Zeroizing::new(String::with_capacity(room));
    other.extend(text.nfkc());
    (other.as_str() != text).then_some(other)
}

fn bytes<const N: usize>(field: &'static str, digits: &str) -> Result<[u8; N], KeystoreError> {
    hex::array(hex::without_prefix(digits.as_bytes())).ok_or(KeystoreError::Field(field))
}

#[cfg(test)]
mod tests;
