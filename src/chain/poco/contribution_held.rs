//! The word of a node on where a contribution is, held against what else it says of that.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::block::Block;
use super::contribution_place::{ContributionPlace, Sent, is_refusal, worker_of};
use super::contribution_sent::{ContributionSent, NotFound, Search, consensus_time};
use super::hub::{Hub, number};
use super::task::Task;
use crate::chain::rpc::RpcError;

/// A place that is to be held against its block, its receipt and its transaction.
pub(super) struct Claim<'t> {
    pub(super) task: &'t Task,
    pub(super) place: ContributionPlace,
}

impl Hub {
    /// What comes of each claim, in their order. All are asked about together.
    pub(super) fn held(&self, claims: &[Claim<'_>]) -> Result<Vec<Search>, RpcError> {
        let numbers = claims.iter().map(|it| it.place.block);
        let blocks = self.blocks(numbers)?;
        let blocks: Vec<_> = claims.iter().map(|it| it.block(&blocks)).collect();
        let wanted = claims.iter().zip(&blocks);
        let wanted = wanted.filter(|(_, block)| block.is_ok());
        let hashes: Vec<Value> = wanted
            .map(|(claim, _)| json!([claim.place.transaction.to_string()]))
            .collect();
        let mut receipts = self.told("eth_getTransactionReceipt", &hashes)?.into_iter();
        let mut calls = self.told("eth_getTransactionByHash", &hashes)?.into_iter();
        let mut held = |(claim, block): (&Claim<'_>, Result<Block, NotFound>)| {
            let block = block?;
            match (receipts.next().flatten(), calls.next().flatten()) {
                (Some(receipt), Some(call)) => claim.held(self, block, &receipt, &call),
                _ => Err(NotFound::NoTransaction),
            }
        };
        Ok(claims.iter().zip(blocks).map(&mut held).collect())
    }

    /// The blocks with these numbers; none for each that the node has not, or does not tell of.
    fn blocks(
        &self,
        numbers: impl Iterator<Item = u64>,
    ) -> Result<BTreeMap<u64, Option<Block>>, RpcError> {
        let mut blocks: BTreeMap<u64, Option<Block>> = numbers.map(|it| (it, None)).collect();
        let params = blocks.keys().map(|it| json!([format!("{it:#x}"), false]));
        let told = self.told("eth_getBlockByNumber", &params.collect::<Vec<_>>())?;
        for ((wanted, block), told) in blocks.iter_mut().zip(told) {
            *block = told.and_then(|it| Block::read(*wanted, &it));
        }
        Ok(blocks)
    }

    /// What the node tells with each of `all` parameters; nothing where it has nothing, or refuses.
    fn told(&self, method: &'static str, all: &[Value]) -> Result<Vec<Option<Value>>, RpcError> {
        self.check_chain()?;
        let known = |answer: Value| (!answer.is_null()).then_some(answer);
        match self.rpc().call_each(method, all) {
            Ok(answers) => Ok(answers.into_iter().map(known).collect()),
            // Whichever of them it was.
            Err(error) if is_refusal(&error) => {
                let alone = |params| match self.rpc().call(method, params) {
                    Err(error) if is_refusal(&error) => Ok(None),
                    answer => answer.map(known),
                };
                all.iter().map(alone).collect()
            }
            Err(error) => Err(error),
        }
    }
}

impl Claim<'_> {
    /// The block that the place is in, as far as it can be that one.
    fn block(&self, known: &BTreeMap<u64, Option<Block>>) -> Result<Block, NotFound> {
        let block = known.get(&self.place.block).copied().flatten();
        let block = block.ok_or(NotFound::NoBlocks)?;
        if self.place.block_hash.is_some_and(|it| it != block.hash) {
            return Err(NotFound::Contradiction("the event is of another block"));
        }
        // Of several contributors only the last came then.
        let is_alone = self.task.contributors.len() == 1;
        let time = consensus_time(self.task).filter(|_| is_alone);
        if time.is_some_and(|time| time != block.time) {
            return Err(NotFound::Contradiction(
                "the event is of another time than the contribution",
            ));
        }
        Ok(block)
    }

    fn held(&self, hub: &Hub, block: Block, receipt: &Value, call: &Value) -> Search {
        let contradiction = |what| Err(NotFound::Contradiction(what));
        let (place, task) = (&self.place, self.task.id);
        let is_of_block = |it: &Value| {
            number(&it["blockNumber"]) == Some(block.number)
                && it["blockHash"].as_str().and_then(|it| it.parse().ok()) == Some(block.hash)
        };
        if !is_of_block(receipt) || !is_of_block(call) {
            return contradiction("the transaction is of another block than the event");
        }
        let logs = receipt["logs"].as_array().into_iter().flatten();
        let mut workers = logs.filter_map(|log| worker_of(hub, task, log));
        if receipt["status"] != "0x1" || !workers.any(|worker| worker == place.worker) {
            return contradiction("the receipt has no such event");
        }
        let Some(sent) = Sent::read(call) else {
            return contradiction("the transaction has not the form of one");
        };
        if sent.hash != place.transaction {
            return contradiction("the transaction is another one");
        }
        if sent.to != hub.address() || sent.from != place.worker {
            return Err(NotFound::OtherContract);
        }
        Ok(ContributionSent {
            sender: sent.from,
            input: sent.input,
            transaction: place.transaction,
            block: block.number,
            block_hash: block.hash,
        })
    }
}
