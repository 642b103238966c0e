use serde_json::{Value, json};

use super::hub::{Hub, number};
use super::ids::Id;
use crate::chain::rpc::RpcError;

/// The head of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Block {
    /// The number.
    pub number: u64,
    /// The hash.
    pub hash: Id,
    /// Seconds since 1970.
    pub time: u64,
}

impl Hub {
    /// The block with this number; none where the node has it not, or not any more.
    ///
    /// # Errors
    /// As of [`Self::task`].
    pub fn block(&self, wanted: u64) -> Result<Option<Block>, RpcError> {
        let block = self.read_block(&format!("{wanted:#x}").into(), false)?;
        Ok(Block::read(wanted, &block))
    }

    /// The newest block.
    ///
    /// # Errors
    /// As of [`Self::task`].
    pub fn newest(&self) -> Result<Block, RpcError> {
        let block = self.read_block(&"latest".into(), false)?;
        Block::head(&block).ok_or_else(|| self.not_a_node())
    }

    /// A block in the node's own words, with its transactions or only their hashes.
    pub(super) fn read_block(&self, wanted: &Value, whole: bool) -> Result<Value, RpcError> {
        self.check_chain()?;
        let params = json!([wanted, whole]);
        self.rpc().call("eth_getBlockByNumber", &params)
    }
}

impl Block {
    /// The block with this number, in the words of a node; none where they are of another one.
    pub(super) fn read(wanted: u64, block: &Value) -> Option<Self> {
        Self::head(block).filter(|it| it.number == wanted)
    }

    fn head(block: &Value) -> Option<Self> {
        Some(Self {
            number: number(&block["number"])?,
            hash: block["hash"].as_str()?.parse().ok()?,
            time: number(&block["timestamp"])?,
        })
    }
}
