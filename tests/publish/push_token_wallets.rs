//! Pushes that a wallet on a token signs: one login for both keys, and no PIN for the wrong token.

use std::path::Path;

use crate::support::publish::*;
use crate::support::sms::Sms;
use crate::support::spy::count;
use crate::support::*;

/// Asserts that a push fails with exit 33 and publishes nothing.
#[track_caller]
fn refused(cmd: Cmd, sms: &Sms, words: &str) -> Run {
    let run = cmd.run().fails(33);
    assert!(run.err().contains(words), "{}", run.err());
    assert_eq!(stored(sms), None);
    run
}

/// Makes a wallet on the token, and returns its address and URI.
fn create(work: &Work) -> (String, String) {
    let made = work.run(["wallet", "create", "--raw"]).ok().raw();
    let text = |field: &str| made[field].as_str().unwrap().to_owned();
    (text("address"), text("wallet"))
}

/// A folder with a wallet on the token and a result key of its address; with address and URI.
fn with_token_wallet(token: &Token) -> (Work<'_>, String, String) {
    let work = Work::new(token);
    let (address, uri) = create(&work);
    work.run([
        "result",
        "generate-keys",
        "--bits",
        "2048",
        "--wallet-address",
        &address,
    ])
    .ok();
    (work, address, uri)
}

#[test]
fn a_wallet_on_the_token_signs_and_one_login_serves_both_keys() {
    if without_wallets() {
        return;
    }
    let token = Token::new();
    let (work, address, uri) = with_token_wallet(&token);
    let sms = Sms::start();
    let cmd = || {
        push_unsigned(&work, &sms)
            .env("IEXEC_HSM_WALLET", &uri)
            .arg("--force-update")
    };
    for round in 0..8 {
        let raw = cmd().arg("--raw").run().ok().raw();
        assert_eq!(raw["address"], address, "{round}");
    }
    assert!(sms.stored(&address, SECRET).is_some());
    let Some(spy) = Spy::find() else { return };
    spy.watch(cmd(), &token).run().ok();
    let calls = spy.calls();
    assert_eq!((count(&calls, "C_Login"), count(&calls, "C_Sign")), (1, 1));

    // Nothing is signed when nothing is to be written.
    let cmd = push_unsigned(&work, &sms).arg("--wallet").arg(&uri);
    spy.watch(cmd, &token).run().fails(32);
    let calls = spy.calls();
    assert_eq!((count(&calls, "C_Login"), count(&calls, "C_Sign")), (1, 0));
}

#[test]
fn a_wallet_on_the_token_that_is_missing_or_anothers_is_refused() {
    if without_wallets() {
        return;
    }
    let token = Token::new();
    let (work, address, uri) = with_token_wallet(&token);
    let sms = Sms::start();
    let cmd = |uri: &str| push_unsigned(&work, &sms).arg("--wallet").arg(uri);
    refused(
        cmd("pkcs11:object=nothing"),
        &sms,
        "no wallet that fits pkcs11:object=nothing",
    );
    create(&work);
    refused(
        cmd("pkcs11:object=iexec%20wallet"),
        &sms,
        "more than one wallet fits",
    );
    let anothers = cmd(&uri).arg("--wallet-address").arg(ADDRESS);
    work.write(
        public_file(),
        work.read(format!(".secrets/beneficiary/{address}_key.pub")),
    );
    refused(anothers.arg("--no-input"), &sms, "cannot sign for");
    assert_eq!(sms.methods(), "");
}

#[test]
fn a_token_that_does_not_sign_is_named_and_nothing_is_published() {
    if without_wallets() {
        return;
    }
    let token = Token::new();
    let (work, address, uri) = with_token_wallet(&token);
    let sms = Sms::start();
    for (rule, code, words) in [
        (
            "C_SignInit * return CKR_MECHANISM_INVALID",
            16,
            "does not sign with CKM_ECDSA",
        ),
        (
            "C_SignInit * return CKR_KEY_FUNCTION_NOT_PERMITTED",
            16,
            "does not sign with CKM_ECDSA",
        ),
        ("C_Sign * return CKR_DEVICE_ERROR", 11, "C_Sign"),
    ] {
        let faulty = Faulty::before(&token).rule(rule);
        let cmd = push_unsigned(&work, &sms).arg("--wallet").arg(&uri);
        let run = faulty.drive(cmd).run();
        assert!(run.err().contains(words), "{rule}: {}", run.err());
        run.fails(code);
        assert_eq!(sms.stored(&address, SECRET), None);
    }
}

#[test]
fn the_pin_of_one_token_is_never_sent_to_another() {
    if without_wallets() {
        return;
    }
    let mut token = Token::new();
    token.pin = "4321".to_owned();
    token.add("wallets");
    let work = Work::new(&token);
    let on = |label: &str, pin: &Path, args: &[&str]| {
        let cmd = work.cmd(args).arg("--token").arg(label);
        cmd.env("IEXEC_HSM_PIN_FILE", pin)
            .arg("--raw")
            .run()
            .ok()
            .raw()
    };
    let (first, second) = (
        token.secret_file("first", "1234"),
        token.secret_file("second", "4321"),
    );
    let made = on("wallets", &second, &["wallet", "create"]);
    let (address, uri) = (
        made["address"].as_str().unwrap(),
        made["wallet"].as_str().unwrap(),
    );
    let generate = [
        "result",
        "generate-keys",
        "--bits",
        "2048",
        "--wallet-address",
        address,
    ];
    on("test", &first, &generate);
    let sms = Sms::start();
    let cmd = |uri: &str| {
        work.cmd([
            "result",
            "push-encryption-key",
            "--no-input",
            "--wallet",
            uri,
        ])
        .env("IEXEC_HSM_SMS_URL", sms.url())
        .env("IEXEC_HSM_PIN_FILE", &first)
    };
    let run = cmd(uri).run().fails(14);
    assert!(run.err().contains("pin-source"), "{}", run.err());
    assert_eq!(sms.stored(address, SECRET), None);
    let with_source = format!("{uri}?pin-source=file:{}", second.display());
    cmd(&with_source).run().ok();
    assert!(sms.stored(address, SECRET).is_some());
}
