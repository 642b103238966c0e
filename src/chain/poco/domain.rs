use alloy_primitives::{B256, U256, keccak256};
use alloy_sol_types::SolValue as _;

use super::contracts;
use super::ids::Id;
use crate::wallet::address::Address;

const TYPE: &str =
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";

/// What a hub says that it is: it is part of each hash that is signed for it (EIP-712), so that nothing signed for one hub
/// counts at another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Domain {
    /// The name of the protocol.
    pub name: String,
    /// The version of the protocol.
    pub version: String,
    /// The number of the chain.
    pub chain_id: U256,
    /// The address of the hub.
    pub hub: Address,
}

impl Domain {
    /// The domain of iExec's hub as it is today.
    pub fn new(chain_id: u64, hub: Address) -> Self {
        Self {
            name: "iExecODB".to_owned(),
            version: "5.0.0".to_owned(),
            chain_id: U256::from(chain_id),
            hub,
        }
    }

    pub(super) fn of(domain: contracts::Domain) -> Self {
        Self {
            name: domain.name,
            version: domain.version,
            chain_id: domain.chainId,
            hub: domain.verifyingContract.into_array().into(),
        }
    }

    /// The hash of the domain alone.
    pub fn separator(&self) -> Id {
        let fields = (
            keccak256(TYPE),
            keccak256(&self.name),
            keccak256(&self.version),
            self.chain_id,
            alloy_primitives::Address::from(*self.hub.as_bytes()),
        );
        keccak256(fields.abi_encode()).into()
    }

    /// The hash that is signed for a structure with this hash.
    pub(crate) fn hash(&self, structure: B256) -> Id {
        let separator = B256::from(self.separator());
        let bytes = [b"\x19\x01", separator.as_slice(), structure.as_slice()].concat();
        keccak256(bytes).into()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_separator_is_that_of_the_hub() {
        let hub = "0x098bFCb1E50ebcA0BaA92C12eA0c3F045A1aD9f0".parse();
        let domain = Domain::new(42_161, hub.unwrap());
        assert_eq!(
            domain.separator().to_string(),
            "0x3b211ab198ac0c745a332d34416d88c417c2f06a87bd9f0d2fdd37b242c75402"
        );
    }
}
