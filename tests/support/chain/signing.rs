//! Orders made by the library, signed by the accounts of the chain, and what the contracts say of them.

use iexec_hsm::chain::order::{
    AppOrder, DatasetOrder, Order, Orders, RequestOrder, Signed, WorkerpoolOrder,
};
use iexec_hsm::chain::poco::{Call, Domain, Hub, U256};
use iexec_hsm::chain::rpc::{Rpc, RpcError};
use iexec_hsm::chain::tx::reason;
use iexec_hsm::wallet::address::Address;
use iexec_hsm::wallet::sign::Wallet as _;
use iexec_hsm::wallet::software::SoftwareWallet;
use serde_json::{Value, json};

use super::{CHAIN_ID, Chain, Who};

/// A chain, seen by the library.
pub struct Seen {
    pub chain: Chain,
    pub hub: Hub,
    pub domain: Domain,
}

impl Who {
    /// The wallet of the library.
    pub fn wallet(self) -> SoftwareWallet {
        SoftwareWallet::from_text(self.private_key().as_bytes()).unwrap()
    }

    /// The address in the form of the library.
    pub fn account(self) -> Address {
        self.wallet().address()
    }
}

impl Seen {
    /// A fresh one; or nothing and a word to the reader.
    pub fn start() -> Option<Self> {
        let chain = Chain::start()?;
        let rpc = Rpc::new(&chain.node.url(), Default::default()).unwrap();
        let hub = chain.address("hub").into_array().into();
        let hub = Hub::new(rpc, hub, Some(CHAIN_ID));
        let domain = hub.domain().unwrap();
        Some(Self { chain, hub, domain })
    }

    /// An address of the chain.
    pub fn address(&self, name: &str) -> Address {
        self.chain.address(name).into_array().into()
    }

    pub fn sign<O: Order>(&self, who: Who, order: O) -> Signed<O> {
        let mut wallet = who.wallet();
        Signed::sign(order, who.account(), &self.domain, &mut wallet).unwrap()
    }

    pub fn app(&self) -> AppOrder {
        AppOrder {
            app: self.address("app"),
            price: U256::from(5),
            volume: U256::from(1_000),
            tag: "tee,tdx".parse().unwrap(),
            dataset_restrict: Address::ZERO,
            workerpool_restrict: Address::ZERO,
            requester_restrict: Address::ZERO,
            salt: iexec_hsm::chain::order::salt().unwrap(),
        }
    }

    pub fn dataset(&self) -> DatasetOrder {
        DatasetOrder {
            dataset: self.address("dataset"),
            price: U256::from(7),
            volume: U256::from(1_000),
            tag: "tee".parse().unwrap(),
            app_restrict: Address::ZERO,
            workerpool_restrict: Address::ZERO,
            requester_restrict: Address::ZERO,
            salt: iexec_hsm::chain::order::salt().unwrap(),
        }
    }

    pub fn workerpool(&self) -> WorkerpoolOrder {
        WorkerpoolOrder {
            workerpool: self.address("workerpool"),
            price: U256::from(105),
            volume: U256::from(1_000),
            tag: "tee,tdx".parse().unwrap(),
            category: U256::ZERO,
            trust: U256::ZERO,
            app_restrict: Address::ZERO,
            dataset_restrict: Address::ZERO,
            requester_restrict: Address::ZERO,
            salt: iexec_hsm::chain::order::salt().unwrap(),
        }
    }

    pub fn request(&self) -> RequestOrder {
        RequestOrder {
            app: self.address("app"),
            app_max_price: U256::from(5),
            dataset: self.address("dataset"),
            dataset_max_price: U256::from(7),
            workerpool: self.address("workerpool"),
            workerpool_max_price: U256::from(105),
            requester: Who::Requester.account(),
            volume: U256::from(1),
            tag: "tee,tdx".parse().unwrap(),
            category: U256::ZERO,
            trust: U256::ZERO,
            beneficiary: Who::Requester.account(),
            callback: Address::ZERO,
            params: r#"{"iexec_result_storage_provider":"ipfs"}"#.to_owned(),
            salt: iexec_hsm::chain::order::salt().unwrap(),
        }
    }

    /// Orders that are not signed yet.
    pub fn orders(&self) -> Orders {
        Orders {
            app: Signed::unsigned(self.app()),
            dataset: Some(Signed::unsigned(self.dataset())),
            workerpool: Signed::unsigned(self.workerpool()),
            request: Signed::unsigned(self.request()),
        }
    }

    /// Has everybody sign what is not signed yet.
    pub fn signed(&self, mut orders: Orders) -> Orders {
        fn each<O: Order>(seen: &Seen, who: Who, order: &mut Signed<O>) {
            if order.is_unsigned() {
                *order = seen.sign(who, order.order.clone());
            }
        }
        each(self, Who::AppOwner, &mut orders.app);
        if let Some(dataset) = &mut orders.dataset {
            each(self, Who::DatasetOwner, dataset);
        }
        each(self, Who::Scheduler, &mut orders.workerpool);
        each(self, Who::Requester, &mut orders.request);
        orders
    }

    /// What the contract says to a call: the answer, or its words of refusal.
    pub fn try_call(&self, from: Who, call: &Call) -> Result<String, String> {
        match self
            .hub
            .rpc()
            .call("eth_call", &json!([of(from, call), "latest"]))
        {
            Ok(answer) => Ok(answer.as_str().unwrap().to_owned()),
            Err(error @ RpcError::Refused { .. }) => Err(reason(&error).unwrap()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Has an account do it.
    #[track_caller]
    pub fn send(&self, from: Who, call: &Call) {
        let node = &self.chain.node;
        let hash = node.rpc("eth_sendTransaction", json!([of(from, call)]));
        loop {
            let receipt = node.rpc("eth_getTransactionReceipt", json!([hash]));
            if receipt.is_null() {
                std::thread::sleep(std::time::Duration::from_millis(2));
                continue;
            }
            assert_eq!(receipt["status"], "0x1", "{receipt}");
            return;
        }
    }

    /// What is free and what is held of an account in the hub, in nRLC.
    pub fn money(&self, who: Who) -> (u64, u64) {
        let account = self.hub.account(who.account()).unwrap();
        (account.stake.to(), account.locked.to())
    }
}

fn of(from: Who, call: &Call) -> Value {
    json!({
        "from": from.account().to_string(),
        "to": call.to.to_string(),
        "data": format!("0x{}", crate::support::hex(&call.data)),
        "gas": "0x1000000",
    })
}
