//! A call that needs signatures which nobody has made yet, tried as far as that goes.

use super::error::TxError;
use super::node::Node;
use super::prepare::{fee, refusal};
use super::revert::reason;
use super::transaction::{Fee, Transaction};
use crate::chain::poco::{Call, Hub, U256};
use crate::chain::rpc::RpcError;
use crate::wallet::address::Address;

/// What the hub says of orders whose requester has not signed, after all that it looks at before.
const NOT_SIGNED: &str = "iExecV5-matchOrders-0x50";

/// The gas that is reckoned with where a node does not try a call as if it were signed: twice what a deal takes.
const GAS_OF_A_DEAL: u64 = 1_200_000;

/// What a call would cost, in gas and its price of now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rehearsal {
    /// The gas.
    pub gas: u64,
    /// Its price.
    pub fee: Fee,
    /// What the account has, in wei.
    pub coins: U256,
}

impl Rehearsal {
    /// The most that it costs, in wei.
    pub fn gas_cost(&self) -> U256 {
        U256::from(self.gas).saturating_mul(U256::from(self.fee.at_most()))
    }

    /// The transaction of the same call once it is signed. What was signed is not sent to the node for that.
    ///
    /// # Errors
    /// When the node cannot be asked.
    pub fn transaction(
        &self,
        hub: &Hub,
        from: Address,
        call: Call,
    ) -> Result<Transaction, RpcError> {
        Ok(Transaction {
            chain_id: hub.check_identity()?,
            nonce: Node(hub.rpc()).nonce(from, true)?,
            call,
            gas: self.gas,
            fee: self.fee,
        })
    }
}

/// Tries a call to match orders with which `signer` still has to agree by its signature. Nothing is signed or sent.
///
/// # Errors
/// When the contract would refuse the call for another reason, the account cannot pay for its gas, or the node cannot be
/// asked or is of another chain.
pub fn rehearse(hub: &Hub, signer: Address, call: &Call) -> Result<Rehearsal, TxError> {
    hub.check_identity()?;
    let node = Node(hub.rpc());
    let gas = match node.gas_as_if_signed(call, signer) {
        Ok(gas) => gas,
        Err(error) if reason(&error).is_some() || !error.is_refused() => {
            return Err(refusal(error));
        }
        // Not every node can do that.
        Err(_) => match node.try_call(signer, call, None) {
            Err(error) if reason(&error).as_deref() != Some(NOT_SIGNED) => {
                return Err(refusal(error));
            }
            _ => GAS_OF_A_DEAL,
        },
    };
    let rehearsal = Rehearsal {
        gas: gas.saturating_add(gas / 5),
        fee: fee(hub)?,
        coins: node.balance(signer)?,
    };
    let needed = rehearsal.gas_cost();
    if rehearsal.coins < needed {
        return Err(TxError::Gas {
            address: signer,
            there: rehearsal.coins,
            needed,
        });
    }
    Ok(rehearsal)
}
