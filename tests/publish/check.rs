//! `result check-encryption-key`: whether a key is published, for whom, and what that does not prove.

use serde_json::{Value, json};

use crate::support::publish::*;
use crate::support::sms::{Fault, Sms};
use crate::support::*;

fn check(work: &Work, sms: &Sms) -> Cmd {
    work.cmd(["result", "check-encryption-key"])
        .env("IEXEC_HSM_SMS_URL", sms.url())
}

#[test]
fn both_answers_are_given_in_the_words_of_the_sdk_and_end_with_0() {
    let (work, sms) = (Work::without_token(), Sms::start());
    let run = check(&work, &sms).arg(ADDRESS).run().ok();
    assert_eq!(
        run.out(),
        format!("No encryption key found for address {ADDRESS}\n")
    );
    let checking = format!("Checking encryption key exists for wallet {ADDRESS}\n");
    assert!(run.err().ends_with(&checking), "{}", run.err());
    let raw = || {
        check(&work, &sms)
            .arg(ADDRESS)
            .arg("--raw")
            .run()
            .ok()
            .raw()
    };
    let expected = |set: bool| json!({ "ok": true, "isEncryptionKeySet": set, "address": ADDRESS, "sms": sms.url(), "teeFrameworks": [] });
    assert_eq!(raw(), expected(false));

    sms.store(ADDRESS, SECRET, "dGhlaXJz");
    let run = check(&work, &sms).arg(ADDRESS).run().ok();
    assert_eq!(
        run.out(),
        format!("Encryption key found for address {ADDRESS}\n")
    );
    assert!(
        run.err().contains("The SMS does not say whose key it is"),
        "{}",
        run.err()
    );
    assert_eq!(raw(), expected(true));
    assert!(
        sms.requests()
            .iter()
            .all(|it| it.method == "HEAD" && it.body.is_empty())
    );
}

#[test]
fn the_alias_is_the_same_command_and_the_address_may_be_written_in_other_ways() {
    let (work, sms) = (Work::without_token(), Sms::start());
    for address in [&ADDRESS[2..].to_lowercase(), &ADDRESS.to_lowercase()] {
        let args = ["result", "check-secret", address, "--sms-url", &sms.url()];
        work.cmd(args).run().ok();
        let request = sms.requests().pop().unwrap();
        assert_eq!(request.parameter("ownerAddress"), Some(ADDRESS));
    }
}

#[test]
fn absence_fails_only_when_presence_is_required() {
    let (work, sms) = (Work::without_token(), Sms::start());
    let require = || check(&work, &sms).arg(ADDRESS).arg("--require");
    let run = require().run().fails(15);
    assert!(
        run.err().contains("No encryption key found for address"),
        "{}",
        run.err()
    );
    assert_eq!(
        require().arg("--raw").run().fails(15).raw_error()["code"],
        "key-not-found"
    );
    sms.store(ADDRESS, SECRET, "dGhlaXJz");
    require().run().ok();
}

#[test]
fn without_an_address_it_is_ones_own() {
    if without_wallets() {
        return;
    }
    let token = Token::new();
    let (work, sms) = (Work::new(&token), Sms::start());
    let asked = |cmd: Cmd| {
        cmd.arg("--raw").run().ok().raw()["address"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    check(&work, &sms).run().fails(33);
    in_keystore(&work, "2024-05-01", ADDRESS, &keystore(Some(ADDRESS)));
    assert_eq!(asked(check(&work, &sms)), ADDRESS);
    let key = || check(&work, &sms).env("IEXEC_HSM_WALLET_KEY", "2".repeat(64));
    assert_ne!(asked(key()), ADDRESS);
    assert_eq!(asked(key().arg("--wallet-address").arg(OTHER)), OTHER);
    let made = work.run(["wallet", "create", "--raw"]).ok().raw();
    let on_token = check(&work, &sms)
        .arg("--wallet")
        .arg("pkcs11:object=iexec%20wallet");
    assert_eq!(
        asked(on_token.arg("--no-input")),
        made["address"].as_str().unwrap()
    );
}

#[test]
fn a_mistyped_address_and_the_zero_address_are_refused() {
    let (work, sms) = (Work::without_token(), Sms::start());
    let mistyped = ADDRESS.replace("7E5F", "7e5F");
    for (address, words) in [
        (mistyped.as_str(), "EIP-55"),
        ("0x0000000000000000000000000000000000000000", "zero address"),
        ("alice.eth", "not looked up"),
    ] {
        let run = check(&work, &sms).arg(address).run().fails(2);
        assert!(run.err().contains(words), "{}", run.err());
    }
    assert_eq!(sms.methods(), "");
}

#[test]
fn every_service_is_asked_with_all() {
    let (work, one, two) = (Work::without_token(), Sms::start(), Sms::start());
    one.store(ADDRESS, SECRET, "dGhlaXJz");
    let chain = json!({ "sms": { "scone": one.url(), "gramine": two.url() } });
    let file = json!({ "default": "mine", "chains": { "mine": chain } });
    work.write("chain.json", file.to_string());
    let cmd = || {
        work.cmd([
            "result",
            "check-encryption-key",
            ADDRESS,
            "--tee-framework",
            "all",
        ])
    };
    let out = cmd().run().ok().out();
    let (found, none) = (
        format!(
            "scone ({}): Encryption key found for address {ADDRESS}\n",
            one.url()
        ),
        format!(
            "gramine ({}): No encryption key found for address {ADDRESS}\n",
            two.url()
        ),
    );
    assert_eq!(out, format!("{found}{none}"));
    let raw = cmd().arg("--raw").run().ok().out();
    let set: Vec<Value> = raw
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    let set: Vec<_> = set
        .iter()
        .map(|it| it["isEncryptionKeySet"].clone())
        .collect();
    assert_eq!(set, [true, false]);
    cmd().arg("--require").run().fails(15);
}

#[test]
fn an_sms_that_does_not_answer_is_no_answer() {
    let work = Work::without_token();
    for (fault, exit) in [
        (Fault::Hang(false), 30),
        (Fault::Reset(false), 30),
        (Fault::NotHttp(false), 30),
        (Fault::status(500), 30),
        (Fault::status(400), 31),
        (Fault::status(403), 31),
    ] {
        let sms = Sms::failing_for_ever([], fault.clone());
        let run = check(&work, &sms)
            .arg(ADDRESS)
            .arg("--timeout")
            .arg("1")
            .run()
            .fails(exit);
        assert_eq!(run.out(), "", "{fault:?}");
    }
}
