//! Wallet files that other programs write: whose they are, and that what ethers opens is opened.

use std::fs;

use crate::support::publish::*;
use crate::support::sms::Sms;
use crate::support::*;

/// The challenge for the owner of a wallet, which needs neither a token nor a service.
fn challenge(work: &Work, options: &[&str]) -> Cmd {
    if !work.exists("key.pub") {
        work.write("key.pub", openssl::rsa_key(2048).1);
    }
    let args = [
        "result",
        "push-encryption-key",
        "--print-challenge",
        "--raw",
    ];
    let key = ["--allow-software-key", "--secret-path", "key.pub"];
    work.cmd([&args[..], &key, options].concat())
        .env("IEXEC_HSM_WALLET_PASSWORD", PASSWORD)
}

/// Whose wallet a file is, once it is unlocked.
#[track_caller]
fn owner(work: &Work, content: &str) -> Result<String, String> {
    let file = private_file(&work.path("wallet"), content);
    let run = challenge(work, &["--wallet-file", file.to_str().unwrap()]).run();
    if run.code == Some(0) {
        let line: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
        return Ok(line["ownerAddress"].as_str().unwrap().to_owned());
    }
    let message = run.raw_error()["message"].as_str().unwrap().to_owned();
    assert_eq!(run.code, Some(33), "{message}");
    Err(message)
}

/// A keystore in forms that are unlike the usual one, and say the same.
fn other_forms() -> Vec<String> {
    let usual = keystore(Some(ADDRESS));
    let silent = keystore(None);
    let change = |from: &str, to: &str| {
        let changed = usual.replacen(from, to, 1);
        assert_ne!(changed, usual, "{from}");
        changed
    };
    let crypto = usual[usual.find("\"crypto\":").unwrap() + 9..usual.len() - 1].to_owned();
    let digits = &ADDRESS[2..];
    let address = |text: &str| change(&digits.to_lowercase(), text);
    vec![
        change("\"crypto\"", "\"Crypto\""),
        change("\"version\"", &format!("\"Crypto\":{crypto},\"version\"")),
        change("\"version\":3", "\"version\":\"3\""),
        change("\"version\":3", "\"version\":3.0"),
        change("\"c\":1", "\"c\":\"1\""),
        change("\"dklen\":32", "\"dklen\":\"32\""),
        change("\"kdf\":\"pbkdf2\"", "\"kdf\":\"PBKDF2\""),
        change("\"kdfparams\"", "\"KdfParams\""),
        change("\"mac\"", "\"MAC\""),
        change("\"salt\":\"", "\"Salt\":\"0x"),
        change("\"iv\":\"", "\"iv\":\"0x"),
        address(&digits.to_uppercase()),
        address(ADDRESS),
        // No checksum has these letters, and ethers does not look.
        address(&digits.replace("Bdf", "BDF")),
        address(""),
        change("\"version\"", "\"x-more\":{\"crypto\":7},\"version\""),
        silent.clone(),
        silent.replacen('{', "{\"address\":null,", 1),
        keystore_with("hmac-sha512", Some(ADDRESS)),
        format!("\u{20}\r\n{usual}\n"),
    ]
}

#[test]
fn other_forms_of_a_keystore_are_opened() {
    let work = Work::without_token();
    for content in other_forms() {
        let found = owner(&work, &content);
        assert_eq!(found.as_deref(), Ok(ADDRESS), "{content}");
    }
    let cipher = keystore(None).replace("aes-128-ctr", "AES-128-CTR");
    assert_eq!(owner(&work, &cipher).as_deref(), Ok(ADDRESS));
}

#[test]
fn ethers_opens_the_same_forms() {
    let Some(sdk) = Sdk::find(Sdk::V9) else {
        return;
    };
    for content in other_forms() {
        let found = sdk.opens_wallet(&content, PASSWORD);
        assert_eq!(found.as_deref(), Ok(ADDRESS), "{content}");
    }
    assert!(sdk.opens_wallet(&keystore(None), "wrong").is_err());
}

#[test]
fn what_is_refused_is_named_by_its_field_and_never_called_broken() {
    let work = Work::without_token();
    let usual = keystore(None);
    let crypto = "\"crypto\":{";
    for (from, to, named) in [
        ("\"version\":3", "\"version\":\"1\"", "not of version 3"),
        ("aes-128-ctr", "aes-256-ctr", "`cipher`"),
        ("\"kdf\":\"pbkdf2\"", "\"kdf\":\"argon2id\"", "`kdf`"),
        ("hmac-sha256", "hmac-md5", "`prf`"),
        ("\"c\":1", "\"c\":\"one\"", "`c`"),
        ("\"c\":1", "\"c\":1.5", "`c`"),
        ("\"dklen\":32", "\"dklen\":64", "`dklen`"),
        ("\"mac\":\"", "\"mac\":7,\"x\":\"", "`mac`"),
        (crypto, "\"crypto\":7,\"x\":{", "`crypto`"),
        (crypto, "\"Crypto\":{},\"crypto\":{", "`crypto`"),
        ("{\"version\"", "{\"address\":7,\"version\"", "`address`"),
        (
            "{\"version\"",
            "{\"address\":\"0x12\",\"version\"",
            "no usable address",
        ),
    ] {
        let content = usual.replacen(from, to, 1);
        assert_ne!(content, usual, "{from}");
        let error = owner(&work, &content).unwrap_err();
        assert!(error.contains(named), "{named} in {error}");
        assert!(!error.contains("broken"), "{error}");
    }
    let error = owner(&work, "[]").unwrap_err();
    assert!(error.contains("no object"), "{error}");
}

#[test]
fn a_keystore_that_names_no_address_signs_for_that_of_its_key() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    let file = private_file(&work.path("account"), &keystore(None));
    let push = || {
        let cmd = push_unsigned(&work, &sms).arg("--force-update");
        cmd.arg("--wallet-file").arg(&file)
    };
    let unlocking = || push().env("IEXEC_HSM_WALLET_PASSWORD", PASSWORD);
    let run = unlocking().run().ok();
    assert!(run.err().contains(ADDRESS), "{}", run.err());
    assert_eq!(stored(&sms), Some(value(&work)));

    unlocking().args(&["--wallet-address", ADDRESS]).run().ok();
    let run = push().arg("--no-input").run().fails(33);
    assert!(run.err().contains("--password-file"), "{}", run.err());

    // The same for somebody else: the key is held against the address.
    let others = format!(".secrets/beneficiary/{OTHER}_key");
    work.write(format!("{others}.pub"), work.read(public_file()));
    work.write(&others, work.read(public_file().trim_end_matches(".pub")));
    let posts = || sms.methods().matches("PO").count() + sms.methods().matches("PU").count();
    let before = posts();
    let run = unlocking()
        .args(&["--wallet-address", OTHER])
        .run()
        .fails(33);
    assert!(run.err().contains("cannot sign for"), "{}", run.err());
    assert_eq!(posts(), before, "nothing was stored");
}

#[test]
fn it_is_asked_for_its_password_once() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    let file = private_file(&work.path("account"), &keystore(None));
    let mut pty = Pty::spawn(&push_unsigned(&work, &sms).arg("--wallet-file").arg(&file));
    pty.expect("unlock your wallet").until_echo(false);
    pty.send(PASSWORD).send("\n");
    let (code, shown) = pty.wait();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(shown.matches("enter your password").count(), 1, "{shown}");
    assert_eq!(stored(&sms), Some(value(&work)));
}

#[test]
fn a_file_and_an_address_that_contradict_each_other_are_refused() {
    let work = Work::without_token();
    let file = private_file(&work.path("account"), &keystore(Some(ADDRESS)));
    let file = file.to_str().unwrap();
    let run = challenge(&work, &["--wallet-file", file, "--wallet-address", OTHER]).run();
    let message = run.fails(33).raw_error()["message"].to_string();
    assert!(
        message.contains(ADDRESS) && message.contains(OTHER),
        "{message}"
    );
    let run = challenge(&work, &["--wallet-file", file, "--wallet-address", ADDRESS]).run();
    assert_eq!(run.ok().raw()["ownerAddress"], ADDRESS);
}

#[test]
fn a_plain_wallet_without_an_address_is_that_of_its_key() {
    let work = Work::without_token();
    private_file(
        &work.path("wallet.json"),
        &format!(r#"{{"privateKey":"{WALLET_KEY}"}}"#),
    );
    let run = challenge(&work, &[]).run().ok();
    assert_eq!(run.raw()["ownerAddress"], ADDRESS);
}

#[test]
fn wallets_of_iapp_are_listed_and_found_by_address() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    let keystores = work.home().join(".ethereum/keystore");
    private_file(
        &keystores.join(format!("{ADDRESS}.json")),
        &keystore(Some(ADDRESS)),
    );
    private_file(
        &keystores.join(format!("{OTHER}.json")),
        &keystore(Some(OTHER)),
    );
    let list = |options: &[&str]| {
        let raw = work.run([&["wallet", "list", "--no-token", "--raw"], options].concat());
        raw.ok().raw()["wallets"].as_array().unwrap().clone()
    };
    let used = |options: &[&str]| -> Vec<String> {
        let used = list(options).into_iter().filter(|it| it["used"] == true);
        used.map(|it| it["address"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(list(&[]).len(), 2);
    assert_eq!(used(&["--wallet-address", ADDRESS]), [ADDRESS]);
    // Which of two is meant nothing says.
    assert!(used(&[]).is_empty());
    let run = work.run(["wallet", "list", "--no-token"]).ok();
    assert!(run.err().contains("--wallet-address"), "{}", run.err());

    let push = push_unsigned(&work, &sms).args(&["--wallet-address", ADDRESS]);
    push.env("IEXEC_HSM_WALLET_PASSWORD", PASSWORD).run().ok();
    assert_eq!(stored(&sms), Some(value(&work)));
    fs::remove_file(keystores.join(format!("{OTHER}.json"))).unwrap();
    assert_eq!(used(&[]), [ADDRESS]);
}
