use std::cell::OnceCell;

use alloy_primitives::{U256, hex};
use alloy_sol_types::SolCall;
use serde_json::{Value, json};

use super::contracts::{final_deadline_ratioCall, viewCategoryCall, viewDealCall, viewTaskCall};
use super::deal::Deal;
use super::ids::Id;
use super::task::Task;
use crate::chain::rpc::{Rpc, RpcError};
use crate::wallet::address::Address;

/// iExec's hub on a chain. The node is held against the number of the chain once, before anything it says counts.
#[derive(Debug)]
pub struct Hub {
    rpc: Rpc,
    address: Address,
    chain_id: Option<u64>,
    checked: OnceCell<()>,
}

impl Hub {
    /// The hub at `address`, on the chain with the number `chain_id` where one is known. Nothing is asked yet.
    pub fn new(rpc: Rpc, address: Address, chain_id: Option<u64>) -> Self {
        Self {
            rpc,
            address,
            chain_id,
            checked: OnceCell::new(),
        }
    }

    /// The node.
    pub fn rpc(&self) -> &Rpc {
        &self.rpc
    }

    /// The task with this id; none where there is none, or nobody has begun with it.
    ///
    /// # Errors
    /// When the node cannot be asked, is of another chain, or knows no hub.
    pub fn task(&self, id: Id) -> Result<Option<Task>, RpcError> {
        let view = self.view(viewTaskCall { id: id.into() })?;
        Task::of(id, view).map_err(|_| self.no_hub())
    }

    /// The deal with this id; none where there is none.
    ///
    /// # Errors
    /// As of [`Self::task`].
    pub fn deal(&self, id: Id) -> Result<Option<Deal>, RpcError> {
        let view = self.view(viewDealCall { id: id.into() })?;
        Ok(Deal::of(id, view))
    }

    /// Seconds since 1970 when all tasks of a deal are completed or have timed out.
    ///
    /// # Errors
    /// As of [`Self::task`].
    pub fn final_time(&self, deal: &Deal) -> Result<U256, RpcError> {
        let category = self.view(viewCategoryCall { id: deal.category })?;
        let ratio = self.view(final_deadline_ratioCall {})?;
        let time = category.workClockTimeRef.saturating_mul(ratio);
        Ok(deal.start_time.saturating_add(time))
    }

    /// Whether the chain knows a transaction with this hash.
    ///
    /// # Errors
    /// As of [`Self::task`].
    pub fn is_transaction(&self, hash: Id) -> Result<bool, RpcError> {
        self.check_chain()?;
        let params = json!([hash.to_string()]);
        let found = self.rpc.call("eth_getTransactionByHash", &params)?;
        Ok(!found.is_null())
    }

    /// Seconds since 1970 in the newest block.
    ///
    /// # Errors
    /// As of [`Self::task`].
    pub fn block_time(&self) -> Result<u64, RpcError> {
        self.check_chain()?;
        let params = json!(["latest", false]);
        let block = self.rpc.call("eth_getBlockByNumber", &params)?;
        number(&block["timestamp"]).ok_or_else(|| self.not_a_node())
    }

    fn view<C: SolCall>(&self, call: C) -> Result<C::Return, RpcError> {
        self.check_chain()?;
        let data = hex::encode_prefixed(call.abi_encode());
        let params = json!([{"to": self.address.to_string(), "data": data}, "latest"]);
        let answer = self.rpc.call("eth_call", &params)?;
        let bytes = answer.as_str().and_then(|it| hex::decode(it).ok());
        let bytes = bytes.ok_or_else(|| self.not_a_node())?;
        C::abi_decode_returns(&bytes).map_err(|_| self.no_hub())
    }

    fn check_chain(&self) -> Result<(), RpcError> {
        let (None, Some(expected)) = (self.checked.get(), self.chain_id) else {
            return Ok(());
        };
        let answer = self.rpc.call("eth_chainId", &json!([]))?;
        let found = number(&answer).ok_or_else(|| self.not_a_node())?;
        if found != expected {
            return Err(RpcError::OtherChain {
                origin: self.rpc.origin(),
                expected,
                found,
            });
        }
        // It is empty, as was seen above.
        let _ = self.checked.set(());
        Ok(())
    }

    fn no_hub(&self) -> RpcError {
        RpcError::NoHub {
            hub: self.address,
            origin: self.rpc.origin(),
        }
    }

    fn not_a_node(&self) -> RpcError {
        RpcError::NotANode {
            origin: self.rpc.origin(),
        }
    }
}

/// A number in the form of JSON-RPC.
fn number(value: &Value) -> Option<u64> {
    let digits = value.as_str()?.strip_prefix("0x")?;
    u64::from_str_radix(digits, 16).ok()
}
