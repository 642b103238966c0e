//! Who signs a push: each kind of wallet that is not on a token, which goes before which, and what is refused.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use crate::support::publish::*;
use crate::support::sms::Sms;
use crate::support::*;

fn with_password(cmd: Cmd) -> Cmd {
    cmd.env("IEXEC_HSM_WALLET_PASSWORD", PASSWORD)
}

/// Asserts that a push is signed by the beneficiary.
#[track_caller]
fn signs(cmd: Cmd, work: &Work, sms: &Sms) -> Run {
    let run = cmd.arg("--force-update").run().ok();
    assert_eq!(stored(sms), Some(value(work)));
    no_secret(&run, &authorization(work));
    run
}

/// Asserts that a push fails with exit 33 and publishes nothing.
#[track_caller]
fn refused(cmd: Cmd, sms: &Sms, words: &str) -> Run {
    let run = cmd.run().fails(33);
    assert!(run.err().contains(words), "{}", run.err());
    assert_eq!(stored(sms), None);
    run
}

fn plain(private_key: &str, address: &str) -> String {
    format!(r#"{{"privateKey":"0x{private_key}","publicKey":"0x04","address":"{address}"}}"#)
}

#[test]
fn a_keystore_file_signs_and_the_password_comes_from_anywhere_but_the_command_line() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    in_keystore(&work, "2024-05-01", ADDRESS, &keystore(Some(ADDRESS)));
    let cmd = || push_unsigned(&work, &sms);
    signs(with_password(cmd()), &work, &sms);
    let file = token.secret_file("password", PASSWORD);
    signs(cmd().arg("--password-file").arg(&file), &work, &sms);
    signs(cmd().env("IEXEC_HSM_PASSWORD_FILE", &file), &work, &sms);
    let folder = work.path("credentials");
    private_file(&folder.join("iexec-hsm-wallet-password"), PASSWORD);
    signs(cmd().env("CREDENTIALS_DIRECTORY", &folder), &work, &sms);

    // What editors and shells add is no part of it, nor of the wallet.
    let marked = format!("\u{feff}{}", keystore(Some(ADDRESS)));
    let marked = private_file(&work.path("marked.json"), &marked);
    let wallet = cmd().arg("--wallet-file").arg(marked);
    signs(with_password(wallet), &work, &sms);
    let dressed = format!("\u{feff}{PASSWORD}\r\n");
    let file = token.secret_file("dressed", &dressed);
    signs(cmd().arg("--password-file").arg(&file), &work, &sms);
    let variable = cmd().env("IEXEC_HSM_WALLET_PASSWORD", dressed);
    signs(variable, &work, &sms);
    let wide: Vec<u8> = PASSWORD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let file = work.write("wide", wide);
    let run = cmd().arg("--password-file").arg(file).run().fails(23);
    assert!(run.err().contains("UTF-16"), "{}", run.err());

    let run = cmd().arg("--password").arg(PASSWORD).run().fails(2);
    assert!(
        run.err().contains("--password is not taken"),
        "{}",
        run.err()
    );
    assert!(run.err().contains("IEXEC_HSM_WALLET_PASSWORD"));
    no_secret(&run, &authorization(&work));
    let joined = format!("--password={PASSWORD}");
    let error = cmd().arg(joined).arg("--raw").run().fails(2).raw_error();
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("--password-file")
    );
}

#[test]
fn the_password_is_asked_for_on_the_terminal_in_the_words_of_the_sdk() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    let path = in_keystore(&work, "2024-05-01", ADDRESS, &keystore(Some(ADDRESS)));
    let mut pty = Pty::spawn(&push_unsigned(&work, &sms));
    pty.expect("Using wallet ")
        .expect(path.file_name().unwrap().to_str().unwrap());
    pty.expect("Please enter your password to unlock your wallet")
        .until_echo(false);
    pty.send(PASSWORD).send("\n");
    let (code, shown) = pty.wait();
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains(PASSWORD));
    assert_eq!(stored(&sms), Some(value(&work)));

    // A key that is there already asks for no password.
    let mut pty = Pty::spawn(&push_unsigned(&work, &sms));
    let (code, shown) = pty.wait();
    assert_eq!(code, 32, "{shown}");
    assert!(!shown.contains("password"), "{shown}");
}

#[test]
fn a_wrong_password_is_named_and_publishes_nothing() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    in_keystore(&work, "2024-05-01", ADDRESS, &keystore(Some(ADDRESS)));
    let cmd = || push_unsigned(&work, &sms);
    refused(
        cmd().env("IEXEC_HSM_WALLET_PASSWORD", "wrong"),
        &sms,
        "incorrect password",
    );
    refused(
        cmd().env("IEXEC_HSM_WALLET_PASSWORD", ""),
        &sms,
        "holds no password",
    );
    refused(cmd().arg("--no-input"), &sms, "nobody to ask");
    refused(cmd(), &sms, "--password-file");
    cmd().arg("--password-file").arg("missing").run().fails(23);
    assert_eq!(stored(&sms), None);
}

#[test]
fn the_order_is_that_of_the_sdk_with_the_environment_before_what_just_lies_there() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    let said = |cmd: Cmd| signs(with_password(cmd).arg("-v"), &work, &sms).err();
    let old = in_keystore(&work, "2023-05-01", ADDRESS, &keystore(Some(ADDRESS)));
    let new = in_keystore(&work, "2024-05-01", ADDRESS, &keystore(Some(ADDRESS)));
    let uses = |said: &str, what: &str| said.lines().any(|line| line == format!("wallet {what}"));

    let newest = said(push_unsigned(&work, &sms));
    assert!(uses(&newest, &new.display().to_string()), "{newest}");
    let json = private_file(&work.path("wallet.json"), &plain(WALLET_KEY, ADDRESS));
    let plain = said(push_unsigned(&work, &sms));
    assert!(uses(&plain, &json.display().to_string()), "{plain}");
    let environment = said(push(&work, &sms));
    assert!(
        uses(&environment, "in IEXEC_HSM_WALLET_KEY"),
        "{environment}"
    );
    let by_address = said(
        push_unsigned(&work, &sms)
            .arg("--wallet-address")
            .arg(ADDRESS),
    );
    assert!(
        uses(&by_address, &new.display().to_string()),
        "{by_address}"
    );
    let name = old.file_name().unwrap();
    let by_file = said(push_unsigned(&work, &sms).arg("--wallet-file").arg(name));
    assert!(uses(&by_file, &old.display().to_string()), "{by_file}");
}

#[test]
fn a_wallet_of_another_address_is_refused_before_anything_is_sent() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    let beneficiary = |cmd: Cmd| cmd.arg("--wallet-address").arg(ADDRESS);
    let other = "2".repeat(64);
    let cmd = beneficiary(push_unsigned(&work, &sms)).env("IEXEC_HSM_WALLET_KEY", &other);
    let run = refused(cmd, &sms, "cannot sign for");
    assert!(
        run.err().contains(ADDRESS) && !run.err().contains(&other),
        "{}",
        run.err()
    );
    let cmd = beneficiary(push_unsigned(&work, &sms));
    refused(
        cmd,
        &sms,
        &format!("No wallet file matching address {ADDRESS} found in"),
    );
    let bad = push_unsigned(&work, &sms).env("IEXEC_HSM_WALLET_KEY", "no key");
    let run = refused(
        beneficiary(bad),
        &sms,
        "IEXEC_HSM_WALLET_KEY: not a private key",
    );
    assert!(!run.err().contains("no key"), "{}", run.err());
    private_file(&work.path("wallet.json"), &plain(WALLET_KEY, OTHER));
    let others = format!(".secrets/beneficiary/{OTHER}_key.pub");
    work.write(others, work.read(public_file()));
    let disagreement = format!("is for {OTHER}, but what it holds is for {ADDRESS}");
    refused(push_unsigned(&work, &sms), &sms, &disagreement);
    assert_eq!(sms.methods(), "");

    // Whose the key is shows only when it is unlocked.
    fs::remove_file(work.path("wallet.json")).unwrap();
    in_keystore(&work, "2024-05-01", OTHER, &keystore(None));
    refused(with_password(push_unsigned(&work, &sms)), &sms, ADDRESS);
    assert_eq!(sms.methods(), "HEAD");
}

#[test]
fn a_wallet_file_that_everybody_can_read_gets_a_warning() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    let path = private_file(&work.path("wallet.json"), &plain(WALLET_KEY, ADDRESS));
    let quiet = signs(push_unsigned(&work, &sms), &work, &sms);
    assert!(!quiet.err().contains("warning"), "{}", quiet.err());
    fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap();
    let warned = signs(push_unsigned(&work, &sms), &work, &sms);
    assert!(
        warned.err().contains("warning: every user"),
        "{}",
        warned.err()
    );
    let raw = signs(push_unsigned(&work, &sms).arg("--raw"), &work, &sms);
    raw.raw();
}
