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

/// The order of a dataset's owner: who may use it, and for how much.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetOrder {
    /// The dataset.
    pub dataset: Address,
    /// The price for each task, in nRLC.
    #[serde(rename = "datasetprice", with = "number")]
    pub price: U256,
    /// How many tasks it is for.
    #[serde(with = "number")]
    pub volume: U256,
    /// What is asked of those who use it.
    pub tag: Tag,
    /// The only app that may use it, or a contract that lists some; nobody for any.
    #[serde(rename = "apprestrict")]
    pub app_restrict: Address,
    /// The only workerpool that may use it, likewise.
    #[serde(rename = "workerpoolrestrict")]
    pub workerpool_restrict: Address,
    /// The only requester that may have it used, likewise.
    #[serde(rename = "requesterrestrict")]
    pub requester_restrict: Address,
    /// What makes it another one than all that say the same.
    pub salt: Id,
}

impl Fields for DatasetOrder {
    const TYPE: &str = "DatasetOrder(address dataset,uint256 datasetprice,uint256 volume,bytes32 tag,address apprestrict,address workerpoolrestrict,address requesterrestrict,bytes32 salt)";

    fn words(&self) -> Vec<u8> {
        let fields = (
            address(self.dataset),
            self.price,
            self.volume,
            self.tag.word(),
            address(self.app_restrict),
            address(self.workerpool_restrict),
            address(self.requester_restrict),
            *self.salt.as_bytes(),
        );
        fields.abi_encode()
    }
}

impl Order for DatasetOrder {
    const SIDE: Side = Side::Dataset;

    fn volume(&self) -> U256 {
        self.volume
    }

    fn tag(&self) -> Tag {
        self.tag
    }
}

impl Offer for DatasetOrder {
    fn what(&self) -> Address {
        self.dataset
    }

    fn price(&self) -> U256 {
        self.price
    }

    fn restrictions(&self) -> [(Side, Address); 3] {
        [
            (Side::App, self.app_restrict),
            (Side::Workerpool, self.workerpool_restrict),
            (Side::Requester, self.requester_restrict),
        ]
    }
}

impl Signed<DatasetOrder> {
    pub(super) fn abi(&self) -> abi::DatasetOrder {
        let order = &self.order;
        abi::DatasetOrder {
            dataset: address(order.dataset),
            datasetprice: order.price,
            volume: order.volume,
            tag: order.tag.word(),
            apprestrict: address(order.app_restrict),
            workerpoolrestrict: address(order.workerpool_restrict),
            requesterrestrict: address(order.requester_restrict),
            salt: order.salt.into(),
            sign: self.sign.clone().into(),
        }
    }
}
