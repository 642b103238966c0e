#![allow(clippy::unwrap_used)]

use super::*;

const V0: &str = "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o";
/// The same block under a CID of version 1.
const V1: &str = "bafybeicg2rebjoofv4kbyovkw7af3rpiitvnl6i7ckcywaq6xjcxnc2mby";
const RAW: &str = "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4";

fn parsed(text: &str) -> Result<Cid, CidError> {
    text.parse()
}

/// The CID of version 1 with these bytes, in base32.
fn spelled(bytes: &[u8]) -> String {
    format!("b{}", bases::to_base32(bytes))
}

#[test]
fn both_versions_are_read_and_printed() {
    for text in [V0, V1, RAW] {
        assert_eq!(parsed(text).unwrap().to_string(), text);
    }
    assert_eq!(parsed(V0).unwrap().digest(), parsed(V1).unwrap().digest());
    assert_eq!(parsed(V0).unwrap().codec(), Codec::DagPb);
    assert_eq!(parsed(RAW).unwrap().codec(), Codec::Raw);
    assert!(parsed(RAW).unwrap().is_of(b"hello world\n"));
    assert!(!parsed(RAW).unwrap().is_of(b"hello world"));
}

#[test]
fn base58_is_another_spelling_of_version_1() {
    let mut bytes = Vec::new();
    parsed(V1).unwrap().write(&mut bytes);
    let text = format!("z{}", bases::to_base58(&bytes));
    assert_eq!(parsed(&text).unwrap().to_string(), V1);
}

#[test]
fn what_is_no_cid_is_refused() {
    let mut bytes = Vec::new();
    parsed(RAW).unwrap().write(&mut bytes);
    let longer = [&bytes[..], &[0]].concat();
    let v0_in_base32 = spelled(&bytes[2..]);
    for (text, error) in [
        ("", CidError::Empty),
        (&"b".repeat(1000), CidError::TooLong),
        (&V0[..45], CidError::Multihash("kind 0x0".to_owned())),
        (
            "uAXASIEbUSBS5xa8UHDqqt8BdxehE6tX5HxKFiwIeukV2i0wO",
            CidError::Base('u'),
        ),
        ("äöü", CidError::Base('ä')),
        (&V0.replace('T', "0"), CidError::Digit('0')),
        (&V1.to_uppercase(), CidError::Base('B')),
        (&spelled(&longer), CidError::Form),
        (&spelled(&bytes[..35]), CidError::Form),
        (&v0_in_base32, CidError::Form),
        (&format!("z{V0}"), CidError::Form),
        ("b", CidError::Form),
    ] {
        match (parsed(text), error) {
            // The beginning of another number.
            (Err(_), CidError::Multihash(kind)) if kind == "kind 0x0" => {}
            (found, error) => assert_eq!(found, Err(error), "{text}"),
        }
    }
}

#[test]
fn what_is_not_known_is_named() {
    let cid = |head: &[u8]| spelled(&[head, &[7; 32]].concat());
    let named = |head: &[u8]| parsed(&cid(head)).unwrap_err().to_string();
    assert_eq!(named(&[2, 0x55, 0x12, 32]), "the CID has version 2");
    assert_eq!(
        named(&[1, 0x71, 0x12, 32]),
        "the CID is that of DAG-CBOR, which is no file"
    );
    assert_eq!(
        named(&[1, 0x72, 0x12, 32]),
        "the CID is that of a key, which is no file"
    );
    assert_eq!(
        named(&[1, 0x55, 0x1b, 32]),
        "the CID has a digest of keccak-256; only sha2-256 is known"
    );
    assert_eq!(
        named(&[1, 0x55, 0xa0, 0xe4, 0x02, 32]),
        "the CID has a digest of blake2b-256; only sha2-256 is known"
    );
    assert!(named(&[1, 0x55, 0x00, 32]).contains("the data itself"));
    // Cut short, as multihashes may be.
    assert_eq!(parsed(&cid(&[1, 0x55, 0x12, 20])), Err(CidError::Form));
}
