//! What a failure tells people to do, done: the command comes further than before.

use crate::support::publish::{self, OTHER, PASSWORD, keystore, private_file, push_unsigned};
use crate::support::sms::Sms;
use crate::support::*;

/// Runs a command that fails with `code` and tells people to use `option`; then does so.
#[track_caller]
fn follow(cmd: impl Fn() -> Cmd, code: i32, option: &str, value: Option<&str>) -> Run {
    let run = cmd().run().fails(code);
    let hint = run.err();
    let hint = hint.split(" hint: ").nth(1).unwrap_or_default();
    assert!(hint.contains(option), "{option} in {}", run.err());
    let cmd = cmd().arg(option);
    match value {
        Some(value) => cmd.arg(value),
        None => cmd,
    }
    .run()
}

#[test]
fn hints_about_pins_and_tokens_lead_on() {
    let token = Token::new();
    let work = publish::with_key(&token);
    let pin = token.pin_file();
    let list = || work.cmd(["key", "list", "--no-input"]);
    follow(list, 14, "--pin-file", pin.to_str()).ok();

    let delete = || work.cmd(["key", "delete", "--no-input"]).pin();
    let label = "iexec result key 7e5f4552";
    follow(delete, 2, "--confirm-label", Some(label)).ok();
    let show = || work.cmd(["key", "show"]).pin();
    let run = show().run().fails(15);
    assert!(
        run.err()
            .contains("`iexec-hsm result generate-encryption-keypair`")
    );
    let generate = ["result", "generate-encryption-keypair", "--bits", "2048"];
    let generate = || work.cmd(generate).pin();
    follow(generate, 33, "--wallet-address", Some(ADDRESS)).ok();
    show().run().ok();
}

#[test]
fn hints_about_several_tokens_and_keys_lead_on() {
    let token = Token::new();
    let work = publish::with_key(&token);
    let key = || {
        work.cmd(["key", "show", "--beneficiary-keystoredir", "none"])
            .pin()
    };
    let args = ["result", "generate-keys", "--bits", "2048"];
    work.run([&args[..], &["--wallet-address", OTHER]].concat())
        .ok();
    let run = key().run().fails(15);
    let uris: Vec<String> = run
        .err()
        .lines()
        .map(str::trim)
        .map(str::to_owned)
        .collect();
    let uri = uris
        .iter()
        .find(|line| line.starts_with("pkcs11:"))
        .unwrap();
    follow(key, 15, "--key", Some(uri)).ok();

    token.add("second");
    let info = || work.cmd(["token", "info"]);
    follow(info, 10, "--token", Some("second")).ok();
    let init = || {
        let init = work.cmd(["token", "init", "--token-label", "fresh", "--no-input"]);
        let init = init
            .args(&["--token", "second", "--pin-file"])
            .arg(token.pin_file());
        init.arg("--so-pin-file").arg(token.so_pin_file())
    };
    let forced = || init().arg("--force");
    token_is_there(&follow(init, 16, "--force", None).fails(2));
    follow(forced, 2, "--confirm-label", Some("second")).ok();
}

#[track_caller]
fn token_is_there(run: &Run) {
    assert!(run.err().contains("left as it is"), "{}", run.err());
}

#[test]
fn hints_about_archives_and_outputs_lead_on() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", &[7; 9000])])));
    let decrypt = || work.cmd(["result", "decrypt", "a.zip"]).pin();
    decrypt().run().ok();
    follow(decrypt, 22, "--force", None).ok();
    let small = || {
        work.cmd([
            "result",
            "decrypt",
            "a.zip",
            "--output",
            "b.zip",
            "--max-entries",
            "0",
        ])
        .pin()
    };
    let run = small().run().fails(24);
    assert!(run.err().contains("--max-entries"), "{}", run.err());
    let inspect = || {
        let cmd = work.cmd(["result", "inspect", "a.zip", "--no-token"]);
        cmd.env("IEXEC_HSM_MAX_SIZE", "10")
    };
    follow(inspect, 24, "--max-size", Some("1M")).ok();
    let export = || work.cmd(["key", "export", "--output", "key.pub"]);
    export().run().ok();
    follow(export, 22, "--force", None).ok();
}

#[test]
fn hints_about_keys_from_elsewhere_lead_on() {
    let token = Token::new();
    let work = Work::new(&token);
    work.write("key.pem", openssl::rsa_key(2048).0);
    let import = ["result", "import-encryption-key", "key.pem"];
    let import = || work.cmd(import).pin();
    follow(import, 33, "--wallet-address", Some(ADDRESS)).ok();
    let adopt = || {
        let cmd = work.cmd(["key", "adopt", "--wallet-address", OTHER]).pin();
        cmd.args(&["--beneficiary-keystoredir", "other"])
    };
    follow(adopt, 16, "--allow-imported", None).ok();
    let sms = Sms::start();
    let push = || publish::push(&work, &sms);
    follow(push, 16, "--allow-imported", None).ok();
}

#[test]
fn hints_about_publishing_and_wallets_lead_on() {
    let token = Token::new();
    let (work, sms) = (publish::with_key(&token), Sms::start());
    let file = private_file(&work.path("account"), &keystore(None));
    let file = file.to_str();
    // No wallet; then none of that address; then the file, which tells no address.
    let push = || push_unsigned(&work, &sms).env("IEXEC_HSM_WALLET_PASSWORD", PASSWORD);
    follow(push, 33, "--wallet-address", Some(ADDRESS)).fails(33);
    let by_address = || push().args(&["--wallet-address", ADDRESS]);
    follow(by_address, 33, "--wallet-file", file).ok();
    follow(push, 33, "--wallet-file", file).fails(32);
    let again = || push().arg("--wallet-file").arg(file.unwrap());
    follow(again, 32, "--force-update", None).ok();

    let check = || {
        let check = work.cmd(["result", "check-encryption-key"]);
        check
            .env("IEXEC_HSM_SMS_URL", sms.url())
            .arg("--wallet-file")
            .arg(file.unwrap())
    };
    follow(check, 33, "--wallet-address", Some(ADDRESS)).ok();
    let chain = || {
        let check = work.cmd(["result", "check-encryption-key", ADDRESS]);
        check.env("IEXEC_HSM_CHAIN", "nowhere")
    };
    let url = sms.url();
    assert!(chain().run().fails(2).err().contains("--chain"));
    work.write("chain.json", r#"{"default":"a","chains":{"a":{}}}"#);
    let chain = || work.cmd(["result", "check-encryption-key", ADDRESS]);
    follow(chain, 2, "--sms-url", Some(&url)).ok();
}
