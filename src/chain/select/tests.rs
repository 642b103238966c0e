#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use super::*;
use crate::chain::{Sms, TeeFramework};

fn entry() -> ChainEntry {
    ChainEntry::default()
}

fn with_number(id: u64) -> ChainEntry {
    ChainEntry {
        id: Some(id),
        ..entry()
    }
}

fn file<const N: usize>(default: Option<&str>, chains: [(&str, ChainEntry); N]) -> ChainFile {
    ChainFile {
        default: default.map(str::to_owned),
        chains: chains.map(|(name, entry)| (name.to_owned(), entry)).into(),
        unknown_keys: Vec::new(),
    }
}

fn refused(wanted: Option<&str>, file: Option<&ChainFile>) -> String {
    Chain::choose(wanted, file).unwrap_err().to_string()
}

#[test]
fn without_a_file_the_named_chain_is_a_built_in_one() {
    for wanted in ["arbitrum-mainnet", "42161"] {
        let chain = Chain::choose(Some(wanted), None).unwrap();
        assert_eq!(chain.name, "arbitrum-mainnet");
        assert_eq!(chain.entry.id, Some(42_161));
        assert_eq!(chain.rpc_host().unwrap(), "https://arb1.arbitrum.io/rpc");
        let gateway = "https://ipfs-gateway.arbitrum-mainnet.iex.ec";
        assert_eq!(chain.entry.ipfs_gateway.as_deref(), Some(gateway));
    }
    let text = refused(Some("goerli"), None);
    assert!(text.starts_with("the chain \"goerli\" is not known"));
}

#[test]
fn without_a_file_a_chain_must_be_named() {
    for wanted in [None, Some("")] {
        let text = refused(wanted, None);
        let sdk = "Missing \"chain.json\" file, did you forget to run \"iexec init\"?";
        assert!(text.starts_with(sdk));
    }
}

#[test]
fn the_default_of_the_file_is_one_of_its_chains() {
    let chain = |file: &ChainFile| Chain::choose(None, Some(file)).map(|chain| chain.name);
    let good = file(Some("mine"), [("mine", entry()), ("bellecour", entry())]);
    assert_eq!(chain(&good).unwrap(), "mine");
    for default in [None, Some("")] {
        let text = chain(&file(default, [("mine", entry())])).unwrap_err();
        let sdk = "Missing chain parameter. Check your \"chain.json\" file";
        assert!(text.to_string().starts_with(sdk));
    }
    // Unlike the option, the default is never a number that stands for a name.
    let text = chain(&file(Some("134"), [("bellecour", entry())])).unwrap_err();
    let sdk = "Missing \"134\" chain in \"chain.json\"";
    assert!(text.to_string().starts_with(sdk));
}

#[test]
fn with_a_file_the_named_chain_is_one_of_its_chains() {
    let file = file(
        Some("bellecour"),
        [
            ("bellecour", entry()),
            ("mine", with_number(421_614)),
            ("1", entry()),
        ],
    );
    let found = |wanted| {
        let chain = Chain::choose(Some(wanted), Some(&file)).unwrap();
        (chain.name, chain.entry.id)
    };
    assert_eq!(found(""), ("bellecour".to_owned(), Some(134)));
    assert_eq!(found("bellecour"), ("bellecour".to_owned(), Some(134)));
    assert_eq!(found("134"), ("bellecour".to_owned(), Some(134)));
    assert_eq!(found("mine"), ("mine".to_owned(), Some(421_614)));
    assert_eq!(found("421614"), ("mine".to_owned(), Some(421_614)));
    assert_eq!(found("1"), ("1".to_owned(), Some(1)));
    for wanted in ["0134", "arbitrum-sepolia-testnet", "mainnet", "other"] {
        let text = refused(Some(wanted), Some(&file));
        assert_eq!(
            text,
            format!("Missing \"{wanted}\" chain in \"chain.json\"")
        );
    }
}

#[test]
fn a_number_is_that_of_one_chain_of_the_file() {
    let chosen = |wanted, chains: [(&str, ChainEntry); 2]| {
        let file = file(None, chains);
        Chain::choose(Some(wanted), Some(&file)).map(|chain| chain.name)
    };
    let twins = || [("a", with_number(65_535)), ("b", with_number(65_535))];
    let error = chosen("65535", twins()).unwrap_err();
    assert!(matches!(&error, ChainError::Ambiguous { names, .. } if *names == ["a", "b"]));
    assert_eq!(chosen("b", twins()).unwrap(), "b");
    // The SDK takes the one under the built-in name.
    let with_built_in = [("a", with_number(134)), ("bellecour", entry())];
    assert_eq!(chosen("134", with_built_in).unwrap(), "bellecour");
    // That name may stand for another chain.
    let renamed = || [("a", with_number(134)), ("bellecour", with_number(65_535))];
    assert_eq!(chosen("134", renamed()).unwrap(), "a");
    assert_eq!(chosen("65535", renamed()).unwrap(), "bellecour");
}

#[test]
fn keys_of_the_file_hide_whole_defaults() {
    let chosen = |entry| {
        let file = file(Some("bellecour"), [("bellecour", entry)]);
        Chain::choose(None, Some(&file)).unwrap()
    };
    let plain = chosen(entry());
    assert_eq!(plain, Chain::choose(Some("bellecour"), None).unwrap());

    let gramine = "https://localhost/sms".to_owned();
    let sms = Sms::PerFramework(BTreeMap::from([(TeeFramework::Gramine, gramine)]));
    let chain = chosen(ChainEntry {
        sms: Some(sms.clone()),
        default_tee_framework: Some(TeeFramework::Gramine),
        ..entry()
    });
    let expected = ChainEntry {
        sms: Some(sms),
        default_tee_framework: Some(TeeFramework::Gramine),
        ..plain.entry
    };
    assert_eq!(chain.entry, expected);

    let chain = chosen(ChainEntry {
        host: Some(String::new()),
        ipfs_gateway: Some(String::new()),
        ..entry()
    });
    assert_eq!(
        (&chain.entry.host, &chain.entry.ipfs_gateway),
        (&None, &None)
    );
    let sdk =
        "Missing RPC host, no \"host\" key in \"chain.json\" and no default value for chain 134;";
    assert!(chain.rpc_host().unwrap_err().to_string().starts_with(sdk));
}

#[test]
fn the_number_decides_the_defaults_not_the_name() {
    let arbitrum = ChainEntry {
        id: Some(42_161),
        ..entry()
    };
    let file = file(
        Some("bellecour"),
        [("bellecour", arbitrum), ("other", entry())],
    );
    let chain = Chain::choose(None, Some(&file)).unwrap();
    assert_eq!(
        (chain.name.as_str(), chain.entry.id),
        ("bellecour", Some(42_161))
    );
    assert_eq!(
        chain.entry.host.as_deref(),
        Some("https://arb1.arbitrum.io/rpc")
    );

    let other = Chain::choose(Some("other"), Some(&file)).unwrap();
    assert_eq!(other.entry, ChainEntry::default());
    let text = other.rpc_host().unwrap_err().to_string();
    assert!(text.contains("no default value for chain \"other\";"));
}
