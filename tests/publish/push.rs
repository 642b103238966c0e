//! `result push-encryption-key`: what is sent, what is said.

use std::fs;

use serde_json::json;

use crate::support::publish::*;
use crate::support::sms::Sms;
use crate::support::*;

#[test]
fn the_public_key_is_published_as_the_sdk_does_it() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    let run = push(&work, &sms).run().ok();
    assert_eq!(run.out(), "");
    let said = run.err();
    assert!(
        said.contains("\nEncryption key successfully pushed\n"),
        "{said}"
    );
    assert!(said.contains("made on the token, sensitive, not extractable"));
    let owner = format!("Encryption key of wallet {ADDRESS}\n");
    assert!(said.contains(&owner), "{said}");
    assert_eq!(stored(&sms), Some(value(&work)));
    assert_eq!(sms.methods(), "HEAD POST");
    let request = sms.requests().remove(1);
    assert_eq!(
        request.header("authorization"),
        Some(&*authorization(&work))
    );
    assert_eq!(request.header("content-type"), Some("text/plain"));
    assert_eq!(
        request.target,
        format!("/secrets/web2?ownerAddress={ADDRESS}&secretName={SECRET}")
    );
    no_secret(&run, &authorization(&work));
}

#[test]
fn raw_has_the_shape_of_the_sdk_and_fields_of_its_own() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    let raw = || push(&work, &sms).arg("--raw");
    let first = raw().run().ok().raw();
    assert_eq!(first["ok"], true);
    assert_eq!(first["isPushed"], true);
    assert_eq!(first["isUpdated"], false);
    assert_eq!(first["isInferred"], false);
    assert_eq!(first["sms"], sms.url());
    assert_eq!(first["teeFrameworks"], json!([]));
    assert_eq!(first["address"], ADDRESS);
    assert_eq!(first["bits"], 2048);
    assert_eq!(first["facts"]["origin"], "made on the token");
    assert!(first["key"].as_str().unwrap().starts_with("pkcs11:"));

    let error = raw().run().fails(32).raw_error();
    assert_eq!(error["code"], "already-published");
    let message = error["message"].as_str().unwrap();
    let sdk = format!("Secret \"{SECRET}\" already exists for {ADDRESS}");
    assert!(message.starts_with(&sdk) && message.contains("--force-update"));

    let again = raw().arg("--force-update").run().ok().raw();
    assert_eq!(again["isUpdated"], true);
    assert_eq!(sms.methods(), "HEAD POST HEAD HEAD PUT");
}

#[test]
fn the_alias_is_the_same_command() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    let cmd = work.cmd(["result", "push-secret", "--sms-url", &sms.url()]);
    let cmd = cmd.pin().env("IEXEC_HSM_WALLET_KEY", WALLET_KEY);
    cmd.run().ok();
    assert_eq!(stored(&sms), Some(value(&work)));
}

#[test]
fn a_published_key_is_not_replaced_and_nothing_is_signed() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    sms.store(ADDRESS, SECRET, "dGhlaXJz");
    push(&work, &sms).run().fails(32);
    assert_eq!(sms.methods(), "HEAD");
    assert_eq!(stored(&sms).as_deref(), Some("dGhlaXJz"));
}

#[test]
fn the_new_key_is_published_after_a_rotation() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    push(&work, &sms).run().ok();
    let old = value(&work);
    work.run([
        "result",
        "generate-keys",
        "--bits",
        "2048",
        "--wallet-address",
        ADDRESS,
    ])
    .ok();
    push(&work, &sms).arg("--force-update").run().ok();
    assert_ne!(value(&work), old);
    assert_eq!(stored(&sms), Some(value(&work)));
}

#[test]
fn without_the_public_key_file_the_key_file_says_which_it_is() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    let published = value(&work);
    fs::remove_file(work.path(public_file())).unwrap();
    push(&work, &sms).run().ok();
    assert_eq!(stored(&sms), Some(published));
}

#[test]
fn any_form_of_the_public_key_file_is_published_in_the_one_that_enclaves_read() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    let published = value(&work);
    let pem = String::from_utf8(work.read(public_file())).unwrap();
    work.write(
        public_file(),
        format!("text before\r\n{}\n\n", pem.replace('\n', "\r\n")),
    );
    push(&work, &sms).run().ok();
    assert_eq!(stored(&sms), Some(published));
}

#[test]
fn a_dry_run_shows_what_would_be_sent_and_sends_nothing() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    // No wallet: only its address is needed.
    let dry = || {
        push_unsigned(&work, &sms)
            .arg("--dry-run")
            .arg("--wallet-address")
            .arg(ADDRESS)
    };
    let run = dry().run().ok();
    let target = format!(
        "{}/secrets/web2?ownerAddress={ADDRESS}&secretName={SECRET}",
        sms.url()
    );
    for line in [
        &format!("HEAD {target}"),
        "Content-Type: text/plain",
        &value(&work),
    ] {
        assert!(run.out().lines().any(|it| it == line), "{}", run.out());
    }
    assert!(!run.out().contains("PUT "));
    no_secret(&run, &authorization(&work));
    let raw = dry().arg("--raw").arg("--force-update").run().ok().raw();
    assert_eq!(
        (&raw["isPushed"], &raw["dryRun"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(raw["body"], value(&work));
    assert_eq!(raw["requests"][0]["target"], target);
    assert_eq!(
        raw["requests"][0]["methods"],
        json!(["HEAD", "POST", "PUT"])
    );
    assert_eq!(sms.methods(), "");
}

#[test]
fn verbose_tells_of_the_wallet_and_every_request() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    let run = push(&work, &sms).arg("-v").run().ok();
    let said = run.err();
    let target = format!(
        "{}/secrets/web2?ownerAddress={ADDRESS}&secretName={SECRET}",
        sms.url()
    );
    for line in [
        format!("Using SMS {}", sms.url()),
        "wallet in IEXEC_HSM_WALLET_KEY".to_owned(),
        format!("HEAD {target}: 404"),
        format!("POST {target}: 204"),
    ] {
        assert!(said.lines().any(|it| it == line), "{line} in {said}");
    }
    no_secret(&run, &authorization(&work));
}
