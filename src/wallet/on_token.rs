//! Wallets whose key is on a token.

use std::fmt;

use super::address::Address;
use super::public_key::address_of;
use super::sign::{Wallet, WalletError};
use super::signature::Signature;
use crate::token::{PinSource, Session, TokenInfo, Uri, WalletKey};

/// A wallet whose private key is on a token and never leaves it.
pub struct TokenWallet<'p> {
    session: Session,
    key: WalletKey,
    pins: &'p mut dyn PinSource,
}

impl<'p> TokenWallet<'p> {
    /// Signs with `key` of the logged-in `session`. `pins` is asked again only by a key that
    /// demands the PIN for each use.
    pub fn new(session: Session, key: WalletKey, pins: &'p mut dyn PinSource) -> Self {
        if !key.always_authenticate {
            pins.forget();
        }
        Self { session, key, pins }
    }

    /// The key.
    pub fn key(&self) -> &WalletKey {
        &self.key
    }
}

impl Wallet for TokenWallet<'_> {
    fn address(&self) -> Address {
        self.key.address()
    }

    /// Half of what tokens sign has a high `s`, and none tells `v`: both are set right here.
    fn sign_digest(&mut self, digest: &[u8; 32]) -> Result<Signature, WalletError> {
        let numbers = self.session.sign(&self.key, digest, self.pins)?;
        Signature::of_key(&numbers, digest, &self.key.public)
            .ok_or_else(|| WalletError::Foreign(self.address()))
    }
}

impl fmt::Debug for TokenWallet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenWallet({})", self.address())
    }
}

impl WalletKey {
    /// The address that it signs for.
    pub fn address(&self) -> Address {
        address_of(&self.public)
    }
}

/// The one wallet among those of `token` that fits `wanted`.
///
/// # Errors
/// When none or more than one does; the error lists the candidates as paste-ready URIs.
pub fn choose(
    token: &TokenInfo,
    keys: Vec<WalletKey>,
    wanted: Option<&Uri>,
) -> Result<WalletKey, WalletError> {
    let uris = |keys: &[WalletKey]| keys.iter().map(|key| key.uri(token).to_string()).collect();
    let present = uris(&keys);
    let mut fitting: Vec<WalletKey> = keys
        .into_iter()
        .filter(|key| wanted.is_none_or(|uri| names(uri, key)))
        .collect();
    if fitting.len() > 1 {
        return Err(WalletError::Ambiguous(uris(&fitting)));
    }
    fitting.pop().ok_or_else(|| WalletError::NotOnToken {
        label: token.label.clone(),
        wanted: wanted.map_or("any".into(), Uri::in_words),
        present,
    })
}

/// Whether a URI names a wallet, or a person by its address.
fn names(wanted: &Uri, key: &WalletKey) -> bool {
    wanted.matches_object(&key.id, key.label.as_bytes())
        || wanted.short_name_is_address(&key.address().to_string())
}
