//! The trait of every wallet: to sign for one address.

use thiserror::Error;

use super::address::Address;
use super::eip191::eip191_digest;
use super::signature::Signature;
use crate::token::TokenError;
use crate::token::names::key_of;

/// A secp256k1 key that signs for its address, wherever it is kept.
pub trait Wallet {
    /// The address that it signs for.
    fn address(&self) -> Address;

    /// Signs a hash as it is: that of a transaction, of EIP-712 data, or of a message with its
    /// EIP-191 prefix. A hash can stand for anything, so never sign one that somebody else made.
    ///
    /// # Errors
    /// When the key cannot be used.
    fn sign_digest(&mut self, digest: &[u8; 32]) -> Result<Signature, WalletError>;

    /// Signs a message of 32 bytes, as `personal_sign` does (EIP-191).
    ///
    /// # Errors
    /// When the key cannot be used.
    fn sign_message32(&mut self, message: &[u8; 32]) -> Result<Signature, WalletError> {
        self.sign_digest(&eip191_digest(message))
    }
}

/// Why a wallet did not sign.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WalletError {
    /// The token that holds the key.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The result is no signature of the wallet's address.
    #[error(
        "the signature does not lead back to the wallet's address {0}, so it was thrown away; check that the public and the private key of the wallet belong together"
    )]
    Foreign(Address),
    /// No key on the token fits.
    #[error("{}; name another one, or make one", no_wallet(.label, .wanted, .present))]
    NotOnToken {
        /// Label of the token.
        label: String,
        /// The URI that was looked for.
        wanted: String,
        /// URIs of the wallets that are there.
        present: Vec<String>,
    },
    /// More than one key on the token fits.
    #[error("more than one wallet fits; name one of them{}", listed(":", .0))]
    Ambiguous(Vec<String>),
}

fn no_wallet(label: &str, wanted: &str, present: &[String]) -> String {
    match (wanted, present) {
        ("any", []) => format!("there is no wallet on the token {label:?}"),
        _ => format!(
            "no wallet on the token {label:?} fits {wanted}{}",
            listed("; these are there:", present)
        ),
    }
}

fn listed(before: &str, uris: &[String]) -> String {
    if uris.is_empty() {
        return String::new();
    }
    let one = |uri: &String| match uri.parse() {
        Ok(parsed) => format!("\n  {}\n    {uri}", key_of(&parsed)),
        Err(_) => format!("\n  {uri}"),
    };
    let all: String = uris.iter().map(one).collect();
    format!("{before}{all}")
}
