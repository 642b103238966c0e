use std::sync::OnceLock;

use alloy_primitives::{U256, hex};
use alloy_sol_types::SolCall;
use serde_json::{Value, json};

use super::contracts::{domainCall, viewDealCall, viewTaskCall};
use super::deal::Deal;
use super::domain::Domain;
use super::ids::Id;
use super::task::Task;
use crate::chain::rpc::{Rpc, RpcError, quantity};
use crate::wallet::address::Address;

/// iExec's hub on a chain. The node is held against the number of the chain once, before anything it says counts.
#[derive(Debug)]
pub struct Hub {
    rpc: Rpc,
    address: Address,
    chain_id: Option<u64>,
    /// The number of the chain, once the node was held against it.
    checked: OnceLock<u64>,
    is_free: bool,
}

impl Hub {
    /// The hub at `address`, on the chain with the number `chain_id` where one is known. Nothing is asked yet.
    pub fn new(rpc: Rpc, address: Address, chain_id: Option<u64>) -> Self {
        Self {
            rpc,
            address,
            chain_id,
            checked: OnceLock::new(),
            is_free: false,
        }
    }

    /// Sets whether the chain takes nothing for gas.
    pub fn without_gas(mut self, is_free: bool) -> Self {
        self.is_free = is_free;
        self
    }

    /// Whether the chain takes something for gas.
    pub fn uses_gas(&self) -> bool {
        !self.is_free
    }

    /// The number of the chain, once the node and the hub itself have said the same: nothing is signed before.
    ///
    /// # Errors
    /// As of [`Self::task`], and where no number is configured.
    pub fn check_identity(&self) -> Result<u64, RpcError> {
        let expected = self.chain_id.ok_or(RpcError::NoChainId)?;
        self.domain()?;
        Ok(expected)
    }

    /// What is signed for this hub is signed for. It is held against the configuration.
    ///
    /// # Errors
    /// As of [`Self::check_identity`].
    pub fn domain(&self) -> Result<Domain, RpcError> {
        let expected = self.chain_id.ok_or(RpcError::NoChainId)?;
        self.check_chain()?;
        let domain = Domain::of(self.view(domainCall {})?);
        if domain.hub != self.address || domain.chain_id != U256::from(expected) {
            return Err(self.no_hub());
        }
        Ok(domain)
    }

    /// The node.
    pub fn rpc(&self) -> &Rpc {
        &self.rpc
    }

    /// The address.
    pub fn address(&self) -> Address {
        self.address
    }

    /// The number of the chain.
    ///
    /// # Errors
    /// As of [`Self::task`].
    pub fn chain_id(&self) -> Result<u64, RpcError> {
        if let Some(known) = self.checked.get() {
            return Ok(*known);
        }
        let answer = self.rpc.call("eth_chainId", &json!([]))?;
        let found = number(&answer).ok_or_else(|| self.not_a_node())?;
        match self.chain_id {
            Some(expected) if found != expected => Err(RpcError::OtherChain {
                origin: self.rpc.origin(),
                expected,
                found,
            }),
            _ => Ok(*self.checked.get_or_init(|| found)),
        }
    }

    /// The task with this id; none where there is none, or no worker has started it.
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

    /// The tasks with these ids, in their order; none for each that nobody has begun with.
    ///
    /// # Errors
    /// As of [`Self::task`].
    pub fn tasks(&self, ids: &[Id]) -> Result<Vec<Option<Task>>, RpcError> {
        let calls = ids.iter().map(|id| viewTaskCall { id: (*id).into() });
        let views = self.views(calls)?.into_iter().zip(ids);
        let task = |(view, id): (_, &Id)| Task::of(*id, view).map_err(|_| self.no_hub());
        views.map(task).collect()
    }

    /// The deals with these ids, in their order; none for each that is no deal's.
    ///
    /// # Errors
    /// As of [`Self::task`].
    pub fn deals(&self, ids: &[Id]) -> Result<Vec<Option<Deal>>, RpcError> {
        let calls = ids.iter().map(|id| viewDealCall { id: (*id).into() });
        let views = self.views(calls)?.into_iter().zip(ids);
        Ok(views.map(|(view, id)| Deal::of(*id, view)).collect())
    }

    /// Seconds since 1970 when all tasks of a deal are completed or have timed out.
    ///
    /// # Errors
    /// As of [`Self::task`].
    pub fn final_time(&self, deal: &Deal) -> Result<U256, RpcError> {
        let time = self.time_of_category(deal.category)?;
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

    /// The number of the newest block.
    ///
    /// # Errors
    /// As of [`Self::task`].
    pub fn newest_block(&self) -> Result<u64, RpcError> {
        self.check_chain()?;
        let answer = self.rpc.call("eth_blockNumber", &json!([]))?;
        number(&answer).ok_or_else(|| self.not_a_node())
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

    pub(super) fn view<C: SolCall>(&self, call: C) -> Result<C::Return, RpcError> {
        self.view_at(self.address, call)
    }

    /// What a contract on the same chain answers.
    pub(super) fn view_at<C: SolCall>(&self, to: Address, call: C) -> Result<C::Return, RpcError> {
        self.check_chain()?;
        let answer = self.rpc.call("eth_call", &params(to, &call))?;
        self.viewed::<C>(&answer)
    }

    pub(super) fn views<C: SolCall>(
        &self,
        calls: impl Iterator<Item = C>,
    ) -> Result<Vec<C::Return>, RpcError> {
        self.check_chain()?;
        let params: Vec<Value> = calls.map(|call| params(self.address, &call)).collect();
        let answers = self.rpc.call_each("eth_call", &params)?;
        answers.iter().map(|it| self.viewed::<C>(it)).collect()
    }

    fn viewed<C: SolCall>(&self, answer: &Value) -> Result<C::Return, RpcError> {
        let bytes = answer.as_str().and_then(|it| hex::decode(it).ok());
        let bytes = bytes.ok_or_else(|| self.not_a_node())?;
        C::abi_decode_returns(&bytes).map_err(|_| self.no_hub())
    }

    /// Nothing that a node says counts where it is known to have to be of another chain.
    pub(super) fn check_chain(&self) -> Result<(), RpcError> {
        match self.chain_id {
            Some(_) => self.chain_id().map(drop),
            None => Ok(()),
        }
    }

    pub(super) fn no_hub(&self) -> RpcError {
        RpcError::NoHub {
            hub: self.address,
            origin: self.rpc.origin(),
        }
    }

    pub(super) fn not_a_node(&self) -> RpcError {
        RpcError::NotANode {
            origin: self.rpc.origin(),
        }
    }
}

fn params(to: Address, call: &impl SolCall) -> Value {
    let data = hex::encode_prefixed(call.abi_encode());
    json!([{"to": to.to_string(), "data": data}, "latest"])
}

/// A number in the form of JSON-RPC.
pub(super) fn number(value: &Value) -> Option<u64> {
    u64::try_from(quantity(value)?).ok()
}
