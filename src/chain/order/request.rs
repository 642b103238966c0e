use alloy_primitives::U256;
use alloy_sol_types::SolValue as _;
use serde::{Deserialize, Serialize};

use super::abi::{self, address};
use super::json::number;
use super::kind::{Fields, Order, Side, word_of};
use super::signed::{SignError, Signed};
use super::tag::Tag;
use crate::chain::poco::{Domain, Id};
use crate::wallet::address::Address;
use crate::wallet::sign::Wallet;

/// The order of a requester: what is to be run, for whom, and for how much at most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestOrder {
    /// The app.
    pub app: Address,
    /// The most that the app may cost for each task, in nRLC.
    #[serde(rename = "appmaxprice", with = "number")]
    pub app_max_price: U256,
    /// The dataset; nobody for none.
    pub dataset: Address,
    /// The most that the dataset may cost for each task, in nRLC.
    #[serde(rename = "datasetmaxprice", with = "number")]
    pub dataset_max_price: U256,
    /// The only workerpool that may run it, or a contract that lists some; nobody for any.
    pub workerpool: Address,
    /// The most that the workerpool may cost for each task, in nRLC.
    #[serde(rename = "workerpoolmaxprice", with = "number")]
    pub workerpool_max_price: U256,
    /// Who pays.
    pub requester: Address,
    /// How many tasks are wanted.
    #[serde(with = "number")]
    pub volume: U256,
    /// What is asked of the workers.
    pub tag: Tag,
    /// The category, which says how long a task may take.
    #[serde(with = "number")]
    pub category: U256,
    /// How much workers have to be trusted before their result counts.
    #[serde(with = "number")]
    pub trust: U256,
    /// Whom the results are for.
    pub beneficiary: Address,
    /// The contract that results go to; nobody for none.
    pub callback: Address,
    /// What the app is told, as JSON.
    #[serde(default)]
    pub params: String,
    /// What makes it another one than all that say the same.
    pub salt: Id,
}

impl RequestOrder {
    /// The id of the deal that it makes, if none of its tasks is in another deal yet.
    pub fn deal_id(&self, domain: &Domain) -> Id {
        self.hash(domain).deal(U256::ZERO)
    }
}

impl Fields for RequestOrder {
    const TYPE: &str = "RequestOrder(address app,uint256 appmaxprice,address dataset,uint256 datasetmaxprice,address workerpool,uint256 workerpoolmaxprice,address requester,uint256 volume,bytes32 tag,uint256 category,uint256 trust,address beneficiary,address callback,string params,bytes32 salt)";

    fn words(&self) -> Vec<u8> {
        let fields = (
            address(self.app),
            self.app_max_price,
            address(self.dataset),
            self.dataset_max_price,
            address(self.workerpool),
            self.workerpool_max_price,
            address(self.requester),
            self.volume,
            self.tag.word(),
            self.category,
            self.trust,
            address(self.beneficiary),
            address(self.callback),
            word_of(&self.params),
            *self.salt.as_bytes(),
        );
        fields.abi_encode()
    }
}

impl Order for RequestOrder {
    const SIDE: Side = Side::Requester;

    fn volume(&self) -> U256 {
        self.volume
    }

    fn tag(&self) -> Tag {
        self.tag
    }
}

impl Signed<RequestOrder> {
    /// Signs a request with the wallet of its requester.
    ///
    /// # Errors
    /// As of [`Self::sign`].
    pub fn request(
        order: RequestOrder,
        domain: &Domain,
        wallet: &mut dyn Wallet,
    ) -> Result<Self, SignError> {
        let requester = order.requester;
        Self::sign(order, requester, domain, wallet)
    }

    pub(super) fn abi(&self) -> abi::RequestOrder {
        let order = &self.order;
        abi::RequestOrder {
            app: address(order.app),
            appmaxprice: order.app_max_price,
            dataset: address(order.dataset),
            datasetmaxprice: order.dataset_max_price,
            workerpool: address(order.workerpool),
            workerpoolmaxprice: order.workerpool_max_price,
            requester: address(order.requester),
            volume: order.volume,
            tag: order.tag.word(),
            category: order.category,
            trust: order.trust,
            beneficiary: address(order.beneficiary),
            callback: address(order.callback),
            params: order.params.clone(),
            salt: order.salt.into(),
            sign: self.sign.clone().into(),
        }
    }
}
