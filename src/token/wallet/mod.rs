//! Wallets on a token: secp256k1 keys that sign.

mod create;
mod sign;

use cryptoki::object::{AttributeType, KeyType, ObjectClass};
use cryptoki_sys::CK_OBJECT_HANDLE;
use k256::ecdsa::VerifyingKey;

use crate::token::keys::attributes::{bytes, flag, listed};
use crate::token::{Facts, Session, TokenError, TokenInfo, Uri};

pub use create::create_wallet;

/// The curve's object identifier 1.3.132.0.10, as `CKA_EC_PARAMS` has it.
const SECP256K1: [u8; 7] = [0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a];

/// A secp256k1 key pair on a token that may sign.
#[derive(Debug, Clone)]
pub struct WalletKey {
    /// Handle of the private key; `None` when only the public key is visible, as before a login.
    private: Option<CK_OBJECT_HANDLE>,
    /// `CKA_ID`.
    pub id: Vec<u8>,
    /// `CKA_LABEL`; tokens may change or lose it.
    pub label: String,
    /// The public key.
    pub(crate) public: VerifyingKey,
    /// `CKA_ALWAYS_AUTHENTICATE`: each use demands the PIN. False where the token does not tell.
    pub always_authenticate: bool,
}

impl WalletKey {
    /// The RFC 7512 URI on `token`.
    pub fn uri(&self, token: &TokenInfo) -> Uri {
        Uri::for_key(&token.fields(), &self.id, &self.label)
    }

    /// Whether its private key is visible, as it is after a login.
    pub fn has_private(&self) -> bool {
        self.private.is_some()
    }
}

impl Session {
    /// Lists the wallets that this session can see, in the token's order: after a login all that can
    /// sign, before it mostly public keys.
    ///
    /// # Errors
    /// When the token does not answer.
    pub fn wallet_keys(&self) -> Result<Vec<WalletKey>, TokenError> {
        listed(&self.raw, self.logged_in, || self.all_wallet_keys())
    }

    fn all_wallet_keys(&self) -> Result<Vec<WalletKey>, TokenError> {
        let private = self.find_keys(KeyType::EC, ObjectClass::PRIVATE_KEY, None)?;
        let mut keys: Vec<WalletKey> = Vec::new();
        let mut others = Vec::new();
        for handle in private {
            match self.private_wallet(handle) {
                Some(key) => keys.push(key),
                None => others.extend(bytes(&self.raw, handle, AttributeType::Id)),
            }
        }
        for handle in self.find_keys(KeyType::EC, ObjectClass::PUBLIC_KEY, None)? {
            // The public key of a pair for other uses is none of ours.
            if let Some(key) = self.public_wallet(handle)
                && !keys.iter().any(|known| known.public == key.public)
                && !others.contains(&key.id)
            {
                keys.push(key);
            }
        }
        Ok(keys)
    }

    /// Reads the attributes of the private key of `key`; none when that is not visible.
    pub fn wallet_facts(&self, key: &WalletKey) -> Facts {
        key.private
            .map_or_else(Facts::default, |handle| Facts::read(&self.raw, handle))
    }

    fn private_wallet(&self, handle: CK_OBJECT_HANDLE) -> Option<WalletKey> {
        // Unknown means that the token does not say; trying is the only way to learn.
        if flag(&self.raw, handle, AttributeType::Sign) == Some(false) {
            return None;
        }
        let id = bytes(&self.raw, handle, AttributeType::Id).unwrap_or_default();
        Some(WalletKey {
            private: Some(handle),
            public: self.wallet_point(handle, &id)?,
            label: self.label(handle),
            always_authenticate: flag(&self.raw, handle, AttributeType::AlwaysAuthenticate)
                == Some(true),
            id,
        })
    }

    fn public_wallet(&self, handle: CK_OBJECT_HANDLE) -> Option<WalletKey> {
        if self.on_curve(handle) != Some(true) {
            return None;
        }
        Some(WalletKey {
            private: None,
            id: bytes(&self.raw, handle, AttributeType::Id).unwrap_or_default(),
            label: self.label(handle),
            public: self.point(handle)?,
            always_authenticate: false,
        })
    }

    /// Finds the public key of a private key on the curve. Most tokens show it only in the public
    /// object that is paired by `id`.
    fn wallet_point(&self, private: CK_OBJECT_HANDLE, id: &[u8]) -> Option<VerifyingKey> {
        let curve = self.on_curve(private);
        if curve == Some(false) {
            return None;
        }
        if curve == Some(true)
            && let Some(point) = self.point(private)
        {
            return Some(point);
        }
        let found = self.find_keys(KeyType::EC, ObjectClass::PUBLIC_KEY, Some(id));
        found
            .ok()?
            .into_iter()
            .filter(|&public| self.on_curve(public) == Some(true))
            .find_map(|public| self.point(public))
    }

    /// Whether a key is on the curve; `None` where the token does not tell.
    fn on_curve(&self, key: CK_OBJECT_HANDLE) -> Option<bool> {
        bytes(&self.raw, key, AttributeType::EcParams).map(|params| params == SECP256K1)
    }

    fn point(&self, key: CK_OBJECT_HANDLE) -> Option<VerifyingKey> {
        parse_point(&bytes(&self.raw, key, AttributeType::EcPoint)?)
    }
}

/// Reads `CKA_EC_POINT`: by the standard the point in a DER octet string, by some modules the bare
/// point.
fn parse_point(value: &[u8]) -> Option<VerifyingKey> {
    let point = match value {
        [0x04, len, point @ ..] if usize::from(*len) == point.len() => point,
        bare => bare,
    };
    VerifyingKey::from_sec1_bytes(point).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use k256::ecdsa::SigningKey;

    use super::*;

    #[test]
    fn points_are_read_bare_and_in_der() {
        for scalar in 1..=64 {
            let key = SigningKey::from_slice(&[scalar; 32]).unwrap();
            for compress in [false, true] {
                let point = key.verifying_key().to_sec1_point(compress);
                let bare = point.as_bytes();
                let len = u8::try_from(bare.len()).unwrap();
                let der = [&[0x04, len], bare].concat();
                for value in [bare, &der] {
                    assert_eq!(parse_point(value).as_ref(), Some(key.verifying_key()));
                }
                let (_, shorter) = der.split_last().unwrap();
                assert_eq!(parse_point(shorter), None);
            }
        }
        assert_eq!(parse_point(&[]), None);
        assert_eq!(parse_point(&[4; 65]), None);
    }
}
