use crate::chain::order::{AppOrder, DatasetOrder, RequestOrder, Sides, Tag, WorkerpoolOrder};
use crate::chain::poco::{Id, U256};
use crate::wallet::address::Address;

/// What a requester wants of a task, before anybody's order is chosen for it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Terms {
    /// Who pays.
    pub requester: Address,
    /// What is run.
    pub app: Address,
    /// What it is run on, if anything.
    pub dataset: Option<Address>,
    /// Who runs it; the cheapest that fits where nobody is named.
    pub workerpool: Option<Address>,
    /// The category; the lowest that a workerpool has where none is named.
    pub category: Option<U256>,
    /// What is asked of the workers.
    pub tag: Tag,
    /// How much workers have to be trusted before their result counts.
    pub trust: U256,
    /// Whom the result is for.
    pub beneficiary: Address,
    /// The contract that the result goes to; nobody for none.
    pub callback: Address,
    /// What the app is told, as JSON.
    pub params: String,
    /// What makes the request another one than all that say the same.
    pub salt: Id,
}

impl Terms {
    /// A request of this app alone, for the requester, at any workerpool, with nothing asked of it.
    pub fn new(requester: Address, app: Address, salt: Id) -> Self {
        Self {
            requester,
            app,
            dataset: None,
            workerpool: None,
            category: None,
            tag: Tag::NONE,
            trust: U256::ZERO,
            beneficiary: requester,
            callback: Address::ZERO,
            params: String::new(),
            salt,
        }
    }

    /// Who is on each side, as far as it is known.
    pub(super) fn sides(&self) -> Sides {
        Sides {
            app: self.app,
            dataset: self.dataset(),
            workerpool: self.workerpool,
            requester: self.requester,
        }
    }

    pub(super) fn dataset(&self) -> Address {
        self.dataset.unwrap_or(Address::ZERO)
    }

    /// The request for one task of these orders, at their prices.
    pub(super) fn request(
        &self,
        app: &AppOrder,
        dataset: Option<&DatasetOrder>,
        pool: &WorkerpoolOrder,
    ) -> RequestOrder {
        RequestOrder {
            app: app.app,
            app_max_price: app.price,
            dataset: self.dataset(),
            dataset_max_price: dataset.map(|it| it.price).unwrap_or_default(),
            workerpool: pool.workerpool,
            workerpool_max_price: pool.price,
            requester: self.requester,
            volume: U256::from(1),
            tag: self.tag,
            category: pool.category,
            trust: self.trust,
            beneficiary: self.beneficiary,
            callback: self.callback,
            params: self.params.clone(),
            salt: self.salt,
        }
    }

    /// The order of an app that is the requester's own: for this request alone.
    pub(super) fn own_app(&self) -> AppOrder {
        AppOrder {
            app: self.app,
            price: U256::ZERO,
            volume: U256::from(1),
            tag: self.tag,
            dataset_restrict: Address::ZERO,
            workerpool_restrict: Address::ZERO,
            requester_restrict: self.requester,
            salt: self.salt,
        }
    }

    /// Likewise of a dataset.
    pub(super) fn own_dataset(&self, dataset: Address) -> DatasetOrder {
        DatasetOrder {
            dataset,
            price: U256::ZERO,
            volume: U256::from(1),
            tag: self.tag,
            app_restrict: Address::ZERO,
            workerpool_restrict: Address::ZERO,
            requester_restrict: self.requester,
            salt: self.salt,
        }
    }

    /// Likewise of a workerpool, which has to have all of `tag`.
    pub(super) fn own_workerpool(&self, workerpool: Address, tag: Tag) -> WorkerpoolOrder {
        WorkerpoolOrder {
            workerpool,
            price: U256::ZERO,
            volume: U256::from(1),
            tag,
            category: self.category.unwrap_or_default(),
            trust: self.trust,
            app_restrict: Address::ZERO,
            dataset_restrict: Address::ZERO,
            requester_restrict: self.requester,
            salt: self.salt,
        }
    }
}
