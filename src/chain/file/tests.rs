#![allow(clippy::unwrap_used)]

use std::fs;

use super::*;

fn load(content: impl AsRef<[u8]>) -> Result<Option<ChainFile>, ChainError> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(NAME), content).unwrap();
    ChainFile::load(folder.path())
}

fn read(content: &str) -> ChainFile {
    load(content).unwrap().unwrap()
}

fn wrong(content: &str) -> (String, String) {
    match load(content) {
        Err(ChainError::Wrong { key, problem, .. }) => (key, problem),
        other => panic!("{content}: {other:?}"),
    }
}

fn unknown(file: &ChainFile) -> Vec<&str> {
    let keys = file.unknown_keys.iter();
    keys.map(|unknown| unknown.key.as_str()).collect()
}

#[test]
fn no_file_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(ChainFile::load(folder.path()).unwrap(), None);
    fs::create_dir(folder.path().join(NAME)).unwrap();
    let error = ChainFile::load(folder.path()).unwrap_err();
    assert!(matches!(error, ChainError::Read { .. }));
}

#[test]
fn the_templates_of_both_generations_are_read() {
    for (names, content) in [
        (
            &[
                "arbitrum-mainnet",
                "arbitrum-sepolia-testnet",
                "bellecour",
                "mainnet",
            ][..],
            "{\n  \"default\": \"arbitrum-sepolia-testnet\",\n  \"chains\": {\n    \"mainnet\": {},\n    \"bellecour\": {},\n    \"arbitrum-mainnet\": {},\n    \"arbitrum-sepolia-testnet\": {}\n  }\n}",
        ),
        (
            &["arbitrum-mainnet", "arbitrum-sepolia-testnet"],
            "{\n  \"default\": \"arbitrum-sepolia-testnet\",\n  \"chains\": {\n    \"arbitrum-mainnet\": {},\n    \"arbitrum-sepolia-testnet\": {}\n  }\n}",
        ),
    ] {
        let file = read(content);
        assert_eq!(file.default.as_deref(), Some("arbitrum-sepolia-testnet"));
        assert_eq!(file.chains.keys().collect::<Vec<_>>(), names);
        let mut entries = file.chains.values();
        assert!(entries.all(|entry| *entry == ChainEntry::default()));
        assert_eq!(file.unknown_keys, []);
    }
}

#[test]
fn every_key_of_both_generations_is_known() {
    let file = read(
        r#"{"default": "a", "allowExperimentalNetworks": false,
        "providers": {"alchemy": "k", "etherscan": "k", "infura": {"projectId": "i", "projectSecret": "s"}, "quorum": 1},
        "chains": {
            "a": {"id": "134", "host": "http://localhost:8545", "hub": "0x3eca1B216A7DF1C7689aEb259fFB83ADFB894E7f",
                "ensRegistry": "", "ensPublicResolver": "", "voucherHub": "", "resultProxy": "", "iexecGateway": "",
                "compass": "", "pocoSubgraph": "", "voucherSubgraph": "", "native": true, "useGas": false,
                "bridge": {"bridgedChainName": "b", "contract": "0x"}, "ipfsGateway": "http://localhost:8080",
                "sms": {"scone": "http://localhost/s", "gramine": "https://localhost/g", "tdx": "https://localhost/t"},
                "defaultTeeFramework": "gramine"},
            "b": {"sms": "https://localhost:1/path"}
        }}"#,
    );
    assert_eq!(file.unknown_keys, []);
    let (a, b) = (&file.chains["a"], &file.chains["b"]);
    assert_eq!(a.id, Some(134));
    assert_eq!(a.host.as_deref(), Some("http://localhost:8545"));
    assert_eq!(a.ipfs_gateway.as_deref(), Some("http://localhost:8080"));
    assert!(a.hub.is_some());
    assert_eq!(a.default_tee_framework, Some(TeeFramework::Gramine));
    let sms = a.sms.as_ref().unwrap();
    let urls = TeeFramework::ALL.map(|framework| sms.url(framework).unwrap());
    let expected = [
        "http://localhost/s",
        "https://localhost/g",
        "https://localhost/t",
    ];
    assert_eq!(urls, expected);
    let one = Sms::One("https://localhost:1/path".to_owned());
    assert_eq!(b.sms, Some(one));
}

#[test]
fn null_is_taken_where_the_sdk_takes_it() {
    let file = read(
        r#"{"chains": {"a": {"bridge": null}},
        "providers": {"alchemy": null, "etherscan": null, "quorum": null}}"#,
    );
    assert_eq!(file.unknown_keys, []);
    assert_eq!(wrong(r#"{"chains": {}, "providers": null}"#).0, "providers");
    let infura = r#"{"chains": {}, "providers": {"infura": null}}"#;
    assert_eq!(wrong(infura).0, "providers.infura");
}

#[test]
fn unknown_keys_are_named_and_ignored() {
    let file = read(
        r#"{"extra": 1, "chains": {"a b": {"smsUrl": "x"}, "c": {"sms": {"sgx": 7}}},
        "providers": {"other": null, "infura": {"x\u001b": 1}}}"#,
    );
    let expected = [
        "extra",
        "chains[\"a b\"].smsUrl",
        "chains.c.sms.sgx",
        "providers.other",
        "providers.infura[\"x\\u{1b}\"]",
    ];
    assert_eq!(unknown(&file), expected);
    let text = file.unknown_keys[2].to_string();
    assert!(text.starts_with("Unknown key in \"chain.json\": chains.c.sms.sgx is ignored;"));
    assert_eq!(
        file.chains["c"].sms,
        Some(Sms::PerFramework(BTreeMap::new()))
    );
}

#[test]
fn wrong_values_are_named_by_their_key() {
    for (key, content) in [
        ("its top level", "[]"),
        ("its top level", r#"{"default": "a"}"#),
        ("default", r#"{"default": null, "chains": {}}"#),
        ("chains", r#"{"chains": []}"#),
        ("chains.a", r#"{"chains": {"a": null}}"#),
        ("chains.a.host", r#"{"chains": {"a": {"host": 1}}}"#),
        ("chains.a.hub", r#"{"chains": {"a": {"hub": "0x12"}}}"#),
        ("chains.a.sms", r#"{"chains": {"a": {"sms": null}}}"#),
        ("chains.a.sms", r#"{"chains": {"a": {"sms": ""}}}"#),
        ("chains.a.sms", r#"{"chains": {"a": {"sms": "ftp://b"}}}"#),
        (
            "chains.a.sms.scone",
            r#"{"chains": {"a": {"sms": {"scone": 7}}}}"#,
        ),
        (
            "chains.a.sms.tdx",
            r#"{"chains": {"a": {"sms": {"tdx": "host"}}}}"#,
        ),
        ("chains.a.compass", r#"{"chains": {"a": {"compass": {}}}}"#),
        ("chains.a.useGas", r#"{"chains": {"a": {"useGas": "no"}}}"#),
        ("chains.a.bridge", r#"{"chains": {"a": {"bridge": "b"}}}"#),
        (
            "chains.a.defaultTeeFramework",
            r#"{"chains": {"a": {"defaultTeeFramework": "sgx"}}}"#,
        ),
        ("providers", r#"{"chains": {}, "providers": "x"}"#),
        (
            "providers.quorum",
            r#"{"chains": {}, "providers": {"quorum": "2"}}"#,
        ),
    ] {
        assert_eq!(wrong(content).0, key, "{content}");
    }
}

#[test]
fn a_number_is_a_text_in_its_one_spelling() {
    let (key, problem) = wrong(r#"{"chains": {"a": {"id": 134}}}"#);
    assert_eq!(key, "chains.a.id");
    assert_eq!(
        problem,
        "a string is needed there, not a number (write \"134\")"
    );
    for id in ["", "0134", "-1", "+1", "0x86", "18446744073709551616"] {
        let (_, problem) = wrong(&format!(r#"{{"chains": {{"a": {{"id": "{id}"}}}}}}"#));
        assert!(problem.starts_with("not a valid chainId"), "{id}");
    }
}

#[test]
fn broken_json_is_named_by_its_place() {
    for (content, place) in [
        (&b""[..], (1, 0)),
        (b"{\n  \"chains\": {\n    \"a\": {},\n  }\n}", (4, 3)),
        (b"{\"chains\": {}} more", (1, 16)),
        (b"{\"chains\": {\"\xff\": {}}}", (1, 14)),
    ] {
        match load(content) {
            Err(error @ ChainError::Json { line, column, .. }) => {
                assert_eq!((line, column), place);
                assert_eq!(error.to_string().matches(" line ").count(), 1);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn no_value_is_shown() {
    let file = r#"{"chains": {"a": {"sms": "user:secret@host"}}}"#;
    let error = load(file).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("secret"));
}
