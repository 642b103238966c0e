use alloy_primitives::U256;

use super::error::TxError;
use super::node::Node;
use super::revert::{in_words, reason};
use super::transaction::{Fee, Transaction};
use crate::chain::poco::{Call, Hub};
use crate::chain::rpc::RpcError;
use crate::wallet::address::Address;

/// Makes a transaction of a call: with the next free number, a fifth more gas than the node thinks it takes, and twice
/// the base fee of now. The call is tried first. Nothing is sent.
///
/// # Errors
/// When the contract would refuse the call, the account cannot pay for it, or the node cannot be asked or is of another
/// chain.
pub fn prepare(hub: &Hub, from: Address, call: Call) -> Result<Transaction, TxError> {
    let chain_id = hub.check_identity()?;
    let node = Node(hub.rpc());
    node.try_call(from, &call, None).map_err(refusal)?;
    let gas = node.gas(from, &call).map_err(refusal)?;
    let transaction = Transaction {
        chain_id,
        nonce: node.nonce(from, true)?,
        call,
        gas: gas.saturating_add(gas / 5),
        fee: fee(hub)?,
    };
    let needed = transaction
        .gas_cost()
        .saturating_add(transaction.call.value);
    let there = match needed {
        U256::ZERO => U256::ZERO,
        _ => node.balance(from)?,
    };
    if there < needed {
        return Err(TxError::Gas {
            address: from,
            there,
            needed,
        });
    }
    Ok(transaction)
}

/// The price of gas of now.
///
/// # Errors
/// When the node cannot be asked.
pub fn fee(hub: &Hub) -> Result<Fee, RpcError> {
    let node = Node(hub.rpc());
    if !hub.uses_gas() {
        return Ok(Fee::Legacy { price: 0 });
    }
    Ok(match node.base_fee()? {
        Some(base) => {
            let tip = node.tip()?;
            let max = base.saturating_mul(2).saturating_add(tip);
            Fee::Dynamic { max, tip }
        }
        None => Fee::Legacy {
            price: node.gas_price()?,
        },
    })
}

pub(super) fn refusal(error: RpcError) -> TxError {
    match reason(&error) {
        Some(reason) => TxError::WouldRevert {
            reason: in_words(&reason),
        },
        None => error.into(),
    }
}
