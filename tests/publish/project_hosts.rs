//! A project's `chain.json` that sends the wallet's signature to a host of its own.

use serde_json::json;

use crate::support::publish::*;
use crate::support::sms::Sms;
use crate::support::*;

/// A project that sends what a built-in chain's service should get to another one.
fn hijacked(token: &Token) -> (Work<'_>, Sms) {
    let (work, sms) = (with_key(token), Sms::start());
    let chain = json!({ "id": "42161", "sms": sms.url() });
    let file = json!({ "default": "arbitrum-mainnet", "chains": { "arbitrum-mainnet": chain } });
    work.write("chain.json", file.to_string());
    (work, sms)
}

fn push(work: &Work, args: &[&str]) -> Cmd {
    let args = [&["result", "push-encryption-key"], args].concat();
    work.cmd(args).pin().env("IEXEC_HSM_WALLET_KEY", WALLET_KEY)
}

#[test]
fn a_host_that_only_the_project_names_gets_no_signature_unless_that_is_said() {
    let token = Token::new();
    let (work, sms) = hijacked(&token);
    let refused = |cmd: Cmd| {
        let run = cmd.run().fails(2);
        let said = run.err();
        for words in [
            &sms.url(),
            "named by chain.json in this folder alone",
            "--trust-project",
        ] {
            assert!(said.contains(words), "{words}: {said}");
        }
        assert_eq!(sms.methods(), "");
    };
    refused(push(&work, &[]));
    refused(push(&work, &["--chain", "arbitrum-mainnet"]));
    // Another port, scheme or host is another one.
    let others = "https://127.0.0.1 http://127.0.0.1:1 https://sms.iex.ec";
    refused(push(&work, &["--trusted-hosts", others]));
    push(&work, &["--dry-run"]).run().ok();
    assert_eq!(sms.methods(), "");

    let run = push(&work, &["--trust-project"]).run().ok();
    assert!(run.err().contains("warning: the SMS"), "{}", run.err());
    let force = ["--force-update"];
    push(&work, &[&force[..], &["--sms-url", &sms.url()]].concat())
        .run()
        .ok();
    let trusting = push(&work, &force).env("IEXEC_HSM_TRUSTED_HOSTS", sms.url());
    trusting.run().ok();
    let config = format!("trusted-hosts = \"sms.example, {}\"\n", sms.url());
    private_file(&work.home().join(".config/iexec-hsm/config.toml"), &config);
    let run = push(&work, &force).run().ok();
    assert!(!run.err().contains("warning"), "{}", run.err());
}

#[test]
fn a_person_is_asked_before_the_host_of_a_project_gets_a_signature() {
    let token = Token::new();
    let (work, sms) = hijacked(&token);
    for (answer, code) in [("n\n", 2), ("\n", 2), ("y\n", 0)] {
        assert_eq!(sms.methods(), "");
        let mut pty = Pty::spawn(&push(&work, &[]));
        let question = format!("the SMS {} is named by chain.json", sms.url());
        pty.expect(&question).expect("(y/N)").send(answer);
        let (ended, shown) = pty.wait();
        assert_eq!(ended, code, "{shown}");
    }
    assert_eq!(sms.methods(), "HEAD POST");
}

#[test]
fn the_host_is_told_whoever_names_it() {
    let token = Token::new();
    let work = with_key(&token);
    let run = push(&work, &["--chain", "bellecour", "--dry-run"])
        .run()
        .ok();
    let told = "Using chain bellecour [chainId: 134]\nUsing SMS https://sms.iex.ec\n";
    assert!(run.err().starts_with(told), "{}", run.err());
}
