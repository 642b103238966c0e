//! The chains that are built in, with the values of the SDK 8.24.0. The SDK 9.0.1 has the two
//! Arbitrum chains with the same values.

use std::collections::BTreeMap;

use super::entry::{ChainEntry, Sms};
use super::tee_framework::TeeFramework;

struct Known {
    id: u64,
    name: &'static str,
    hub: &'static str,
    host: &'static str,
    sms: &'static [(TeeFramework, &'static str)],
    ipfs_gateway: Option<&'static str>,
    market: Option<&'static str>,
    compass: Option<&'static str>,
    /// Whether its own coin is RLC, and gas is free.
    native: bool,
}

const KNOWN: [Known; 4] = [
    Known {
        id: 134,
        name: "bellecour",
        hub: "0x3eca1B216A7DF1C7689aEb259fFB83ADFB894E7f",
        host: "https://bellecour.iex.ec",
        sms: &[
            (TeeFramework::Scone, "https://sms.iex.ec"),
            (
                TeeFramework::Gramine,
                "https://sms.gramine.v8-bellecour.iex.ec",
            ),
        ],
        ipfs_gateway: Some("https://ipfs-gateway.v8-bellecour.iex.ec"),
        market: Some("https://api.market.v8-bellecour.iex.ec"),
        compass: None,
        native: true,
    },
    Known {
        id: 1,
        name: "mainnet",
        hub: "0x3eca1B216A7DF1C7689aEb259fFB83ADFB894E7f",
        host: "mainnet",
        sms: &[],
        ipfs_gateway: None,
        market: None,
        compass: None,
        native: false,
    },
    Known {
        id: 421_614,
        name: "arbitrum-sepolia-testnet",
        hub: "0xB2157BF2fAb286b2A4170E3491Ac39770111Da3E",
        host: "https://sepolia-rollup.arbitrum.io/rpc",
        sms: &[
            (
                TeeFramework::Scone,
                "https://sms.arbitrum-sepolia-testnet.iex.ec",
            ),
            (
                TeeFramework::Tdx,
                "https://sms.arbitrum-sepolia-testnet.iex.ec",
            ),
        ],
        ipfs_gateway: Some("https://ipfs-gateway.arbitrum-sepolia-testnet.iex.ec"),
        market: Some("https://api-market.arbitrum-sepolia-testnet.iex.ec"),
        compass: Some("https://compass.arbitrum-sepolia-testnet.iex.ec"),
        native: false,
    },
    Known {
        id: 42_161,
        name: "arbitrum-mainnet",
        hub: "0x098bFCb1E50ebcA0BaA92C12eA0c3F045A1aD9f0",
        host: "https://arb1.arbitrum.io/rpc",
        sms: &[
            (TeeFramework::Scone, "https://sms.arbitrum-mainnet.iex.ec"),
            (TeeFramework::Tdx, "https://sms.arbitrum-mainnet.iex.ec"),
        ],
        ipfs_gateway: Some("https://ipfs-gateway.arbitrum-mainnet.iex.ec"),
        market: Some("https://api.market.arbitrum-mainnet.iex.ec"),
        compass: Some("https://compass.arbitrum-mainnet.iex.ec"),
        native: false,
    },
];

/// The names of the chains that are built in.
pub fn known_names() -> [&'static str; 4] {
    KNOWN.map(|known| known.name)
}

/// The URLs of all services of the chains that are built in.
pub fn built_in_urls() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().flat_map(|known| {
        let sms = known.sms.iter().map(|(_, url)| *url);
        sms.chain(known.ipfs_gateway)
            .chain(known.market)
            .chain([known.host])
    })
}

/// The number and name of the chain that is built in under this name or number.
pub(super) fn find(name_or_id: &str) -> Option<(u64, &'static str)> {
    let wanted = |known: &&Known| name_or_id == known.name || name_or_id == known.id.to_string();
    let known = KNOWN.iter().find(wanted)?;
    Some((known.id, known.name))
}

/// The built-in settings of the chain of this number; none for another one.
pub(super) fn defaults(id: Option<u64>) -> ChainEntry {
    let known = KNOWN.iter().find(|known| Some(known.id) == id);
    known.map(Known::entry).unwrap_or_default()
}

impl Known {
    fn entry(&self) -> ChainEntry {
        let sms = self.sms.iter();
        let sms: BTreeMap<_, _> = sms.map(|(tee, url)| (*tee, (*url).to_owned())).collect();
        ChainEntry {
            id: Some(self.id),
            host: Some(self.host.to_owned()),
            hub: self.hub.parse().ok(),
            sms: (!sms.is_empty()).then_some(Sms::PerFramework(sms)),
            ipfs_gateway: self.ipfs_gateway.map(str::to_owned),
            market: self.market.map(str::to_owned),
            compass: self.compass.map(str::to_owned),
            native: self.native.then_some(true),
            use_gas: self.native.then_some(false),
            default_tee_framework: None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn chains_are_found_by_name_and_by_number() {
        for (id, name) in [
            (134, "bellecour"),
            (1, "mainnet"),
            (421_614, "arbitrum-sepolia-testnet"),
            (42_161, "arbitrum-mainnet"),
        ] {
            assert_eq!(find(name), Some((id, name)));
            assert_eq!(find(&id.to_string()), Some((id, name)));
        }
        for other in ["", "Bellecour", "0134", "134 ", "goerli"] {
            assert_eq!(find(other), None, "{other}");
        }
    }

    #[test]
    fn every_chain_has_its_hub_and_host() {
        for known in &KNOWN {
            let entry = defaults(Some(known.id));
            assert_eq!(entry.hub.unwrap().to_string(), known.hub);
            assert_eq!(entry.host.as_deref(), Some(known.host));
        }
        assert_eq!(defaults(Some(2)), ChainEntry::default());
        assert_eq!(defaults(None), ChainEntry::default());
    }
}
