//! What a node is asked about an account, the price of gas, and transactions.

use alloy_primitives::{U256, hex};
use serde_json::{Value, json};

use crate::chain::poco::{Call, Id};
use crate::chain::rpc::{Rpc, RpcError, quantity};
use crate::wallet::address::Address;

/// The code of a contract that answers everything with the selector of `isValidSignature` (EIP-1271).
const AGREES: &str = "0x631626ba7e60e01b60005260206000f3";

/// What every transaction takes. One with less is never in a block.
const LEAST_GAS: u64 = 21_000;

/// Reads what a node answers about a chain.
pub(super) struct Node<'a>(pub(super) &'a Rpc);

impl Node<'_> {
    /// The wei of an account.
    pub(super) fn balance(&self, of: Address) -> Result<U256, RpcError> {
        self.number("eth_getBalance", &json!([of.to_string(), "latest"]))
    }

    /// The number of transactions of an account: those in blocks, and those that wait too if `pending`.
    pub(super) fn nonce(&self, of: Address, pending: bool) -> Result<u64, RpcError> {
        let at = if pending { "pending" } else { "latest" };
        let nonce = self.number("eth_getTransactionCount", &json!([of.to_string(), at]))?;
        u64::try_from(nonce).map_err(|_| self.not_a_node())
    }

    /// Tries a call, in the newest block or in that of this number.
    pub(super) fn try_call(
        &self,
        from: Address,
        call: &Call,
        block: Option<u64>,
    ) -> Result<(), RpcError> {
        let at = block.map_or_else(|| "latest".to_owned(), |block| format!("{block:#x}"));
        self.0.call("eth_call", &json!([of_call(from, call), at]))?;
        Ok(())
    }

    /// The gas that a call takes.
    pub(super) fn gas(&self, from: Address, call: &Call) -> Result<u64, RpcError> {
        self.estimate(&json!([of_call(from, call)]))
    }

    /// The gas that a call takes if `signer` were a contract that says of every signature that it is its own.
    pub(super) fn gas_as_if_signed(&self, call: &Call, signer: Address) -> Result<u64, RpcError> {
        let call = json!({
            "to": call.to.to_string(),
            "data": hex::encode_prefixed(&call.data),
        });
        let mut instead = serde_json::Map::new();
        instead.insert(signer.to_string(), json!({ "code": AGREES }));
        self.estimate(&json!([call, "latest", instead]))
    }

    fn estimate(&self, params: &Value) -> Result<u64, RpcError> {
        let gas = u64::try_from(self.number("eth_estimateGas", params)?).ok();
        let gas = gas.filter(|it| *it >= LEAST_GAS);
        gas.ok_or_else(|| self.not_a_node())
    }

    /// What each unit of gas costs in the newest block, beside the tip; none on a chain that has no such fee.
    pub(super) fn base_fee(&self) -> Result<Option<u128>, RpcError> {
        let block = self
            .0
            .call("eth_getBlockByNumber", &json!(["latest", false]))?;
        match &block["baseFeePerGas"] {
            Value::Null if block.is_object() => Ok(None),
            fee => self.price(fee).map(Some),
        }
    }

    /// The tip that the node thinks will do; none where it has no opinion.
    pub(super) fn tip(&self) -> Result<u128, RpcError> {
        match self.0.call("eth_maxPriorityFeePerGas", &json!([])) {
            Ok(tip) => self.price(&tip),
            Err(RpcError::Refused { .. }) => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// The price of gas on a chain without a base fee.
    pub(super) fn gas_price(&self) -> Result<u128, RpcError> {
        self.price(&self.0.call("eth_gasPrice", &json!([]))?)
    }

    /// The number of the newest block.
    pub(super) fn newest(&self) -> Result<U256, RpcError> {
        self.number("eth_blockNumber", &json!([]))
    }

    /// What the node answers about a transaction; null where it knows none.
    pub(super) fn of_transaction(&self, method: &'static str, hash: Id) -> Result<Value, RpcError> {
        self.0.call(method, &json!([hash.to_string()]))
    }

    pub(super) fn not_a_node(&self) -> RpcError {
        RpcError::NotANode {
            origin: self.0.origin(),
        }
    }

    fn number(&self, method: &'static str, params: &Value) -> Result<U256, RpcError> {
        quantity(&self.0.call(method, params)?).ok_or_else(|| self.not_a_node())
    }

    fn price(&self, value: &Value) -> Result<u128, RpcError> {
        let price = quantity(value).and_then(|it| u128::try_from(it).ok());
        price.ok_or_else(|| self.not_a_node())
    }
}

fn of_call(from: Address, call: &Call) -> Value {
    json!({
        "from": from.to_string(),
        "to": call.to.to_string(),
        "value": format!("{:#x}", call.value),
        "data": hex::encode_prefixed(&call.data),
    })
}
