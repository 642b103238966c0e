//! The address that a key is filed under: never another than the one in its file's name, unless that is said.

use std::fs;

use crate::support::publish::{
    OTHER, WALLET_KEY, in_keystore, keystore, public_file, push, with_key,
};
use crate::support::sms::Sms;
use crate::support::*;

fn key_file(address: &str) -> String {
    format!(".secrets/beneficiary/{address}_key")
}

fn import(work: &Work, pem: &str) -> Cmd {
    work.cmd(["result", "import-encryption-key", pem]).pin()
}

/// A work folder with a wallet of [`ADDRESS`] in the keystore.
fn with_wallet(token: &Token) -> Work<'_> {
    let work = Work::new(token);
    in_keystore(&work, "2024-05-01", ADDRESS, &keystore(Some(ADDRESS)));
    work
}

/// Asserts that a command refuses the address in a name, says which two there are and what to do,
/// and leaves the token as it was.
#[track_caller]
fn refused(cmd: Cmd, token: &Token) {
    let before = token.objects();
    let run = cmd.run().fails(2);
    for words in [
        OTHER,
        ADDRESS,
        "--allow-other-address",
        &format!("--wallet-address {OTHER}"),
    ] {
        assert!(run.err().contains(words), "{words} in {}", run.err());
    }
    assert_eq!(token.objects(), before);
}

#[test]
fn a_copy_of_a_key_file_is_filed_under_the_address_in_its_name() {
    let (private, public) = openssl::rsa_key(2048);
    let digits = &OTHER[2..];
    for name in [
        format!("Copy of {OTHER}_key"),
        format!("{OTHER}_key.software.pem"),
        format!("{OTHER}_key (1)"),
        format!("backup/{}_key.bak", OTHER.to_lowercase()),
        format!("0X{}_key", digits.to_uppercase()),
        format!("{digits}_key~"),
    ] {
        let token = Token::new();
        let work = with_wallet(&token);
        work.write(&name, &private);
        let run = import(&work, &name).run().ok();
        let told = format!("It is the result key of {OTHER} now (the name of the file)");
        assert!(run.err().contains(&told), "{name}: {}", run.err());
        let written = work.read(format!("{}.pub", key_file(OTHER)));
        assert_eq!(written, public.as_bytes(), "{name}");
        assert!(!work.exists(key_file(ADDRESS)), "{name}");
        assert!(token.objects().contains("iexec result key 2b5ad5c4"));
    }
}

#[test]
fn a_key_file_without_an_address_is_filed_under_that_of_the_wallet_which_is_told() {
    let token = Token::new();
    let work = with_wallet(&token);
    work.write("key.pem", openssl::rsa_key(2048).0);
    let run = import(&work, "key.pem").run().ok();
    let told = format!("It is the result key of {ADDRESS} now (keystore file ");
    assert!(run.err().contains(&told), "{}", run.err());
    assert!(work.exists(key_file(ADDRESS)));
}

#[test]
fn a_key_file_named_after_another_address_than_the_one_that_is_said_is_refused() {
    let token = Token::new();
    let work = with_wallet(&token);
    let file = in_keystore(&work, "2024-05-01", ADDRESS, &keystore(Some(ADDRESS)));
    for name in [key_file(OTHER), format!("Copy of {OTHER}_key")] {
        work.write(&name, openssl::rsa_key(2048).0);
        let cmd = || import(&work, &name);
        refused(cmd().args(&["--wallet-address", ADDRESS]), &token);
        refused(cmd().env("IEXEC_HSM_WALLET_ADDRESS", ADDRESS), &token);
        refused(cmd().arg("--wallet-file").arg(&file), &token);
        assert!(!work.exists(key_file(ADDRESS)), "{name}");
    }
    let copy = format!("Copy of {OTHER}_key");
    let meant = import(&work, &copy).arg("--allow-other-address");
    let raw = meant.arg("--raw").run().ok().raw();
    assert_eq!(raw["address"], ADDRESS);
    assert!(work.exists(key_file(ADDRESS)));
}

#[test]
fn a_name_with_a_mistyped_address_or_with_two_of_them_is_refused() {
    let token = Token::new();
    let work = with_wallet(&token);
    let private = openssl::rsa_key(2048).0;
    let mistyped = format!("{}_key", OTHER.replace("AD5c", "ad5C"));
    work.write(&mistyped, &private);
    for cmd in [
        import(&work, &mistyped),
        import(&work, &mistyped).args(&["--wallet-address", ADDRESS]),
    ] {
        let run = cmd.run().fails(2);
        assert!(run.err().contains("mistyped"), "{}", run.err());
        assert!(run.err().contains("--allow-other-address"), "{}", run.err());
    }
    let both = format!("{ADDRESS}_key of {OTHER}");
    work.write(&both, &private);
    let run = import(&work, &both).run().fails(2);
    assert!(run.err().contains("several addresses"), "{}", run.err());
    assert_eq!(token.objects(), "");
    let args = ["--wallet-address", OTHER, "--raw"];
    let raw = import(&work, &both).args(&args).run().ok().raw();
    assert_eq!(raw["address"], OTHER);
}

#[test]
fn a_public_key_file_named_after_another_address_is_not_published() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    let name = format!("{OTHER}_key.pub");
    work.write(&name, work.read(public_file()));
    let cmd = || push(&work, &sms).arg("--secret-path").arg(&name);
    refused(cmd(), &token);
    assert_eq!(sms.methods(), "");
    cmd().arg("--allow-other-address").run().ok();
    assert_eq!(sms.methods(), "HEAD POST");
}

#[test]
fn a_key_of_another_address_is_adopted_with_a_word_of_it() {
    let token = Token::new();
    let work = with_key(&token);
    let name = format!("{ADDRESS}_key.pub");
    work.write(&name, work.read(public_file()));
    let adopt = |address: &str| {
        work.cmd(["key", "adopt", "--wallet-address", address])
            .pin()
    };
    let run = adopt(OTHER).arg("--public-key").arg(&name).run().fails(2);
    for words in [OTHER, ADDRESS, "--allow-other-address"] {
        assert!(run.err().contains(words), "{words} in {}", run.err());
    }
    assert!(!work.exists(key_file(OTHER)));
    // The same key for two addresses is told, as is what its label says.
    let run = adopt(OTHER).run().ok();
    for words in [
        "its label says that it was made for 0x7e5f4552",
        &format!("is the result key of {OTHER} now"),
        &format!("It is the result key of {ADDRESS} as well."),
    ] {
        assert!(run.err().contains(words), "{words} in {}", run.err());
    }
    let run = adopt(ADDRESS).run().ok();
    assert!(!run.err().contains("its label says"), "{}", run.err());
}

#[test]
fn a_public_key_is_not_exported_under_the_name_of_another_address() {
    let token = Token::new();
    let work = with_key(&token);
    let output = format!("{OTHER}_key.pub");
    let export = || work.cmd(["key", "export", "--output", &output]).pin();
    let run = export().run().fails(2);
    for words in [OTHER, ADDRESS, "--allow-other-address"] {
        assert!(run.err().contains(words), "{words} in {}", run.err());
    }
    assert!(!work.exists(&output));
    export().arg("--allow-other-address").run().ok();
    assert!(work.exists(&output));
    let own = work.cmd(["key", "export", "--output", &public_file(), "--force"]);
    own.pin().run().ok();
    // Of a key that no key file records, nobody knows whose it is.
    fs::remove_dir_all(work.path(".secrets")).unwrap();
    export().arg("--force").run().ok();
}

#[test]
fn every_command_that_records_a_key_names_the_address() {
    let token = Token::new();
    let work = Work::new(&token);
    work.write("key.pem", openssl::rsa_key(2048).0);
    let named = |args: &[&str]| {
        let cmd = work.cmd(args).env("IEXEC_HSM_WALLET_KEY", WALLET_KEY);
        let run = cmd.pin().run().ok();
        assert!(run.err().contains(ADDRESS), "{args:?}: {}", run.err());
    };
    named(&["result", "import-encryption-key", "key.pem"]);
    named(&["key", "adopt", "--allow-imported"]);
    named(&["result", "generate-keys", "--bits=2048"]);
    named(&["setup", "--no-input", "--replace"]);
}
