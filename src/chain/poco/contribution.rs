//! What workers have contributed to a task.

use alloy_primitives::Address as SolAddress;
use alloy_sol_types::sol;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::hub::Hub;
use super::ids::Id;
use crate::chain::rpc::RpcError;
use crate::wallet::address::Address;

sol! {
    struct ContributionView {
        uint8 status;
        bytes32 resultHash;
        bytes32 resultSeal;
        address enclaveChallenge;
        uint256 weight;
    }

    function viewContribution(bytes32 task, address worker) returns (ContributionView);
    function teebroker() returns (address);
}

/// A worker's contribution to a task, as the hub has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Contribution {
    /// Who contributed.
    pub worker: Address,
    /// What became of it.
    pub status: ContributionStatus,
    /// The hash of task and digest.
    pub hash: Id,
    /// The hash of worker, task and digest.
    pub seal: Id,
    /// The address that the enclave signs with; of nobody where there was no enclave.
    pub enclave: Address,
}

/// What became of a contribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ContributionStatus {
    /// There is none.
    Unset,
    /// It is there, and not revealed.
    Contributed,
    /// It counts: its worker has shown the digest.
    Proved,
    /// It does not count.
    Rejected,
}

impl ContributionStatus {
    const ALL: [Self; 4] = [Self::Unset, Self::Contributed, Self::Proved, Self::Rejected];
}

impl Hub {
    /// What workers have contributed to tasks, in their order.
    ///
    /// # Errors
    /// As of [`Self::task`].
    pub fn contributions(&self, of: &[(Id, Address)]) -> Result<Vec<Contribution>, RpcError> {
        let call = |(task, worker): &(Id, Address)| viewContributionCall {
            task: (*task).into(),
            worker: SolAddress::from(*worker.as_bytes()),
        };
        let views = self.views(of.iter().map(call))?.into_iter().zip(of);
        let contribution = |(view, (_, worker)): (ContributionView, &(Id, Address))| {
            let status = ContributionStatus::ALL.get(usize::from(view.status));
            Ok(Contribution {
                worker: *worker,
                status: *status.ok_or_else(|| self.no_hub())?,
                hash: view.resultHash.into(),
                seal: view.resultSeal.into(),
                enclave: view.enclaveChallenge.into_array().into(),
            })
        };
        views.map(contribution).collect()
    }

    /// Who authorises workers with enclaves in the place of the owners of workerpools; nobody where these do.
    ///
    /// # Errors
    /// As of [`Self::task`].
    pub fn tee_broker(&self) -> Result<Option<Address>, RpcError> {
        let broker = self.view(teebrokerCall {})?;
        Ok((!broker.is_zero()).then(|| broker.into_array().into()))
    }

    /// Whether there is a contract at an address.
    ///
    /// # Errors
    /// As of [`Self::task`].
    pub fn is_contract(&self, address: Address) -> Result<bool, RpcError> {
        self.check_chain()?;
        let params = json!([address.to_string(), "latest"]);
        let code = self.rpc().call("eth_getCode", &params)?;
        let code = code.as_str().ok_or_else(|| self.not_a_node())?;
        Ok(code != "0x")
    }
}

#[cfg(test)]
mod tests {
    use alloy_sol_types::SolCall as _;

    use super::*;

    #[test]
    fn the_selectors_are_those_of_the_hub() {
        assert_eq!(viewContributionCall::SELECTOR, [0xe7, 0x41, 0x36, 0x3b]);
        assert_eq!(teebrokerCall::SELECTOR, [0x59, 0x75, 0xb8, 0xfc]);
    }
}
