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

/// More gas than a deal takes that asks for little, beside what its bytes take.
const GAS_OF_A_DEAL: u64 = 1_000_000;

/// The words of a call to match orders, without parameters.
const WORDS_OF_A_DEAL: usize = 65;

/// The gas for each word of the parameters, which the contract stores.
const GAS_OF_A_WORD: u64 = 22_500;

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
    /// Whether the node went through the whole call. Not every node tries a call as if it were signed; else the gas is a
    /// guess.
    pub is_complete: bool,
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
    let (gas, is_complete) = match node.gas_as_if_signed(call, signer) {
        Ok(gas) => (gas, true),
        // Some nodes know no such question, and some pass over what is special about it.
        Err(error) if lacks_signature(&error) || is_unknown(&error) => {
            match node.try_call(signer, call, None) {
                Err(error) if !lacks_signature(&error) => return Err(refusal(error)),
                _ => (guess(&node, signer, call)?, false),
            }
        }
        Err(error) => return Err(refusal(error)),
    };
    let rehearsal = Rehearsal {
        gas: gas.saturating_add(gas / 5),
        fee: fee(hub)?,
        coins: node.balance(signer)?,
        is_complete,
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

/// Whether all was well but for the one signature.
fn lacks_signature(error: &RpcError) -> bool {
    reason(error).as_deref() == Some(NOT_SIGNED)
}

/// Whether a node refuses a question, and no contract the call.
fn is_unknown(error: &RpcError) -> bool {
    error.is_refused() && reason(error).is_none()
}

/// Gas that is enough for a deal. The node knows what its bytes take, which on some chains is most of it.
fn guess(node: &Node<'_>, from: Address, call: &Call) -> Result<u64, RpcError> {
    let nobody = Call {
        to: Address::ZERO,
        ..call.clone()
    };
    let words = call.data.len().div_ceil(32).saturating_sub(WORDS_OF_A_DEAL);
    let stored = GAS_OF_A_WORD.saturating_mul(words as u64);
    let bytes = node.gas(from, &nobody)?;
    Ok(bytes.saturating_add(GAS_OF_A_DEAL).saturating_add(stored))
}
