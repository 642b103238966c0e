//! Whatever is wrong with a wrapped key, the agent answers as it does to a good one, and asks the same of the token.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use crate::support::agent::Connection;
use crate::support::failing_agent::FailingAgent;
use crate::support::*;

/// All that a client and the device see of an unwrap, but for the content key.
#[derive(Clone, Debug, PartialEq)]
struct Picture {
    status: u16,
    head: String,
    body: String,
    calls: Vec<String>,
}

/// The calls that a device or a person sees. A session that is replaced afterwards is the module's own affair.
const OF_A_USE: [&str; 4] = ["C_DecryptInit", "C_Login", "C_Decrypt", "C_UnwrapKey"];

/// An agent, the scheme that it is asked for, and all content keys so far.
struct Asked<'a> {
    it: &'a FailingAgent<'a>,
    scheme: &'a str,
    len: usize,
    seen: BTreeSet<String>,
}

impl Asked<'_> {
    /// Asks for a content key.
    fn picture(&mut self, wrapped: &[u8]) -> (Picture, String) {
        self.it.faulty.ledger();
        let wrapped = BASE64_STANDARD.encode(wrapped);
        let body = json!({ "key": self.it.key, "scheme": self.scheme, "wrappedKey": wrapped });
        let mut connection = Connection::open(&self.it.agent.socket);
        let answer = connection.send("POST", "/v1/unwrap", &body.to_string());
        let calls = self.it.faulty.ledger();
        let mut calls: Vec<String> = calls.names().into_iter().map(str::to_owned).collect();
        calls.retain(|name| OF_A_USE.contains(&name.as_str()));
        let (status, json) = answer.json();
        let key = json["contentKey"].as_str().unwrap_or_default().to_owned();
        let lines = answer.head.lines();
        let head: Vec<&str> = lines.filter(|line| !line.starts_with("date: ")).collect();
        let picture = Picture {
            status,
            head: head.join("\n"),
            body: String::from_utf8(answer.body).unwrap().replace(&key, "KEY"),
            calls,
        };
        (picture, key)
    }

    /// Requires that each of `bad` looks like `good`, and that a good one after it does, too.
    fn all_alike(&mut self, good: &[u8], content_key: &[u8], bad: &[(&str, Vec<u8>)]) {
        let content_key = BASE64_STANDARD.encode(content_key);
        let (expected, key) = self.picture(good);
        assert_eq!((expected.status, &key), (200, &content_key), "{expected:?}");
        assert_eq!(expected.calls, ["C_DecryptInit", "C_Decrypt"]);
        for (name, wrapped) in bad {
            let (picture, key) = self.picture(wrapped);
            assert_eq!(picture, expected, "{name}");
            assert_eq!(
                BASE64_STANDARD.decode(&key).unwrap().len(),
                self.len,
                "{name}"
            );
            // Asked twice, a good one has the same answer.
            assert_eq!(
                self.picture(wrapped),
                (expected.clone(), key.clone()),
                "{name}"
            );
            assert!(self.seen.insert(key), "{name}: another has the same");
            // It ends the wait after failures in a row, too.
            assert_eq!(
                self.picture(good),
                (expected.clone(), content_key.clone()),
                "after {name}"
            );
        }
    }
}

fn of<'a>(it: &'a FailingAgent<'a>, scheme: &'a str, len: usize) -> Asked<'a> {
    let seen = BTreeSet::new();
    Asked {
        it,
        scheme,
        len,
        seen,
    }
}

/// Blocks that are no padding of 32 bytes, encrypted, and numbers that are no ciphertext.
fn bad_numbers(public: &str) -> Vec<(&'static str, Vec<u8>)> {
    let block = |start: &[u8], end: &[u8]| {
        let mut block = vec![0x11; 256 - start.len() - end.len()];
        block.splice(0..0, start.iter().copied());
        block.extend(end);
        openssl::rsa_raw(public, &block)
    };
    let end = [&[0][..], &[0x42; 32]].concat();
    let mut one = vec![0; 256];
    one[255] = 1;
    vec![
        ("type 0", block(&[0, 0], &end)),
        ("type 1", block(&[0, 1], &end)),
        ("no zero in front", block(&[1, 2], &end)),
        ("no end of the padding", block(&[0, 2], &[])),
        (
            "a short padding",
            block(&[0, 2, 7, 7, 7, 7, 7, 7, 7, 0], &[]),
        ),
        ("zero", vec![0; 256]),
        ("one", one),
        ("all ones", vec![0xff; 256]),
    ]
}

/// What else is wrong whatever the scheme.
fn bad_anyway(public: &str, good: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let (_, stranger) = openssl::rsa_key(2048);
    let mut changed = good.to_vec();
    changed[100] ^= 1;
    let mut all = bad_numbers(public);
    all.extend([
        ("changed", changed),
        ("another key", openssl::rsa_wrap(&stranger, &[7; 32])),
    ]);
    all
}

fn of_lengths(wrap: impl Fn(&[u8]) -> Vec<u8>, lengths: &[usize]) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = [0x42; 245];
    lengths
        .iter()
        .map(|len| ("another length", wrap(&bytes[..*len])))
        .collect()
}

#[test]
fn every_bad_wrapped_key_of_every_scheme_is_answered_as_a_good_one_is() {
    let keyed = Keyed::new();
    let public = &keyed.public;
    let it = FailingAgent::new(&keyed, &[], &[]);
    let pkcs1 = |bytes: &[u8]| openssl::rsa_wrap(public, bytes);
    let oaep = |bytes: &[u8]| openssl::rsa_wrap_oaep(public, bytes);

    let key = [7; 32];
    let mut bad = bad_anyway(public, &pkcs1(&key));
    bad.extend(of_lengths(pkcs1, &[0, 1, 16, 24, 31, 33, 64, 245]));
    bad.push(("OAEP", oaep(&key)));
    of(&it, "current", 32).all_alike(&pkcs1(&key), &key, &bad);

    let key = [7; 16];
    let text = |bytes: &[u8]| pkcs1(BASE64_STANDARD.encode(bytes).as_bytes());
    let mut bad = bad_anyway(public, &text(&key));
    bad.extend(of_lengths(text, &[0, 15, 17, 32]));
    bad.extend(of_lengths(pkcs1, &[0, 16, 24]));
    bad.push(("no base64", pkcs1(b"!!!!!!!!!!!!!!!!!!!!!!==")));
    of(&it, "legacy-ecb", 16).all_alike(&text(&key), &key, &bad);

    let mut bad = bad_anyway(public, &oaep(&key));
    bad.extend(of_lengths(oaep, &[0, 15, 17, 24, 31, 33]));
    bad.push(("PKCS#1", pkcs1(&key)));
    of(&it, "guide-2019", 16).all_alike(&oaep(&key), &key, &bad);
}

#[test]
fn a_token_that_invents_bytes_gives_the_same_answer() {
    let keyed = Keyed::new();
    let good = openssl::rsa_wrap(&keyed.public, &[7; 32]);
    let expected = {
        let it = FailingAgent::new(&keyed, &[], &[]);
        of(&it, "current", 32).picture(&good).0
    };
    for rule in [
        "C_Decrypt * then CKR_DEVICE_ERROR",
        "C_Decrypt * then CKR_ENCRYPTED_DATA_INVALID",
    ] {
        // The sessions are not asked whether the device works before the answer is out.
        let it = FailingAgent::new(&keyed, &[], &[rule]);
        assert_eq!(of(&it, "current", 32).picture(&good).0, expected, "{rule}");
    }
    for len in [0, 16, 31, 32, 33, 245] {
        let rule = format!("C_Decrypt * answer {len}");
        let it = FailingAgent::new(&keyed, &[], &[&rule]);
        assert_eq!(of(&it, "current", 32).picture(&good).0, expected, "{rule}");
    }
}

/// A good wrapped key has the same answer after the agent was locked.
#[test]
fn a_lock_changes_the_answer_to_no_bad_ciphertext() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::unlocked(&work, &[]);
    let key = agent.key();
    let bad = openssl::rsa_wrap(&keyed.public, &[7; 31]);
    let answer = || agent.unwrap(&key, &bad).1["contentKey"].clone();
    let before = answer();
    assert!(before.is_string());
    agent.post("/v1/lock", &json!({}));
    assert_eq!(agent.unlock(&keyed.token.pin).0, 200);
    assert_eq!(answer(), before);
}
