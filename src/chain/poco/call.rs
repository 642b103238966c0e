//! Calls that change something, for a wallet to sign.

use alloy_primitives::{Bytes, U256};
use alloy_sol_types::SolCall as _;

use super::contracts::{
    Native, approveAndCallCall, claimArrayCall, claimCall, initializeAndClaimArrayCall,
    withdrawCall,
};
use super::hub::Hub;
use super::ids::Id;
use crate::wallet::address::Address;

/// The wei that an nRLC is, where the chain's own coin is RLC.
const WEI_OF_NRLC: u64 = 1_000_000_000;

/// A call of a contract that changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Call {
    /// The contract.
    pub to: Address,
    /// What is sent along, in wei.
    pub value: U256,
    /// The function with its arguments.
    pub data: Vec<u8>,
}

impl Call {
    /// A call that sends nothing along.
    pub fn new(to: Address, data: Vec<u8>) -> Self {
        let value = U256::ZERO;
        Self { to, value, data }
    }
}

/// The calls that move money of an account.
impl Hub {
    /// Puts nRLC from the wallet into the hub. `token` is the contract of the RLC; none where RLC is the chain's coin.
    pub fn deposit(&self, token: Option<Address>, nrlc: U256) -> Call {
        let hub = self.address();
        let Some(token) = token else {
            let data = Native::depositCall {}.abi_encode();
            let value = nrlc.saturating_mul(U256::from(WEI_OF_NRLC));
            return Call {
                value,
                ..Call::new(hub, data)
            };
        };
        let spender = (*hub.as_bytes()).into();
        let extra = Bytes::new();
        let amount = nrlc;
        Call::new(
            token,
            approveAndCallCall {
                spender,
                amount,
                extra,
            }
            .abi_encode(),
        )
    }

    /// Takes nRLC out of the hub into the wallet.
    pub fn withdraw(&self, nrlc: U256) -> Call {
        Call::new(self.address(), withdrawCall { amount: nrlc }.abi_encode())
    }

    /// Gives everybody their money back of a task that timed out.
    pub fn claim(&self, task: Id) -> Call {
        Call::new(self.address(), claimCall { task: task.into() }.abi_encode())
    }

    /// Does so for several tasks.
    pub fn claim_all(&self, tasks: &[Id]) -> Call {
        let tasks = tasks.iter().map(|task| (*task).into()).collect();
        Call::new(self.address(), claimArrayCall { tasks }.abi_encode())
    }

    /// Does so for tasks of a deal that nobody has begun with, by their numbers.
    pub fn begin_and_claim_all(&self, deal: Id, indices: &[U256]) -> Call {
        let call = initializeAndClaimArrayCall {
            deals: vec![deal.into(); indices.len()],
            indices: indices.to_vec(),
        };
        Call::new(self.address(), call.abi_encode())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::text::hex::hex;

    #[test]
    fn coins_are_sent_along_where_the_chain_has_no_token() {
        let hub = "0x3eca1B216A7DF1C7689aEb259fFB83ADFB894E7f"
            .parse()
            .unwrap();
        let rpc = crate::chain::rpc::Rpc::new("http://127.0.0.1:1", Default::default()).unwrap();
        let call = Hub::new(rpc, hub, Some(134)).deposit(None, U256::from(3));
        assert_eq!((call.to, call.value), (hub, U256::from(3_000_000_000_u64)));
        assert_eq!(hex(&call.data), "d0e30db0");
    }
}
