//! Where a new key's address comes from, and what is left when a new key cannot be recorded.

use std::fs;

use crate::support::*;

const FOLDER: &str = ".secrets/beneficiary";
const FIRST: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
const SECOND: &str = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";

fn generate(work: &Work) -> Cmd {
    work.cmd(["result", "generate-keys", "--bits", "2048"])
        .pin()
}

fn address_of(cmd: Cmd) -> String {
    let made = cmd.arg("--raw").run().ok().raw();
    made["address"].as_str().unwrap().to_owned()
}

fn keystore_file(date: &str, address: &str) -> (String, String) {
    let digits = &address[2..];
    let content = format!(
        r#"{{"address":"{}","id":"x","version":3,"Crypto":{{"cipher":"aes-128-ctr"}}}}"#,
        digits.to_lowercase()
    );
    (
        format!("UTC--{date}T00-00-00.000000000Z--{digits}"),
        content,
    )
}

fn no_key(token: &Token) {
    let objects = token.objects();
    assert!(!objects.contains("Key Object"), "{objects}");
}

#[test]
fn the_address_comes_from_the_wallets_of_the_sdk_in_its_order() {
    let token = Token::new();
    let work = Work::new(&token);
    let keystore = work.home().join(".ethereum/keystore");
    fs::create_dir_all(&keystore).unwrap();
    for (date, address) in [("2024-05-01", FIRST), ("2023-05-01", SECOND)] {
        let (name, content) = keystore_file(date, address);
        fs::write(keystore.join(name), content).unwrap();
    }
    assert_eq!(address_of(generate(&work)), FIRST, "the newest");

    let (older, _) = keystore_file("2023-05-01", SECOND);
    let named = generate(&work).arg("--wallet-file").arg(&older);
    assert_eq!(address_of(named), SECOND);

    // A plain wallet of the folder wins over the keystore of the home.
    let wallet = format!(
        r#"{{"privateKey":"0x{}","publicKey":"0x04","address":"{ADDRESS}"}}"#,
        "1".repeat(64)
    );
    work.write("wallet.json", wallet);
    assert_eq!(address_of(generate(&work)), ADDRESS);
    let given = generate(&work).arg("--wallet-address").arg(SECOND);
    assert_eq!(address_of(given), SECOND);

    let local = work.folder().join("keys");
    fs::create_dir(&local).unwrap();
    let (name, content) = keystore_file("2020-01-01", FIRST);
    fs::write(local.join(&name), content).unwrap();
    let cmd = generate(&work).arg("--keystoredir").arg("keys");
    assert_eq!(address_of(cmd.arg("--wallet-file").arg(name)), FIRST);
}

#[test]
fn an_address_on_the_command_line_wins_over_a_wallet_in_the_environment() {
    let token = Token::new();
    let work = Work::new(&token);
    let (name, content) = keystore_file("2024-05-01", FIRST);
    let file = work.write(&name, content);
    let in_env = || generate(&work).env("IEXEC_HSM_WALLET_FILE", &file);
    assert_eq!(address_of(in_env()), FIRST);
    let given = in_env().arg("--wallet-address").arg(SECOND);
    assert_eq!(address_of(given), SECOND);
}

#[test]
fn a_wallet_that_is_broken_or_contradicts_itself_is_refused() {
    let token = Token::new();
    let work = Work::new(&token);
    let secret = "2".repeat(64);
    for content in [
        format!(r#"{{"privateKey":"0x{secret}""#),
        format!(
            r#"{{"privateKey":"0x{secret}","address":"0x{}"}}"#,
            "0".repeat(40)
        ),
        format!(r#"{{"privateKey":"0x{secret}","address":"0x{secret}"}}"#),
    ] {
        work.write("wallet.json", content);
        let run = generate(&work).run().fails(33);
        assert!(!run.err().contains(&secret), "{}", run.err());
    }
    let (name, _) = keystore_file("2024-05-01", FIRST);
    let (_, content) = keystore_file("2024-05-01", SECOND);
    let file = work.write(name, content);
    let run = generate(&work)
        .arg("--wallet-file")
        .arg(file)
        .run()
        .fails(33);
    assert!(run.err().contains(FIRST) && run.err().contains(SECOND));
    no_key(&token);
    assert!(!work.exists(".secrets"));
}

#[test]
fn a_software_key_is_never_overwritten() {
    let token = Token::new();
    let work = Work::new(&token);
    let (private, public) = openssl::rsa_key(2048);
    let key = format!("{FOLDER}/{ADDRESS}_key");
    for (name, content) in [(key.clone(), &private), (format!("{key}.pub"), &private)] {
        work.write(&name, content);
        for args in [&[][..], &["--force"]] {
            let mut cmd = generate(&work).env("IEXEC_HSM_WALLET_ADDRESS", ADDRESS);
            for arg in args {
                cmd = cmd.arg(arg);
            }
            let run = cmd.run().fails(22);
            assert!(run.err().contains("import-encryption-key"), "{}", run.err());
        }
        assert_eq!(work.read(&name), private.as_bytes());
        no_key(&token);
        fs::remove_file(work.path(&name)).unwrap();
    }
    work.write(&key, r#"{"kty":"RSA"}"#);
    let cmd = || generate(&work).env("IEXEC_HSM_WALLET_ADDRESS", ADDRESS);
    cmd().run().fails(22);
    assert_eq!(work.read(&key), br#"{"kty":"RSA"}"#);
    no_key(&token);

    // What the SDK left beside it, or a torn reference, is no loss.
    work.write(format!("{key}.pub"), &public);
    work.write(&key, "");
    cmd().run().ok();
    work.run(["key", "show"]).ok();
}

#[test]
fn a_key_that_cannot_be_recorded_is_not_left_on_the_token() {
    let token = Token::new();
    let work = Work::new(&token);
    let generate = || generate(&work).env("IEXEC_HSM_WALLET_ADDRESS", ADDRESS);
    work.write(".secrets", "a file where the folder should be");
    generate().run().fails(23);
    no_key(&token);

    let full = "/proc/iexec-hsm";
    let cmd = generate().arg("--beneficiary-keystoredir").arg(full);
    let run = cmd.run().fails(23);
    assert!(
        run.err().contains("removed from the token again"),
        "{}",
        run.err()
    );
    no_key(&token);

    let folder = work.path("keys");
    fs::create_dir_all(folder.join(format!("{ADDRESS}_key.pub"))).unwrap();
    let cmd = generate().arg("--beneficiary-keystoredir").arg(&folder);
    cmd.run().fails(22);
    no_key(&token);
    assert!(!folder.join(format!("{ADDRESS}_key")).exists());
    work.is_tidy();
}

#[test]
fn a_refused_pin_leaves_nothing() {
    let token = Token::new();
    let work = Work::new(&token);
    let wrong = token.secret_file("wrong", "9999");
    let cmd = work.cmd(["result", "generate-keys", "--bits", "2048", "--pin-file"]);
    let cmd = cmd.arg(wrong).arg("--wallet-address").arg(ADDRESS);
    cmd.run().fails(12);
    no_key(&token);
    assert!(!work.exists(".secrets"), "a refused PIN writes nothing");
}
