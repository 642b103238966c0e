use alloy_primitives::U256;

use super::contracts::{balanceOfCall, tokenCall, viewAccountCall};
use super::hub::Hub;
use crate::chain::rpc::RpcError;
use crate::wallet::address::Address;

/// The nRLC that an account has in the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// Free to be spent or taken out.
    pub stake: U256,
    /// Held by deals and contributions that have not ended.
    pub locked: U256,
}

impl Hub {
    /// What an account has in the hub.
    ///
    /// # Errors
    /// As of [`Self::task`].
    pub fn account(&self, account: Address) -> Result<Account, RpcError> {
        let account = (*account.as_bytes()).into();
        let view = self.view(viewAccountCall { account })?;
        Ok(Account {
            stake: view.stake,
            locked: view.locked,
        })
    }

    /// The contract of the RLC; not on a chain whose own coin is RLC.
    ///
    /// # Errors
    /// As of [`Self::task`].
    pub fn token(&self) -> Result<Address, RpcError> {
        Ok(self.view(tokenCall {})?.into_array().into())
    }

    /// The nRLC that an account has beside the hub, in the contract `token`.
    ///
    /// # Errors
    /// As of [`Self::task`].
    pub fn token_balance(&self, token: Address, account: Address) -> Result<U256, RpcError> {
        let account = (*account.as_bytes()).into();
        self.view_at(token, balanceOfCall { account })
    }
}
