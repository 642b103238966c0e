//! Which keys `result push-encryption-key` publishes, and which it refuses before anything is sent.

use serde_json::json;

use crate::support::publish::*;
use crate::support::sms::Sms;
use crate::support::*;

/// Asserts that a push fails, says this, and has sent nothing.
#[track_caller]
fn refused(cmd: Cmd, sms: &Sms, exit: i32, words: &str) {
    let run = cmd.run().fails(exit);
    assert!(run.err().contains(words), "{}", run.err());
    assert_eq!(sms.methods(), "");
}

#[test]
fn a_public_key_whose_private_key_is_not_on_the_token_is_refused() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    let (_, foreign) = openssl::rsa_key(2048);
    work.write(public_file(), &foreign);
    refused(
        push(&work, &sms),
        &sms,
        15,
        "has no private key to the public key in",
    );
    work.write("other.pub", &foreign);
    let named = || push(&work, &sms).arg("--secret-path").arg("other.pub");
    refused(named(), &sms, 15, "has no private key to the public key in");
    let both = push(&work, &sms)
        .arg("--key")
        .arg("pkcs11:object=iexec%20result%20key%207e5f4552");
    refused(both, &sms, 16, "another public key");
}

#[test]
fn a_software_key_is_published_only_when_that_is_said() {
    let token = Token::uninitialised();
    let (work, sms) = (Work::new(&token), Sms::start());
    let (_, public) = openssl::rsa_key(2048);
    work.write("soft.pub", &public);
    let cmd = || {
        let cmd = push(&work, &sms).arg("--secret-path").arg("soft.pub");
        cmd.arg("--allow-software-key")
    };
    let run = cmd().run().ok();
    assert!(run.err().contains("not checked: whether"), "{}", run.err());
    let raw = cmd().arg("--force-update").arg("--raw").run().ok().raw();
    assert_eq!((&raw["key"], &raw["facts"]), (&json!(null), &json!(null)));
}

#[test]
fn a_key_of_the_sdk_is_named_with_the_way_onto_the_token() {
    let token = Token::new();
    let (work, sms) = (Work::new(&token), Sms::start());
    let (private, public) = openssl::rsa_key(2048);
    work.write(public_file(), &public);
    work.write(public_file().trim_end_matches(".pub"), &private);
    refused(push(&work, &sms), &sms, 16, "import-encryption-key");
    push(&work, &sms).arg("--allow-software-key").run().ok();
    assert_eq!(stored(&sms), Some(value(&work)));
}

#[test]
fn an_imported_key_needs_a_word() {
    let token = Token::new();
    let (work, sms) = (Work::new(&token), Sms::start());
    work.write("old.pem", openssl::rsa_key(2048).0);
    work.run([
        "result",
        "import-encryption-key",
        "old.pem",
        "--wallet-address",
        ADDRESS,
    ])
    .ok();
    refused(
        push(&work, &sms),
        &sms,
        16,
        "imported, not made on the token",
    );
    let run = push(&work, &sms).arg("--allow-imported").run().ok();
    assert!(run.err().contains("imported, not made on the token"));
    assert_eq!(stored(&sms), Some(value(&work)));
}

#[test]
fn a_key_that_may_leave_the_token_is_refused() {
    let token = Token::new();
    token.pkcs11_tool(&[
        "--keypairgen",
        "--key-type",
        "rsa:2048",
        "--id",
        "01",
        "--label",
        "loose",
        "--usage-decrypt",
        "--extractable",
    ]);
    let (work, sms) = (Work::new(&token), Sms::start());
    work.run([
        "key",
        "adopt",
        "--allow-extractable",
        "--wallet-address",
        ADDRESS,
    ])
    .ok();
    refused(push(&work, &sms), &sms, 16, "EXTRACTABLE");
    let imported = push(&work, &sms).arg("--allow-imported");
    refused(imported, &sms, 16, "EXTRACTABLE");
}

#[test]
fn what_enclaves_cannot_read_is_refused() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    let ec = openssl::openssl(
        &["ecparam", "-name", "prime256v1", "-genkey", "-noout"],
        b"",
    );
    let ec = openssl::openssl(&["ec", "-pubout"], &ec);
    for (content, words) in [
        (openssl::rsa_key(1024).1.into_bytes(), "1024 bits"),
        (openssl::rsa_key(4104).1.into_bytes(), "4104 bits"),
        (ec, "enclaves encrypt to RSA keys only"),
        (openssl::rsa_key(2048).0.into_bytes(), "private key"),
        (b"not a key".to_vec(), "it is not PEM"),
    ] {
        work.write("other.pub", content);
        let cmd = push(&work, &sms).arg("--secret-path").arg("other.pub");
        refused(cmd.arg("--allow-software-key"), &sms, 16, words);
    }
    let missing = push(&work, &sms).arg("--secret-path").arg("missing.pub");
    refused(missing, &sms, 23, "missing.pub");
}

#[test]
fn what_can_be_told_without_the_pin_is_told_before_it_is_asked_for() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    let without_pin = || {
        work.cmd(["result", "push-encryption-key", "--no-input"])
            .env("IEXEC_HSM_WALLET_KEY", WALLET_KEY)
    };
    let there = || without_pin().env("IEXEC_HSM_SMS_URL", sms.url());
    refused(there(), &sms, 14, "PIN");
    refused(
        without_pin().arg("--sms-url").arg("ftp://x"),
        &sms,
        2,
        "https://",
    );
    refused(
        without_pin().arg("--chain").arg("nowhere"),
        &sms,
        2,
        "nowhere",
    );
    refused(without_pin(), &sms, 2, "chain.json");
    let other = there().arg("--wallet-address").arg(OTHER);
    refused(other, &sms, 15, OTHER);
    work.write(
        format!(".secrets/beneficiary/{OTHER}_key.pub"),
        work.read(public_file()),
    );
    let other = there().arg("--wallet-address").arg(OTHER);
    refused(other, &sms, 33, "cannot sign for");
    work.write(public_file(), "not a key");
    refused(there(), &sms, 16, "not PEM");
}
