#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::*;

const PUBLISHED: &str = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";

/// The two wallets that the definition of the format publishes.
fn published_pbkdf2() -> Value {
    json!({
        "cipher": "aes-128-ctr",
        "cipherparams": { "iv": "6087dab2f9fdbbfaddc31a909735c1e6" },
        "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
        "kdf": "pbkdf2",
        "kdfparams": {
            "c": 262144,
            "dklen": 32,
            "prf": "hmac-sha256",
            "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"
        },
        "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"
    })
}

fn published_scrypt() -> Value {
    json!({
        "cipher": "aes-128-ctr",
        "cipherparams": { "iv": "83dbcc02d8ccb40e466191a123791e0e" },
        "ciphertext": "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
        "kdf": "scrypt",
        "kdfparams": {
            "dklen": 32,
            "n": 262144,
            "p": 8,
            "r": 1,
            "salt": "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19"
        },
        "mac": "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097"
    })
}

/// Of the private key 1, made by ethers 6 with little work, so that it opens at once. The password
/// has a letter in two parts and a ligature.
fn quick() -> Value {
    json!({
        "cipher": "aes-128-ctr",
        "cipherparams": { "iv": "1a31775cb23785576b0e4f1a8839a627" },
        "ciphertext": "7d015349eb30fc56985bb1afe9bd0348bbfef1432d41d39102915f409b36338f",
        "kdf": "scrypt",
        "kdfparams": {
            "salt": "a4f8923d2d8b6340a9f6b9338e27e9ee208ce6fafde26dc62f968918d830b14b",
            "n": 2,
            "dklen": 32,
            "p": 1,
            "r": 1
        },
        "mac": "de44406796d371f16c2d6a1802b940a4e052b173a88b2ddbd9a06d96671392c0"
    })
}

const QUICK_PASSWORD: &str = "pa\u{308}ss\u{fb01}";
const ONE: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";

fn read(crypto: &Value) -> Result<Keystore, KeystoreError> {
    with_address(crypto, None)
}

fn with_address(crypto: &Value, address: Option<&str>) -> Result<Keystore, KeystoreError> {
    let address = address.map(|text| text.parse().unwrap());
    Keystore::new(Some(&json!(3)), crypto, address)
}

/// `crypto` with the value at `pointer` changed.
fn changed(mut crypto: Value, pointer: &str, value: Value) -> Value {
    *crypto.pointer_mut(pointer).unwrap() = value;
    crypto
}

#[test]
fn the_published_wallets_open() {
    let expected = SoftwareWallet::from_text(PUBLISHED.as_bytes()).unwrap();
    for crypto in [published_pbkdf2(), published_scrypt()] {
        let wallet = read(&crypto).unwrap().unlock(b"testpassword").unwrap();
        assert_eq!(wallet.address(), expected.address());
    }
}

#[test]
fn the_password_counts_as_ethers_turns_it_into() {
    let keystore = with_address(&quick(), Some(ONE)).unwrap();
    for password in [QUICK_PASSWORD, "p\u{e4}ssfi"] {
        let wallet = keystore.unlock(password.as_bytes()).unwrap();
        assert_eq!(wallet.address().to_string(), ONE);
    }
}

#[test]
fn another_password_is_incorrect() {
    let keystore = read(&quick()).unwrap();
    for password in [
        &b""[..],
        b"passfi",
        b"p\xc3\xa4ssf",
        b"\xff\xfe",
        b"p\xc3\xa4ssfi\n",
    ] {
        let error = keystore.unlock(password).unwrap_err();
        assert_eq!(error, KeystoreError::Password);
        assert!(error.to_string().starts_with("incorrect password"));
    }
}

#[test]
fn what_was_tampered_with_does_not_open() {
    for (pointer, value) in [
        ("/mac", json!("00".repeat(32))),
        ("/ciphertext", json!("00".repeat(32))),
        ("/kdfparams/salt", json!("00")),
    ] {
        let keystore = read(&changed(quick(), pointer, value)).unwrap();
        let error = keystore.unlock(QUICK_PASSWORD.as_bytes()).unwrap_err();
        assert_eq!(error, KeystoreError::Password, "{pointer}");
    }
    // The check value does not cover the counter: the key is another one, and so is its address.
    let iv = changed(quick(), "/cipherparams/iv", json!("00".repeat(16)));
    let keystore = with_address(&iv, Some(ONE)).unwrap();
    let error = keystore.unlock(QUICK_PASSWORD.as_bytes()).unwrap_err();
    assert!(matches!(error, KeystoreError::Disagree { .. }), "{error}");
}

#[test]
fn a_key_of_another_address_is_refused() {
    let other = "0x0000000000000000000000000000000000000001";
    let keystore = with_address(&quick(), Some(other)).unwrap();
    assert_eq!(
        keystore.unlock(QUICK_PASSWORD.as_bytes()).unwrap_err(),
        KeystoreError::Disagree {
            named: other.parse().unwrap(),
            held: ONE.parse().unwrap(),
        }
    );
}

#[test]
fn absurd_costs_are_refused_before_they_are_paid() {
    let costly = |crypto: &Value| matches!(read(crypto), Err(KeystoreError::TooCostly { .. }));
    for (n, r, p) in [
        (1_u64 << 20, 8_u64, 2_u64),
        (1 << 24, 1, 1),
        (2, 1 << 23, 1),
        (2, 1, 1 << 40),
        (1 << 63, 8, 8),
        (1 << 32, 1 << 32, 1),
    ] {
        let params = json!({ "dklen": 32, "n": n, "r": r, "p": p, "salt": "00" });
        let crypto = changed(quick(), "/kdfparams", params);
        assert!(costly(&crypto), "{n} {r} {p}");
    }
    for rounds in [10_000_001_u64, u64::from(u32::MAX) + 2, u64::MAX] {
        let crypto = changed(published_pbkdf2(), "/kdfparams/c", json!(rounds));
        assert!(costly(&crypto), "{rounds}");
    }
    let params = json!({ "dklen": 32, "n": 1 << 20, "r": 8, "p": 1, "salt": "00" });
    assert!(read(&changed(quick(), "/kdfparams", params)).is_ok());
}

#[test]
fn other_forms_are_refused_by_name() {
    let field = KeystoreError::Field;
    let unknown = KeystoreError::Unknown;
    for (pointer, value, expected) in [
        ("/cipher", json!("aes-128-cbc"), unknown("cipher")),
        ("/kdf", json!("argon2"), unknown("kdf")),
        ("/cipherparams/iv", json!("00"), field("iv")),
        ("/ciphertext", json!("00".repeat(33)), field("ciphertext")),
        ("/mac", json!("zz"), field("mac")),
        ("/kdfparams/salt", json!("0"), field("salt")),
        ("/kdfparams/salt", Value::Null, field("salt")),
        ("/kdfparams/dklen", json!(64), field("dklen")),
        ("/kdfparams/n", json!(3), field("n")),
        ("/kdfparams/n", json!(1), field("n")),
        ("/kdfparams/n", json!(0), field("n")),
        ("/kdfparams/r", json!(0), field("r")),
        ("/kdfparams/p", Value::Null, field("p")),
        ("/kdfparams/n", json!("0x2"), field("n")),
        ("/kdfparams", json!([]), field("kdfparams")),
        ("/cipherparams", Value::Null, field("cipherparams")),
        ("/cipher", json!(7), field("cipher")),
    ] {
        let error = read(&changed(quick(), pointer, value)).err();
        assert_eq!(error, Some(expected), "{pointer}");
    }
    let sha1 = changed(published_pbkdf2(), "/kdfparams/prf", json!("hmac-sha1"));
    assert_eq!(read(&sha1).err(), Some(unknown("prf")));
}

#[test]
fn only_version_3_is_read() {
    for version in [None, Some(json!(1)), Some(json!("1")), Some(json!(4))] {
        let error = Keystore::new(version.as_ref(), &quick(), None).err();
        assert_eq!(error, Some(KeystoreError::Version));
    }
    for version in [json!(3), json!("3"), json!(3.0)] {
        assert!(Keystore::new(Some(&version), &quick(), None).is_ok());
    }
}

#[test]
fn letter_case_and_numbers_as_texts_make_no_difference() {
    let mut odd = changed(quick(), "/cipher", json!("AES-128-CTR"));
    odd = changed(odd, "/kdf", json!("Scrypt"));
    odd = changed(odd, "/kdfparams/dklen", json!("32"));
    let fields = odd["kdfparams"].as_object_mut().unwrap();
    let n = fields.shift_remove("n").unwrap();
    // Twice, and the same.
    fields.insert("N".into(), n.clone());
    fields.insert("n".into(), n);
    fields.insert("r".into(), json!("1"));
    let params = odd.as_object_mut().unwrap().shift_remove("kdfparams");
    odd["KdfParams"] = params.unwrap();
    let wallet = read(&odd).unwrap().unlock(QUICK_PASSWORD.as_bytes());
    assert_eq!(wallet.unwrap().address().to_string(), ONE);
}

#[test]
fn a_field_that_says_two_things_is_named() {
    let mut crypto = quick();
    crypto["kdfparams"]["N"] = json!(4);
    assert_eq!(read(&crypto).err(), Some(KeystoreError::Twice("n")));
}
