//! The calls that the hub answers, as its sources declare them.

use alloy_sol_types::sol;

sol! {
    interface Native {
        // Where the chain's own coin is RLC.
        function deposit() returns (bool);
    }

    struct TaskView {
        uint8 status;
        bytes32 dealid;
        uint256 idx;
        uint256 timeref;
        uint256 contributionDeadline;
        uint256 revealDeadline;
        uint256 finalDeadline;
        bytes32 consensusValue;
        uint256 revealCounter;
        uint256 winnerCounter;
        address[] contributors;
        bytes32 resultDigest;
        bytes results;
        uint256 resultsTimestamp;
        bytes resultsCallback;
    }

    struct PartView {
        address pointer;
        address owner;
        uint256 price;
    }

    struct DealView {
        PartView app;
        PartView dataset;
        PartView workerpool;
        uint256 trust;
        uint256 category;
        bytes32 tag;
        address requester;
        address beneficiary;
        address callback;
        string params;
        uint256 startTime;
        uint256 botFirst;
        uint256 botSize;
        uint256 workerStake;
        uint256 schedulerRewardRatio;
        address sponsor;
    }

    struct CategoryView {
        string name;
        string description;
        uint256 workClockTimeRef;
    }

    event OrdersMatched(
        bytes32 dealid,
        bytes32 appHash,
        bytes32 datasetHash,
        bytes32 workerpoolHash,
        bytes32 requestHash,
        uint256 volume
    );
    struct Account {
        uint256 stake;
        uint256 locked;
    }

    struct Domain {
        string name;
        string version;
        uint256 chainId;
        address verifyingContract;
    }

    function domain() returns (Domain);
    function viewAccount(address account) returns (Account);
    function token() returns (address);
    function balanceOf(address account) returns (uint256);

    function approveAndCall(address spender, uint256 amount, bytes extra) returns (bool);
    function withdraw(uint256 amount) returns (bool);
    function claim(bytes32 task);
    function claimArray(bytes32[] tasks) returns (bool);
    function initializeAndClaimArray(bytes32[] deals, uint256[] indices) returns (bool);

    function viewTask(bytes32 id) returns (TaskView);
    function viewDeal(bytes32 id) returns (DealView);
    function viewCategory(uint256 id) returns (CategoryView);
    function final_deadline_ratio() returns (uint256);
}

#[cfg(test)]
mod tests {
    use alloy_sol_types::{SolCall, SolEvent as _};

    use super::*;

    #[test]
    fn the_topic_is_that_of_the_hub() {
        assert_eq!(
            OrdersMatched::SIGNATURE_HASH.to_string(),
            "0xd811b592ed0899225773e8933d8df64bd0b62761a9d7aad4ed5b22735f4610a4"
        );
    }

    #[test]
    fn the_selectors_of_what_changes_something_are_those_of_hub_and_token() {
        assert_eq!(approveAndCallCall::SELECTOR, [0xca, 0xe9, 0xca, 0x51]);
        assert_eq!(withdrawCall::SELECTOR, [0x2e, 0x1a, 0x7d, 0x4d]);
        assert_eq!(Native::depositCall::SELECTOR, [0xd0, 0xe3, 0x0d, 0xb0]);
        assert_eq!(claimCall::SELECTOR, [0xbd, 0x66, 0x52, 0x8a]);
    }

    #[test]
    fn the_selectors_are_those_of_the_hub() {
        assert_eq!(viewTaskCall::SELECTOR, [0xad, 0xcc, 0xf0, 0xd5]);
        assert_eq!(viewDealCall::SELECTOR, [0xb7, 0x48, 0x61, 0xb2]);
        assert_eq!(viewCategoryCall::SELECTOR, [0x4f, 0x5f, 0x44, 0xec]);
        let ratio = final_deadline_ratioCall::SELECTOR;
        assert_eq!(ratio, [0xdb, 0x8a, 0xaa, 0x26]);
    }
}
