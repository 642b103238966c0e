use alloy_primitives::U256;
use alloy_sol_types::SolValue as _;
use serde::{Deserialize, Serialize};

use super::abi::{self, address};
use super::json::number;
use super::kind::{Fields, Offer, Order, Side};
use super::signed::Signed;
use super::tag::Tag;
use crate::chain::poco::Id;
use crate::wallet::address::Address;

/// The order of a workerpool's owner: what it computes, and for how much.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerpoolOrder {
    /// The workerpool.
    pub workerpool: Address,
    /// The price for each task, in nRLC.
    #[serde(rename = "workerpoolprice", with = "number")]
    pub price: U256,
    /// How many tasks it is for.
    #[serde(with = "number")]
    pub volume: U256,
    /// What its workers have.
    pub tag: Tag,
    /// The category, which says how long a task may take.
    #[serde(with = "number")]
    pub category: U256,
    /// How much its workers can be trusted.
    #[serde(with = "number")]
    pub trust: U256,
    /// The only app that it runs, or a contract that lists some; nobody for any.
    #[serde(rename = "apprestrict")]
    pub app_restrict: Address,
    /// The only dataset that it uses, likewise.
    #[serde(rename = "datasetrestrict")]
    pub dataset_restrict: Address,
    /// The only requester that it works for, likewise.
    #[serde(rename = "requesterrestrict")]
    pub requester_restrict: Address,
    /// What makes it another one than all that say the same.
    pub salt: Id,
}

impl Fields for WorkerpoolOrder {
    const TYPE: &str = "WorkerpoolOrder(address workerpool,uint256 workerpoolprice,uint256 volume,bytes32 tag,uint256 category,uint256 trust,address apprestrict,address datasetrestrict,address requesterrestrict,bytes32 salt)";

    fn words(&self) -> Vec<u8> {
        let fields = (
            address(self.workerpool),
            self.price,
            self.volume,
            self.tag.word(),
            self.category,
            self.trust,
            address(self.app_restrict),
            address(self.dataset_restrict),
            address(self.requester_restrict),
            *self.salt.as_bytes(),
        );
        fields.abi_encode()
    }
}

impl Order for WorkerpoolOrder {
    const SIDE: Side = Side::Workerpool;

    fn volume(&self) -> U256 {
        self.volume
    }

    fn tag(&self) -> Tag {
        self.tag
    }
}

impl Offer for WorkerpoolOrder {
    fn what(&self) -> Address {
        self.workerpool
    }

    fn price(&self) -> U256 {
        self.price
    }

    fn restrictions(&self) -> [(Side, Address); 3] {
        [
            (Side::App, self.app_restrict),
            (Side::Dataset, self.dataset_restrict),
            (Side::Requester, self.requester_restrict),
        ]
    }
}

impl Signed<WorkerpoolOrder> {
    pub(super) fn abi(&self) -> abi::WorkerpoolOrder {
        let order = &self.order;
        abi::WorkerpoolOrder {
            workerpool: address(order.workerpool),
            workerpoolprice: order.price,
            volume: order.volume,
            tag: order.tag.word(),
            category: order.category,
            trust: order.trust,
            apprestrict: address(order.app_restrict),
            datasetrestrict: address(order.dataset_restrict),
            requesterrestrict: address(order.requester_restrict),
            salt: order.salt.into(),
            sign: self.sign.clone().into(),
        }
    }
}
