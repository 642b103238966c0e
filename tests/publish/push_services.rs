//! Which Secret Management Service: chains, frameworks, addresses, and several at once.

use serde_json::{Value, json};

use crate::support::publish::*;
use crate::support::sms::{Fault, Sms};
use crate::support::*;

/// A `chain.json` with one chain.
fn chain_json(work: &Work, chain: Value) {
    let file = json!({ "default": "mine", "chains": { "mine": chain, "bellecour": {} } });
    work.write("chain.json", file.to_string());
}

/// A push that leaves the SMS to `chain.json`, which it trusts, and options.
fn push(work: &Work, args: &[&str]) -> Cmd {
    let args = [&["result", "push-encryption-key", "--trust-project"], args].concat();
    work.cmd(args).pin().env("IEXEC_HSM_WALLET_KEY", WALLET_KEY)
}

#[test]
fn the_chain_of_chain_json_says_where_the_sms_is() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    chain_json(&work, json!({ "id": "134", "sms": sms.url() }));
    let run = push(&work, &[]).run().ok();
    assert!(
        run.err().starts_with("Using chain mine [chainId: 134]\n"),
        "{}",
        run.err()
    );
    let raw = push(&work, &["--force-update", "--raw"]).run().ok().raw();
    assert_eq!(raw["teeFrameworks"], json!(["scone"]));
    for args in [
        &["--chain", "mine"][..],
        &["--chain", "mine", "--tee-framework", "tdx"],
    ] {
        push(&work, args).run().fails(32);
    }
    assert_eq!(sms.methods(), "HEAD POST HEAD PUT HEAD HEAD");
}

#[test]
fn a_chain_of_the_file_is_found_by_its_number() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    chain_json(&work, json!({ "id": "65535", "sms": sms.url() }));
    let run = push(&work, &["--chain", "65535"]).run().ok();
    let told = "Using chain mine [chainId: 65535]\n";
    assert!(run.err().starts_with(told), "{}", run.err());

    let twins = json!({ "id": "65535", "sms": sms.url() });
    let file = json!({ "chains": { "one": twins, "other": twins } });
    work.write("chain.json", file.to_string());
    let run = push(&work, &["--chain", "65535"]).run().fails(2);
    assert!(run.err().contains("several chains"), "{}", run.err());
    assert!(run.err().contains(r#""one", "other""#), "{}", run.err());
    push(&work, &["--chain", "other"]).run().fails(32);
}

#[test]
fn chain_json_may_begin_with_a_mark_and_is_no_utf16() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    let file = json!({ "default": "mine", "chains": { "mine": { "sms": sms.url() } } });
    work.write("chain.json", format!("\u{feff}{file}"));
    push(&work, &[]).run().ok();
    let wide: Vec<u8> = file
        .to_string()
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    work.write("chain.json", wide);
    let run = push(&work, &[]).run().fails(23);
    for words in ["chain.json", "UTF-16", "Save it as UTF-8"] {
        assert!(run.err().contains(words), "{words} in {}", run.err());
    }
}

#[test]
fn a_path_in_front_is_kept() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    chain_json(
        &work,
        json!({ "sms": { "scone": format!("{}/a/b/", sms.url()) } }),
    );
    push(&work, &[]).run().ok();
    assert!(sms.requests()[0].target.starts_with("/a/b/secrets/web2?"));
}

#[test]
fn unknown_keys_of_chain_json_warn_and_wrong_values_are_named() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    chain_json(&work, json!({ "sms": sms.url(), "smsUrl": 1 }));
    let run = push(&work, &[]).run().ok();
    let warning = "warning: Unknown key in \"chain.json\": chains.mine.smsUrl is ignored";
    assert!(run.err().contains(warning), "{}", run.err());
    push(&work, &["--force-update", "--raw"]).run().ok().raw();
    chain_json(&work, json!({ "sms": 7 }));
    let run = push(&work, &[]).run().fails(2);
    assert!(run.err().contains("chains.mine.sms"), "{}", run.err());
    work.write("chain.json", "{");
    push(&work, &[]).run().fails(2);
}

#[test]
fn what_is_said_closer_to_the_command_counts() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    let other = Sms::start();
    chain_json(&work, json!({ "sms": other.url() }));
    let config = |text: &str| {
        let path = work.home().join(".config/iexec-hsm/config.toml");
        private_file(&path, text);
    };
    // An address goes before a chain that is set in the same way.
    push(&work, &["--sms-url", &sms.url(), "--chain", "mine"])
        .run()
        .ok();
    let cmd = push(&work, &[]).env("IEXEC_HSM_SMS_URL", sms.url());
    let run = cmd.env("IEXEC_HSM_CHAIN", "mine").run().fails(32);
    assert!(
        run.err().starts_with(&format!("Using SMS {}\n", sms.url())),
        "{}",
        run.err()
    );
    config(&format!(
        "chain = \"mine\"\nsms-url = {:?}\ntimeout = 60\n",
        sms.url()
    ));
    push(&work, &[]).run().fails(32);
    assert_eq!((stored(&other), other.methods()), (None, String::new()));
    // A chain that is typed goes before an address in the environment, and so on.
    let env = ("IEXEC_HSM_SMS_URL", sms.url());
    push(&work, &["--chain", "mine"])
        .env(env.0, env.1)
        .run()
        .ok();
    push(&work, &[])
        .env("IEXEC_HSM_CHAIN", "mine")
        .run()
        .fails(32);
    push(&work, &["--chain", "mine"]).run().fails(32);
    assert_eq!(other.methods(), "HEAD POST HEAD HEAD");
}

#[test]
fn settings_that_are_wrong_are_refused() {
    let token = Token::new();
    let work = with_key(&token);
    for (args, words) in [
        (&["--chain", "goerli"][..], "goerli"),
        (&["--chain", "bellecour", "--tee-framework", "tdx"], "tdx"),
        (&["--chain", "mainnet"], "Missing sms"),
        (&["--tee-framework", "sgx"], "scone, gramine, tdx or all"),
        (&["--sms-url", "http://sms.test"], "--insecure-http"),
        (&["--sms-url", "https://user:geheim@sms.test"], "user name"),
        (&["--timeout", "0"], "86400"),
    ] {
        let run = push(&work, args).run().fails(2);
        assert!(run.err().contains(words), "{args:?}: {}", run.err());
        assert!(!run.err().contains("geheim"), "{}", run.err());
    }
}

#[test]
fn plain_http_to_another_machine_gets_a_warning() {
    let token = Token::new();
    let work = with_key(&token);
    let cmd = push(
        &work,
        &[
            "--sms-url",
            "http://sms.invalid",
            "--insecure-http",
            "--dry-run",
        ],
    );
    let run = cmd.run().ok();
    assert!(
        run.err().contains("warning: http://sms.invalid has no TLS"),
        "{}",
        run.err()
    );
}

#[test]
fn all_frameworks_get_the_key_once_for_each_service() {
    let token = Token::new();
    let (work, one, two) = (with_key(&token), Sms::start(), Sms::start());
    let sms = json!({ "scone": one.url(), "gramine": two.url(), "tdx": one.url() });
    chain_json(&work, json!({ "sms": sms }));
    let run = push(&work, &["--tee-framework", "all"]).run().ok();
    for line in [
        format!(
            "scone, tdx ({}): Encryption key successfully pushed",
            one.url()
        ),
        format!(
            "gramine ({}): Encryption key successfully pushed",
            two.url()
        ),
    ] {
        assert!(
            run.err().lines().any(|it| it == line),
            "{line} in {}",
            run.err()
        );
    }
    for sms in [&one, &two] {
        assert_eq!(sms.methods(), "HEAD POST");
        assert_eq!(stored(sms), Some(value(&work)));
    }
    let raw = push(
        &work,
        &["--tee-framework", "all", "--force-update", "--raw"],
    )
    .run()
    .ok();
    let lines: Vec<Value> = raw
        .out()
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["teeFrameworks"], json!(["scone", "tdx"]));
    assert_eq!(lines[1]["sms"], two.url());
    assert!(lines.iter().all(|it| it["isUpdated"] == true));
}

#[test]
fn one_service_that_fails_does_not_keep_the_others_from_the_key() {
    let token = Token::new();
    let work = with_key(&token);
    let (one, two) = (Sms::failing_for_ever([], Fault::status(403)), Sms::start());
    let third = Sms::start();
    third.store(ADDRESS, SECRET, "dGhlaXJz");
    let sms = json!({ "scone": one.url(), "gramine": two.url(), "tdx": third.url() });
    chain_json(&work, json!({ "sms": sms }));
    let run = push(&work, &["--tee-framework", "all"]).run().fails(31);
    let said = run.err();
    assert!(
        said.contains(&format!("error: scone ({}): ", one.url())),
        "{said}"
    );
    assert!(
        said.contains(&format!("gramine ({}): Encryption key", two.url())),
        "{said}"
    );
    assert!(
        said.contains(&format!("error: tdx ({}): Secret", third.url())),
        "{said}"
    );
    assert_eq!(stored(&two), Some(value(&work)));
    let raw = push(
        &work,
        &["--tee-framework", "all", "--force-update", "--raw"],
    )
    .run()
    .fails(31);
    assert_eq!(
        (raw.out().lines().count(), raw.err().lines().count()),
        (2, 1)
    );
    let failure: Value = serde_json::from_str(&raw.err()).unwrap();
    assert_eq!(failure["error"]["exit"], 31);
}

#[test]
fn a_password_that_is_wrong_is_wrong_for_every_service() {
    let token = Token::new();
    let (work, one, two) = (with_key(&token), Sms::start(), Sms::start());
    chain_json(
        &work,
        json!({ "sms": { "scone": one.url(), "gramine": two.url() } }),
    );
    in_keystore(&work, "2024-05-01", ADDRESS, &keystore(Some(ADDRESS)));
    let args = ["result", "push-encryption-key", "--tee-framework", "all"];
    let cmd = work
        .cmd(args)
        .arg("--trust-project")
        .pin()
        .env("IEXEC_HSM_WALLET_PASSWORD", "wrong");
    let run = cmd.run().fails(33);
    assert_eq!(
        run.err().matches("incorrect password").count(),
        1,
        "{}",
        run.err()
    );
    assert_eq!(
        (one.methods().as_str(), two.methods().as_str()),
        ("HEAD", "")
    );
}

#[test]
fn several_services_are_in_one_dry_run() {
    let token = Token::new();
    let work = with_key(&token);
    let cmd = push(
        &work,
        &[
            "--chain",
            "bellecour",
            "--tee-framework",
            "all",
            "--dry-run",
        ],
    );
    let raw = cmd.arg("--raw").run().ok().raw();
    let urls: Vec<_> = raw["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["sms"])
        .collect();
    assert_eq!(
        urls,
        [
            "https://sms.iex.ec",
            "https://sms.gramine.v8-bellecour.iex.ec"
        ]
    );
}
