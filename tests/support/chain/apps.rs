//! Apps that are made for one kind of enclave.

use alloy_primitives::{Address, B256, Bytes, hex};
use alloy_sol_types::{SolCall as _, sol};
use serde_json::json;

use super::{Chain, Who};

sol! {
    function appregistry() returns (address);
    function createApp(
        address owner,
        string name,
        string kind,
        bytes multiaddr,
        bytes32 checksum,
        bytes mrenclave
    ) returns (address);
}

impl Chain {
    /// A new app of the app's owner, whose contract says this of its enclave.
    pub fn create_app(&self, enclave: &str) -> Address {
        let call = json!({
            "to": self.address("hub").to_string(),
            "data": hex::encode_prefixed(appregistryCall {}.abi_encode()),
        });
        let registry = self.node.rpc("eth_call", json!([call, "latest"]));
        let registry = B256::from(hex::decode_to_array(registry.as_str().unwrap()).unwrap());
        let owner = Who::AppOwner.address();
        let call = createAppCall {
            owner,
            name: "an app of another enclave".to_owned(),
            kind: "DOCKER".to_owned(),
            multiaddr: Bytes::new(),
            checksum: B256::ZERO,
            mrenclave: enclave.as_bytes().to_vec().into(),
        };
        let receipt = self.send_to(Address::from_word(registry), Who::AppOwner, &call);
        // The token of the registry that stands for it has its address as its number.
        let topics = receipt["logs"].as_array().unwrap().iter();
        let mut ids = topics.filter_map(|log| log["topics"][3].as_str());
        let id: B256 = ids.next().unwrap().parse().unwrap();
        Address::from_word(id)
    }
}
