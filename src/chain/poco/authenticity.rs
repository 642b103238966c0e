//! Whose something is, and whether an order of it is genuine and has anything left.

use alloy_primitives::U256;
use alloy_sol_types::{SolCall, sol};

use super::contracts::viewCategoryCall;
use super::hub::Hub;
use super::ids::Id;
use crate::chain::rpc::RpcError;
use crate::wallet::address::Address;

sol! {
    function appregistry() returns (address);
    function datasetregistry() returns (address);
    function workerpoolregistry() returns (address);
    function isRegistered(address entry) returns (bool);
    function owner() returns (address);
    function viewConsumed(bytes32 id) returns (uint256);
    function verifySignature(address identity, bytes32 hash, bytes signature) returns (bool);
    function verifyPresignature(address identity, bytes32 hash) returns (bool);
    // ERC-734.
    function keyHasPurpose(bytes32 key, uint256 purpose) returns (bool);
}

/// The purpose of a key that is a member of a group.
const GROUP_MEMBER: u64 = 4;

/// A registry of the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Registry {
    /// Of apps.
    Apps,
    /// Of datasets.
    Datasets,
    /// Of workerpools.
    Workerpools,
}

impl Hub {
    /// The owner of an app, a dataset or a workerpool; none where the registry does not have it.
    ///
    /// # Errors
    /// As of [`Self::task`].
    pub fn owner(&self, registry: Registry, of: Address) -> Result<Option<Address>, RpcError> {
        let registry = match registry {
            Registry::Apps => self.view(appregistryCall {}),
            Registry::Datasets => self.view(datasetregistryCall {}),
            Registry::Workerpools => self.view(workerpoolregistryCall {}),
        }?;
        let registry = registry.into_array().into();
        let entry = (*of.as_bytes()).into();
        if !self.view_at(registry, isRegisteredCall { entry })? {
            return Ok(None);
        }
        let owner = self.view_at(of, ownerCall {})?;
        Ok(Some(owner.into_array().into()))
    }

    /// How many tasks of the order with this hash are in deals already. All of them where its owner has closed it.
    ///
    /// # Errors
    /// As of [`Self::task`].
    pub fn consumed(&self, order: Id) -> Result<U256, RpcError> {
        self.view(viewConsumedCall { id: order.into() })
    }

    /// Whether `owner` has signed this hash: by a key, as a contract that says so, or in a transaction.
    ///
    /// # Errors
    /// As of [`Self::task`].
    pub fn has_signed(&self, owner: Address, hash: Id, sign: &[u8]) -> Result<bool, RpcError> {
        let identity = (*owner.as_bytes()).into();
        let hash = hash.into();
        let signature = verifySignatureCall {
            identity,
            hash,
            signature: sign.to_vec().into(),
        };
        if self.is_true(self.address(), signature)? {
            return Ok(true);
        }
        self.is_true(self.address(), verifyPresignatureCall { identity, hash })
    }

    /// Whether `group` is a contract that lists `member`.
    ///
    /// # Errors
    /// As of [`Self::task`].
    pub fn is_member(&self, group: Address, member: Address) -> Result<bool, RpcError> {
        let key = alloy_primitives::Address::from(*member.as_bytes()).into_word();
        let purpose = U256::from(GROUP_MEMBER);
        self.is_true(group, keyHasPurposeCall { key, purpose })
    }

    /// Whether there is a category with this number.
    ///
    /// # Errors
    /// As of [`Self::task`].
    pub fn has_category(&self, id: U256) -> Result<bool, RpcError> {
        let view = self.try_view(self.address(), viewCategoryCall { id })?;
        Ok(view.is_some())
    }

    fn is_true<C: SolCall<Return = bool>>(&self, to: Address, call: C) -> Result<bool, RpcError> {
        Ok(self.try_view(to, call)?.unwrap_or_default())
    }

    /// What a contract answers; none where it refuses, is not there, or answers something else.
    fn try_view<C: SolCall>(&self, to: Address, call: C) -> Result<Option<C::Return>, RpcError> {
        match self.view_at(to, call) {
            Ok(answer) => Ok(Some(answer)),
            Err(RpcError::NoHub { .. }) => Ok(None),
            Err(error) if error.is_revert() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selectors_are_those_of_the_hub() {
        assert_eq!(appregistryCall::SELECTOR, [0x45, 0xb6, 0x37, 0xa9]);
        assert_eq!(datasetregistryCall::SELECTOR, [0xb1, 0xb1, 0x1d, 0x2c]);
        assert_eq!(workerpoolregistryCall::SELECTOR, [0x90, 0xa0, 0xf5, 0x46]);
        assert_eq!(viewConsumedCall::SELECTOR, [0x4b, 0x2b, 0xec, 0x8c]);
        assert_eq!(verifySignatureCall::SELECTOR, [0x01, 0x75, 0x19, 0x98]);
    }
}
