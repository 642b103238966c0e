use std::time::Instant;

use alloy_primitives::{U256, hex};
use serde_json::{Value, json};

use super::error::TxError;
use super::node::Node;
use super::revert::{in_words, reason};
use super::transaction::Signed;
use crate::chain::poco::{Call, Hub, Id};
use crate::chain::rpc::{RpcError, RpcKind, quantity};
use crate::chain::watch::{Event, Pace};
use crate::wallet::address::Address;

/// How often a node must say that the number of a transaction is used by another one before that is believed: nodes
/// behind one address are not all as far.
const LOOKS: u32 = 3;

/// What a node said of a transaction that it was sent.
#[derive(Debug)]
#[non_exhaustive]
pub enum Offer {
    /// It has it.
    Taken,
    /// Nobody knows: the answer was lost, or none.
    Unknown(RpcError),
}

/// A transaction in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// The hash of the transaction.
    pub hash: Id,
    /// The number of the block.
    pub block: u64,
    /// Whether it did what it was for.
    pub succeeded: bool,
}

/// Sends a transaction once.
///
/// # Errors
/// When the node does not take it: then nothing was sent.
pub fn offer(hub: &Hub, signed: &Signed) -> Result<Offer, TxError> {
    let bytes = hex::encode_prefixed(signed.bytes());
    let error = match hub.rpc().send("eth_sendRawTransaction", &json!([bytes])) {
        Ok(_) => return Ok(Offer::Taken),
        Err(error) => error,
    };
    let RpcError::Refused { message, code, .. } = &error else {
        return Ok(Offer::Unknown(error));
    };
    let says = |words: &[&str]| {
        // Of a transaction that is "unknown" nothing is known.
        let message = message.to_lowercase().replace("unknown", "");
        words.iter().any(|it| message.contains(it))
    };
    if error.kind() == RpcKind::Unreachable {
        return Ok(Offer::Unknown(error));
    }
    if says(&[
        "already known",
        "known transaction",
        "already imported",
        "already exists",
    ]) {
        return Ok(Offer::Taken);
    }
    // It may be this very one that has used the number.
    if says(&["nonce too low", "nonce is too low", "already used"]) {
        return Ok(Offer::Unknown(error));
    }
    let message = format!("{message} ({code})");
    if says(&[
        "base fee",
        "basefee",
        "underpriced",
        "fee too low",
        "fee cap",
    ]) {
        return Err(TxError::FeeTooLow { message });
    }
    Err(TxError::NotTaken { message })
}

/// What became of a transaction; nothing while it is in no block.
///
/// # Errors
/// When the node cannot be asked.
pub fn receipt(hub: &Hub, hash: Id) -> Result<Option<Receipt>, RpcError> {
    let node = Node(hub.rpc());
    let found = node.of_transaction("eth_getTransactionReceipt", hash)?;
    if found.is_null() {
        return Ok(None);
    }
    let read = |key: &str| quantity(&found[key]);
    let same = found["transactionHash"] == hash.to_string();
    match (read("blockNumber"), read("status")) {
        (Some(block), Some(status)) if same => Ok(Some(Receipt {
            hash,
            block: block.saturating_to(),
            succeeded: status == U256::from(1),
        })),
        // In a block that is about to be made.
        (None, _) if same && found["blockNumber"].is_null() => Ok(None),
        _ => Err(node.not_a_node()),
    }
}

/// Waits until a transaction of `from` with the number `nonce` is in a block and `confirms` blocks are there from it on.
/// What the node has lost is sent again, the same bytes.
///
/// # Errors
/// When it came to nothing, or the time is over.
pub fn wait(
    hub: &Hub,
    (from, nonce): (Address, u64),
    signed: &Signed,
    (pace, confirms): (Pace, u64),
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Receipt, TxError> {
    let until = pace.at_most.map(|time| Instant::now() + time);
    let (mut others, mut away) = (0, None);
    loop {
        match look(hub, from, nonce, signed, confirms) {
            Ok(Look::There(receipt)) => return Ok(receipt),
            Ok(Look::NumberUsed) if others + 1 >= LOOKS => {
                return Err(TxError::Replaced {
                    address: from,
                    hash: signed.hash(),
                });
            }
            Ok(found) => {
                others = if matches!(found, Look::NumberUsed) {
                    others + 1
                } else {
                    0
                };
                if away.take().is_some() {
                    on_event(Event::NodeBack);
                }
            }
            Err(error) => {
                if away.is_none() {
                    on_event(Event::NodeAway(&error));
                }
                away = Some(error);
            }
        }
        if until.is_some_and(|until| Instant::now() >= until) {
            return Err(TxError::Unknown {
                hash: signed.hash(),
                source: away.map(Box::new),
            });
        }
        hub.rpc().pause(pace.interval);
    }
}

/// The reason why a transaction in a block came to nothing, as far as it can be found out.
pub fn why_reverted(hub: &Hub, from: Address, call: &Call, receipt: &Receipt) -> TxError {
    let tried = Node(hub.rpc()).try_call(from, call, Some(receipt.block));
    let why = tried.err().and_then(|error| reason(&error));
    TxError::Reverted {
        hash: receipt.hash,
        reason: why.map_or_else(|| "it gives no reason".to_owned(), |why| in_words(&why)),
    }
}

enum Look {
    There(Receipt),
    Waiting,
    NumberUsed,
}

fn look(
    hub: &Hub,
    from: Address,
    nonce: u64,
    signed: &Signed,
    confirms: u64,
) -> Result<Look, RpcError> {
    let node = Node(hub.rpc());
    let hash = signed.hash();
    // Asked first: what is used up before there is no receipt was used by another one.
    let used = node.nonce(from, false)? > nonce;
    if let Some(receipt) = receipt(hub, hash)? {
        let deep = confirms <= 1 || {
            let last = receipt.block.saturating_add(confirms - 1);
            node.newest()? >= U256::from(last)
        };
        return Ok(if deep {
            Look::There(receipt)
        } else {
            Look::Waiting
        });
    }
    if used {
        return Ok(Look::NumberUsed);
    }
    if node.of_transaction("eth_getTransactionByHash", hash)? == Value::Null {
        // Whatever it says to them now, the same bytes cannot be worth two transactions.
        let _ = offer(hub, signed);
    }
    Ok(Look::Waiting)
}
