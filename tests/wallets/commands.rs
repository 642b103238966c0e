//! `wallet create` and `wallet list`.

use std::fs;

use serde_json::{Value, json};

use crate::support::publish::*;
use crate::support::*;

#[test]
fn a_wallet_is_made_on_the_token_and_its_address_printed() {
    if without_wallets() {
        return;
    }
    let token = Token::new();
    let work = Work::new(&token);
    let run = work.run(["wallet", "create"]).ok();
    let address = run.out().trim_end().to_owned();
    assert!(
        address.starts_with("0x") && address.len() == 42,
        "{address}"
    );
    let said = run.err();
    assert!(
        said.contains("made on the token, sensitive, not extractable"),
        "{said}"
    );
    assert!(said.contains("There is no copy of this key"), "{said}");
    assert!(
        said.contains("object=iexec%20wallet;type=private;id="),
        "{said}"
    );
    assert!(token.objects().contains("EC_POINT"), "{}", token.objects());
}

#[test]
fn raw_names_the_wallet_and_what_the_token_says_of_it() {
    if without_wallets() {
        return;
    }
    let token = Token::new();
    let work = Work::new(&token);
    let create = |args: &[&str]| work.run([&["wallet", "create", "--raw"], args].concat());
    let made = create(&["--label", "signer", "--id", "0x0102"]).ok().raw();
    assert!(
        made["wallet"]
            .as_str()
            .unwrap()
            .ends_with(";object=signer;type=private;id=%01%02")
    );
    let facts = &made["facts"];
    assert_eq!(
        (&facts["sensitive"], &facts["extractable"]),
        (&json!(true), &json!(false))
    );
    let error = create(&["--id", "0102"]).fails(16).raw_error();
    assert!(error["message"].as_str().unwrap().contains("taken"));
    work.cmd(["wallet", "create", "--no-input"]).run().fails(14);
}

fn list(work: &Work) -> Cmd {
    work.cmd(["wallet", "list", "--no-input"])
}

/// Address, kind and use of every wallet.
fn listed(cmd: Cmd) -> Vec<(String, String, bool)> {
    let raw = cmd.arg("--raw").run().ok().raw();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let wallets = raw["wallets"].as_array().unwrap().iter();
    wallets
        .map(|it| (text(&it["address"]), text(&it["kind"]), it["used"] == true))
        .collect()
}

fn used(cmd: Cmd) -> Vec<(String, String)> {
    let wallets = listed(cmd).into_iter().filter(|it| it.2);
    wallets.map(|(address, kind, _)| (address, kind)).collect()
}

#[test]
fn all_wallets_are_listed_with_the_one_that_would_sign() {
    if without_wallets() {
        return;
    }
    let token = Token::new();
    let work = Work::new(&token);
    let made = work.run(["wallet", "create", "--raw"]).ok().raw();
    let (on_token, uri) = (
        made["address"].as_str().unwrap(),
        made["wallet"].as_str().unwrap(),
    );
    let row = |address: &str, kind: &str, used| (address.to_owned(), kind.to_owned(), used);
    assert_eq!(listed(list(&work)), [row(on_token, "token", false)]);

    let old = in_keystore(&work, "2023-05-01", OTHER, &keystore(Some(OTHER)));
    in_keystore(&work, "2024-05-01", ADDRESS, &keystore(Some(ADDRESS)));
    let expected = [
        row(on_token, "token", false),
        row(ADDRESS, "keystore", true),
        row(OTHER, "keystore", false),
    ];
    assert_eq!(listed(list(&work)), expected);
    let only = |cmd: Cmd, address: &str, kind: &str| {
        assert_eq!(used(cmd), [(address.to_owned(), kind.to_owned())]);
    };
    only(
        list(&work).arg("--wallet-address").arg(OTHER),
        OTHER,
        "keystore",
    );
    only(
        list(&work)
            .arg("--wallet-file")
            .arg(old.file_name().unwrap()),
        OTHER,
        "keystore",
    );
    private_file(
        &work.path("wallet.json"),
        &format!(r#"{{"address":"{OTHER}","privateKey":"0x"}}"#),
    );
    only(list(&work), OTHER, "plain");
    let key = || list(&work).env("IEXEC_HSM_WALLET_KEY", WALLET_KEY);
    only(key(), ADDRESS, "environment");
    only(key().arg("--wallet").arg(uri), on_token, "token");
    only(list(&work).env("IEXEC_HSM_WALLET", uri), on_token, "token");

    let text = key().run().ok();
    assert!(text.out().contains(&format!(
        "{ADDRESS}  (would sign)\n  IEXEC_HSM_WALLET_KEY\n"
    )));
    assert!(
        text.out()
            .contains(&format!("{on_token}\n  \"iexec wallet\" (id ")),
        "{}",
        text.out()
    );
    no_secret(&text, &authorization_free());
}

/// Nothing is signed here.
fn authorization_free() -> String {
    String::new()
}

#[test]
fn what_is_not_usable_is_listed_with_what_is_wrong_with_it() {
    let work = Work::without_token();
    private_file(&work.path("wallet.json"), "broken");
    let raw = list(&work)
        .arg("--raw")
        .env("IEXEC_HSM_WALLET_KEY", "geheim");
    let raw = raw.env("IEXEC_HSM_MODULE", "/nowhere.so").run().ok().raw();
    assert!(raw["tokenError"].as_str().unwrap().contains("/nowhere.so"));
    let wallets = raw["wallets"].as_array().unwrap();
    let problems: Vec<_> = wallets
        .iter()
        .map(|it| it["problem"].as_str().unwrap())
        .collect();
    assert!(problems[0].contains("not a private key"), "{problems:?}");
    assert!(problems[1].contains("JSON is broken"), "{problems:?}");
    let advice = "Name another with --wallet-file.";
    assert!(problems[1].ends_with(advice), "{problems:?}");
    fs::write(work.path("wallet.json"), "{}").unwrap();
    let text = list(&work).arg("--no-token").run().ok();
    let advice = "holds no `address`. Give --wallet-address <address>.\n";
    assert!(text.out().ends_with(advice), "{}", text.out());
    assert!(!raw.to_string().contains("geheim"));
    fs::remove_file(work.path("wallet.json")).unwrap();
    let none = list(&work).arg("--no-token").run().ok();
    assert_eq!(none.out(), "");
    assert!(
        none.err()
            .contains("None of them can sign: no wallet found"),
        "{}",
        none.err()
    );
}

#[test]
fn a_login_is_made_only_when_it_is_asked_for() {
    if without_wallets() {
        return;
    }
    let token = Token::new();
    let work = Work::new(&token);
    work.run(["wallet", "create"]).ok();
    list(&work).arg("--login").run().fails(14);
    let wrong = token.secret_file("wrong", "9999");
    let cmd = list(&work).arg("--login").arg("--pin-file").arg(wrong);
    cmd.run().fails(12);
    assert_eq!(listed(list(&work).arg("--login").pin()).len(), 1);
}

#[test]
fn each_wallet_that_is_made_is_another_one() {
    if without_wallets() {
        return;
    }
    let token = Token::new();
    let work = Work::new(&token);
    let create = || work.run(["wallet", "create"]).ok().out().trim().to_owned();
    let made = [create(), create()];
    assert_ne!(made[0], made[1]);
    let listed = listed(list(&work));
    let mut listed: Vec<_> = listed.into_iter().map(|it| it.0).collect();
    listed.sort();
    let mut made = made.to_vec();
    made.sort();
    assert_eq!(listed, made);
}

#[test]
fn a_wallet_is_known_by_a_point_that_is_said_to_be_on_its_curve() {
    if without_wallets() {
        return;
    }
    let token = Token::new();
    let work = Work::new(&token);
    let made = work.run(["wallet", "create"]).ok().out().trim().to_owned();
    let objects = token.objects();
    let point = objects.split("EC_POINT:").nth(1).unwrap();
    let point = point.split_whitespace().next().unwrap();
    let shown = format!("private-attribute CKA_EC_POINT {point}");
    let no_curve = "attribute CKA_EC_PARAMS missing";
    for (rules, found) in [
        (&["# no fault"][..], true),
        (&["hide CKO_PUBLIC_KEY"], false),
        (&["hide CKO_PUBLIC_KEY", &shown], true),
        (&["hide CKO_PUBLIC_KEY", &shown, no_curve], false),
        (&[no_curve], false),
    ] {
        let faulty = rules.iter().fold(Faulty::before(&token), Faulty::rule);
        let list = list(&work).arg("--login").pin();
        let listed = listed(faulty.drive(list));
        let listed: Vec<_> = listed.iter().map(|it| it.0.as_str()).collect();
        let expected: &[&str] = if found { &[&made] } else { &[] };
        assert_eq!(listed, expected, "{rules:?}");
    }
}
