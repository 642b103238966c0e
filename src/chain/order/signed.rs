use std::fmt;

use serde::{Deserialize, Serialize};

use super::json::{self, OrderJsonError};
use super::kind::{Order, Side};
use crate::chain::poco::{Domain, Id};
use crate::wallet::address::Address;
use crate::wallet::sign::{Wallet, WalletError};

/// What stands for a signature that is yet to be made. It has the length of one, for the gas that it takes.
const TO_BE_SIGNED: [u8; 65] = [0x55; 65];

/// An order with its signature, in the JSON of the SDK and of the market. Whoever has one can make a deal of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "O: Order")]
pub struct Signed<O: Order> {
    /// What is signed.
    #[serde(flatten)]
    pub order: O,
    /// The signature: of a key, or what the contract that owns the thing takes for one. It may be empty where the order was
    /// signed in a transaction of its own.
    #[serde(with = "json::signature")]
    pub sign: Vec<u8>,
}

/// Why an order was not signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The wallet's key did not sign.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// The wallet is not the one that has to sign.
    #[error("Invalid order signer, must be the {}: {wanted}, and the wallet is {wallet}", owner(*.side))]
    Signer {
        /// Whose order it is.
        side: Side,
        /// Who has to sign.
        wanted: Address,
        /// Who would sign.
        wallet: Address,
    },
}

impl<O: Order> Signed<O> {
    /// An order that has yet to be signed. It is as long as one that is.
    pub fn unsigned(order: O) -> Self {
        let sign = TO_BE_SIGNED.to_vec();
        Self { order, sign }
    }

    /// Whether it has yet to be signed.
    pub fn is_unsigned(&self) -> bool {
        self.sign == TO_BE_SIGNED
    }

    /// Signs an order with the wallet of `owner`: that of the requester, or of the owner of app, dataset or workerpool.
    ///
    /// # Errors
    /// When the wallet is another one, or does not sign.
    pub fn sign(
        order: O,
        owner: Address,
        domain: &Domain,
        wallet: &mut dyn Wallet,
    ) -> Result<Self, SignError> {
        if wallet.address() != owner {
            return Err(SignError::Signer {
                side: O::SIDE,
                wanted: owner,
                wallet: wallet.address(),
            });
        }
        let hash = order.hash(domain);
        let sign = wallet.sign_digest(hash.as_bytes())?.to_bytes().to_vec();
        Ok(Self { order, sign })
    }

    /// Signs it with the wallet of `owner` if it is not signed yet.
    pub(super) fn complete(
        &mut self,
        owner: Address,
        domain: &Domain,
        wallet: &mut dyn Wallet,
    ) -> Result<(), SignError> {
        if self.is_unsigned() {
            *self = Self::sign(self.order.clone(), owner, domain, wallet)?;
        }
        Ok(())
    }

    /// Reads the JSON of an order. Keys that mean nothing are passed over: they are not signed.
    ///
    /// # Errors
    /// When it is none, or longer than any order is.
    pub fn from_json(json: &[u8]) -> Result<Self, OrderJsonError> {
        json::read(json)
    }
}

/// Shows all but the signature.
impl<O: Order> fmt::Debug for Signed<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signed").field(&self.order).finish()
    }
}

/// A salt that no order has had.
///
/// # Errors
/// When the system has no randomness.
pub fn salt() -> std::io::Result<Id> {
    let mut salt = [0; 32];
    getrandom::fill(&mut salt).map_err(std::io::Error::other)?;
    Ok(salt.into())
}

/// The SDK's words.
fn owner(side: Side) -> &'static str {
    match side {
        Side::Requester => "requester",
        _ => "resource owner",
    }
}
