use std::collections::BTreeMap;

use super::tee_framework::TeeFramework;
use crate::wallet::address::Address;

/// The settings of one chain. A key that is there hides all of the built-in value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChainEntry {
    /// The number.
    pub id: Option<u64>,
    /// The URL of its RPC service, or a name that the SDK gives to a set of such services.
    pub host: Option<String>,
    /// The address of iExec's hub contract.
    pub hub: Option<Address>,
    /// The URLs of its Secret Management Service.
    pub sms: Option<Sms>,
    /// The URL of its IPFS gateway.
    pub ipfs_gateway: Option<String>,
    /// The URL of iExec's market, which the SDK's `chain.json` calls `iexecGateway`.
    pub market: Option<String>,
    /// The URL of iExec's compass, which knows the schedulers of workerpools.
    pub compass: Option<String>,
    /// Whether its own coin is RLC; not where nothing is said.
    pub native: Option<bool>,
    /// Whether it takes something for gas, which it does where nothing is said.
    pub use_gas: Option<bool>,
    /// The framework that is used where none is named.
    pub default_tee_framework: Option<TeeFramework>,
}

/// The URLs of the Secret Management Service of a chain. They start with `https://` or `http://`,
/// and may have a path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sms {
    /// At one URL, whatever the framework.
    One(String),
    /// At a URL per framework; not at all for a framework that is not here.
    PerFramework(BTreeMap<TeeFramework, String>),
}

impl Sms {
    /// The URL for this framework.
    pub fn url(&self, framework: TeeFramework) -> Option<&str> {
        match self {
            Self::One(url) => Some(url),
            Self::PerFramework(urls) => urls.get(&framework).map(String::as_str),
        }
    }
}
