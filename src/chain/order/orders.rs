use alloy_sol_types::SolCall as _;

use super::abi;
use super::app::AppOrder;
use super::dataset::DatasetOrder;
use super::request::RequestOrder;
use super::signed::{SignError, Signed};
use super::workerpool::WorkerpoolOrder;
use crate::chain::poco::{Call, Domain, Hub};
use crate::wallet::sign::Wallet;

/// The orders that a deal is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orders {
    /// Of the app's owner.
    pub app: Signed<AppOrder>,
    /// Of the dataset's owner, where one is used.
    pub dataset: Option<Signed<DatasetOrder>>,
    /// Of the workerpool's owner.
    pub workerpool: Signed<WorkerpoolOrder>,
    /// Of the requester.
    pub request: Signed<RequestOrder>,
}

impl Orders {
    /// The call that makes a deal of them.
    pub fn call(&self, hub: &Hub) -> Call {
        Call::new(hub.address(), self.calldata())
    }

    /// Has the requester sign those that are not signed yet.
    ///
    /// # Errors
    /// When the wallet is not the requester's, or does not sign.
    pub fn sign(&mut self, domain: &Domain, wallet: &mut dyn Wallet) -> Result<(), SignError> {
        let requester = self.request.order.requester;
        self.app.complete(requester, domain, wallet)?;
        if let Some(dataset) = &mut self.dataset {
            dataset.complete(requester, domain, wallet)?;
        }
        self.workerpool.complete(requester, domain, wallet)?;
        self.request.complete(requester, domain, wallet)
    }

    /// The function with the orders.
    pub(crate) fn calldata(&self) -> Vec<u8> {
        let dataset = self.dataset.as_ref().map(Signed::<DatasetOrder>::abi);
        let call = abi::matchOrdersCall {
            app: self.app.abi(),
            dataset: dataset.unwrap_or_default(),
            workerpool: self.workerpool.abi(),
            request: self.request.abi(),
        };
        call.abi_encode()
    }
}
