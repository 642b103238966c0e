//! The deals that were made in a part of the chain, from the hub's own events.

use alloy_sol_types::SolEvent as _;
use serde_json::{Value, json};

use super::contracts::OrdersMatched;
use super::hub::{Hub, number};
use super::ids::Id;
use crate::chain::rpc::RpcError;
use crate::http::HttpError;

/// Blocks that are asked for at first: what all nodes allow that have a limit at all.
const AT_FIRST: u64 = 10_000;

/// Blocks that are asked for at most.
const AT_MOST: u64 = 10_000_000;

/// A deal that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MadeDeal {
    /// The deal.
    pub id: Id,
    /// The block that it was made in.
    pub block: u64,
}

impl Hub {
    /// The deals that were made in the blocks from `first` to `last`, in their order. `on_part` is told of each block up
    /// to which all is read.
    ///
    /// Nodes limit how many blocks, or events, they search at once: where one refuses, it is asked for half of them.
    ///
    /// # Errors
    /// When the node cannot be asked, is of another chain, or refuses to search a single block.
    pub fn deals_made(
        &self,
        first: u64,
        last: u64,
        on_part: &mut dyn FnMut(u64),
    ) -> Result<Vec<MadeDeal>, RpcError> {
        self.check_chain()?;
        let (mut deals, mut at) = (Vec::new(), first);
        let (mut width, mut most) = (AT_FIRST, AT_MOST);
        while at <= last {
            let end = last.min(at.saturating_add(width - 1));
            match self.deals_made_within(at, end) {
                Ok(found) => {
                    deals.extend(found);
                    on_part(end);
                    at = end.saturating_add(1);
                    width = width.saturating_mul(2).min(most);
                }
                Err(error) if is_too_much(&error) && end > at => {
                    width = (end - at).div_ceil(2);
                    most = width;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(deals)
    }

    fn deals_made_within(&self, first: u64, last: u64) -> Result<Vec<MadeDeal>, RpcError> {
        let params = json!([{
            "address": self.address().to_string(),
            "topics": [OrdersMatched::SIGNATURE_HASH.to_string()],
            "fromBlock": format!("{first:#x}"),
            "toBlock": format!("{last:#x}"),
        }]);
        let answer = self.rpc().call_once("eth_getLogs", &params)?;
        let logs = answer.as_array().ok_or_else(|| self.not_a_node())?;
        let made = logs.iter().map(made_deal).collect::<Option<_>>();
        made.ok_or_else(|| self.not_a_node())
    }
}

/// Whether fewer blocks may do. Nodes say it in many ways, some with the code for being busy.
fn is_too_much(error: &RpcError) -> bool {
    error.is_refused()
        || matches!(
            error,
            RpcError::Unexpected { .. } | RpcError::Http(HttpError::TooLong { .. })
        )
}

fn made_deal(log: &Value) -> Option<MadeDeal> {
    let id = log["data"].as_str()?.get(..66)?;
    Some(MadeDeal {
        id: id.parse().ok()?,
        block: number(&log["blockNumber"])?,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_deal_is_read_from_its_event() {
        let id = format!("0x{}", "ab".repeat(32));
        let log = json!({"data": format!("{id}{}", "00".repeat(160)), "blockNumber": "0x10"});
        let made = made_deal(&log).unwrap();
        assert_eq!((made.id.to_string(), made.block), (id, 16));
        for odd in [
            json!({"data": "0x", "blockNumber": "0x1"}),
            json!({"data": format!("0x{}", "é".repeat(40)), "blockNumber": "0x1"}),
            json!({"data": format!("0x{}", "ab".repeat(32)), "blockNumber": "1"}),
            json!(null),
        ] {
            assert_eq!(made_deal(&odd), None, "{odd}");
        }
    }
}
