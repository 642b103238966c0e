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

/// The order of an app's owner: who may run it, and for how much.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppOrder {
    /// The app.
    pub app: Address,
    /// The price for each task, in nRLC.
    #[serde(rename = "appprice", with = "number")]
    pub price: U256,
    /// How many tasks it is for.
    #[serde(with = "number")]
    pub volume: U256,
    /// What the app needs.
    pub tag: Tag,
    /// The only dataset that it may be run on, or a contract that lists some; nobody for any.
    #[serde(rename = "datasetrestrict")]
    pub dataset_restrict: Address,
    /// The only workerpool that may run it, likewise.
    #[serde(rename = "workerpoolrestrict")]
    pub workerpool_restrict: Address,
    /// The only requester that may have it run, likewise.
    #[serde(rename = "requesterrestrict")]
    pub requester_restrict: Address,
    /// What makes it another one than all that say the same.
    pub salt: Id,
}

impl Fields for AppOrder {
    const TYPE: &str = "AppOrder(address app,uint256 appprice,uint256 volume,bytes32 tag,address datasetrestrict,address workerpoolrestrict,address requesterrestrict,bytes32 salt)";

    fn words(&self) -> Vec<u8> {
        let fields = (
            address(self.app),
            self.price,
            self.volume,
            self.tag.word(),
            address(self.dataset_restrict),
            address(self.workerpool_restrict),
            address(self.requester_restrict),
            *self.salt.as_bytes(),
        );
        fields.abi_encode()
    }
}

impl Order for AppOrder {
    const SIDE: Side = Side::App;

    fn volume(&self) -> U256 {
        self.volume
    }

    fn tag(&self) -> Tag {
        self.tag
    }
}

impl Offer for AppOrder {
    fn what(&self) -> Address {
        self.app
    }

    fn price(&self) -> U256 {
        self.price
    }

    fn restrictions(&self) -> [(Side, Address); 3] {
        [
            (Side::Dataset, self.dataset_restrict),
            (Side::Workerpool, self.workerpool_restrict),
            (Side::Requester, self.requester_restrict),
        ]
    }
}

impl Signed<AppOrder> {
    pub(super) fn abi(&self) -> abi::AppOrder {
        let order = &self.order;
        abi::AppOrder {
            app: address(order.app),
            appprice: order.price,
            volume: order.volume,
            tag: order.tag.word(),
            datasetrestrict: address(order.dataset_restrict),
            workerpoolrestrict: address(order.workerpool_restrict),
            requesterrestrict: address(order.requester_restrict),
            salt: order.salt.into(),
            sign: self.sign.clone().into(),
        }
    }
}
