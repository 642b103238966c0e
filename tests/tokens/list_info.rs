//! `token list` and `token info`, and how a token is chosen.

use std::path::Path;

use serde_json::Value;

use crate::support::*;

/// The tokens that `token list --raw` shows.
fn listed(work: &Work) -> Vec<Value> {
    let run = work.cmd(["token", "list", "--raw"]).run().ok();
    run.raw()["tokens"].as_array().unwrap().clone()
}

/// The one that is set up with this label.
fn of_label(work: &Work, label: &str) -> Value {
    let mut fitting = listed(work).into_iter();
    fitting.find(|token| token["label"] == label).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[test]
fn every_token_is_listed_with_what_it_says_of_itself() {
    if other_than_softhsm("its names and slots are expected") {
        return;
    }
    let token = Token::labelled("first");
    token.add("second");
    let work = Work::new(&token);
    let slots = token.softhsm2_util(&["--show-slots"]);
    let tokens = listed(&work);
    let labels: Vec<_> = tokens.iter().map(|it| it["label"].clone()).collect();
    for label in ["first", "second"] {
        let it = of_label(&work, label);
        let serial = text(&it["serial"]);
        assert_eq!(serial.len(), 16);
        assert!(slots.contains(&serial), "{serial} in {slots}");
        assert!(slots.contains(&format!("Slot {}\n", it["slotId"])), "{it}");
        assert_eq!(it["manufacturer"], "SoftHSM project");
        assert_eq!(it["model"], "SoftHSM v2");
        assert_eq!(it["initialised"], true);
        assert_eq!(it["pin"], "ok");
        assert_eq!(it["pinPad"], false);
        assert_eq!(it["writeProtected"], false);
        let uri = text(&it["token"]);
        for part in [
            "pkcs11:",
            &format!("token={label}"),
            "manufacturer=SoftHSM%20project",
            &format!("serial={serial}"),
            "model=SoftHSM%20v2",
        ] {
            assert!(uri.contains(part), "{part} in {uri}");
        }
    }
    let empty: Vec<_> = tokens
        .iter()
        .filter(|it| it["initialised"] == false)
        .collect();
    assert_eq!((tokens.len(), empty.len()), (3, 1), "{labels:?}");
}

#[test]
fn the_text_has_label_and_serial_first_and_a_uri_on_a_line_of_its_own() {
    if other_than_softhsm("its names are expected") {
        return;
    }
    let token = Token::new();
    let work = Work::new(&token);
    let it = of_label(&work, "test");
    let run = work.cmd(["token", "list"]).run().ok();
    let (out, uri) = (run.out(), text(&it["token"]));
    let serial = it["serial"].as_str().unwrap();
    let first = format!("\"test\" (serial {serial}), user PIN set");
    let told: Vec<_> = out.lines().skip_while(|line| *line != first).collect();
    assert!(told.len() >= 3, "{out}");
    assert_eq!(told[1], "  SoftHSM project SoftHSM v2");
    assert_eq!(told[2], format!("  {uri}"));
    assert!(out.contains("an empty token, slot-id="), "{out}");
    assert!(
        run.err().contains(&token.module.display().to_string()),
        "the module is named: {}",
        run.err()
    );
}

#[test]
fn a_module_without_a_token_that_is_set_up_shows_the_empty_one() {
    let token = Token::uninitialised();
    let work = Work::new(&token);
    let tokens = listed(&work);
    assert_eq!(tokens.len(), 1);
    assert_eq!(tokens[0]["initialised"], false);
    let run = work.cmd(["token", "info"]).run().fails(10);
    assert!(run.err().contains("not initialised"), "{}", run.err());
    assert!(run.err().contains("token init"), "{}", run.err());
}

#[test]
fn a_listed_uri_can_be_pasted_whatever_the_label() {
    let labels = ["plain", "a b;c?d=e%&", "naïve Schlüssel"];
    let token = Token::labelled(labels[0]);
    labels[1..].iter().for_each(|label| token.add(label));
    let work = Work::new(&token);
    for label in labels {
        let it = of_label(&work, label);
        for chosen in [text(&it["token"]), label.to_owned()] {
            let run = work
                .cmd(["token", "info", "--raw", "--token", &chosen])
                .run()
                .ok();
            assert_eq!(run.raw()["serial"], it["serial"], "{chosen}");
        }
    }
}

#[test]
fn the_state_tells_of_a_pin_that_was_wrong() {
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = Faulty::before(&token).rule("pin-tries 5");
    let pin = || {
        let list = faulty.drive(work.cmd(["token", "list", "--raw"]));
        let tokens = list.run().ok().raw()["tokens"].clone();
        let mut tokens = tokens.as_array().unwrap().iter();
        text(&tokens.find(|it| it["label"] == "test").unwrap()["pin"])
    };
    let keys = || faulty.drive(work.cmd(["key", "list"]));
    let wrong = token.secret_file("wrong", "9999");
    keys().arg("--pin-file").arg(wrong).run().fails(12);
    assert_eq!(pin(), "count-low");
    keys().pin().run().ok();
    assert_eq!(pin(), "ok");
}

#[test]
fn info_lists_the_mechanisms_with_their_key_sizes() {
    let token = Token::new();
    let work = Work::new(&token);
    let info = work.cmd(["token", "info", "--raw"]).run().ok().raw();
    assert_eq!(info["module"], token.module.display().to_string());
    assert_eq!(info["label"], "test");
    let mechanisms = info["mechanisms"].as_array().unwrap();
    let of = |name: &str| {
        let mut named = mechanisms.iter().filter(|it| it["name"] == name);
        named
            .next()
            .unwrap_or_else(|| panic!("{name} in {mechanisms:?}"))
    };
    let rsa = of("CKM_RSA_PKCS");
    assert_eq!(rsa["decrypt"], true);
    assert_eq!(rsa["generateKeyPair"], false);
    assert!(rsa["minKeySize"].as_u64().unwrap() <= 2048, "{rsa}");
    assert!(rsa["maxKeySize"].as_u64().unwrap() >= 4096, "{rsa}");
    assert_eq!(of("CKM_RSA_PKCS_KEY_PAIR_GEN")["generateKeyPair"], true);
    assert_eq!(of("CKM_SHA256")["decrypt"], false);

    // JSON has all of them, with and without --all.
    let all = work.cmd(["token", "info", "--all", "--raw"]).run().ok();
    assert_eq!(all.raw()["mechanisms"], info["mechanisms"]);
}

#[test]
fn info_says_what_a_token_does_not_do() {
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = Faulty::before(&token)
        .rule("mechanism CKM_RSA_PKCS no-decrypt")
        .rule("mechanism CKM_RSA_PKCS_OAEP hidden");
    let shown = faulty.drive(work.cmd(["token", "info"])).run().ok().out();
    let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    for line in [
        "CKM_RSA_PKCS not for this opens archives in the current and legacy-ecb formats",
        "CKM_RSA_PKCS_OAEP not there opens archives in the guide-2019 format",
    ] {
        assert!(words.contains(line), "{shown}");
    }
}

#[test]
fn info_shows_what_is_used_and_all_shows_the_rest() {
    let token = Token::new();
    let work = Work::new(&token);
    let raw = work.cmd(["token", "info", "--raw"]).run().ok().raw();
    let mechanisms = raw["mechanisms"].as_array().unwrap();
    let rsa = mechanisms.iter().find(|it| it["name"] == "CKM_RSA_PKCS");
    let rsa = rsa.unwrap();

    let run = work.cmd(["token", "info"]).run().ok();
    let shown = run.out();
    let of = |name: &str| {
        let mut lines = shown.lines().map(str::trim);
        let found = lines.find(|line| line.split_whitespace().next() == Some(name));
        found
            .unwrap_or_else(|| panic!("{name} in {shown}"))
            .to_owned()
    };
    let sizes = format!("{} to {}", rsa["minKeySize"], rsa["maxKeySize"]);
    assert!(of("CKM_RSA_PKCS").contains(&sizes), "{shown}");
    assert!(of("CKM_RSA_PKCS").ends_with("opens archives in the current and legacy-ecb formats"));
    for name in [
        "CKM_RSA_PKCS_OAEP",
        "CKM_RSA_PKCS_KEY_PAIR_GEN",
        "CKM_ECDSA",
        "CKM_EC_KEY_PAIR_GEN",
    ] {
        of(name);
    }
    assert!(!shown.contains("CKM_SHA256"), "{shown}");
    assert!(run.err().contains("--all"), "{}", run.err());

    let run = work.cmd(["token", "info", "--all"]).run().ok();
    let shown = run.out();
    for mechanism in mechanisms {
        let name = mechanism["name"].as_str().unwrap();
        let lines = shown
            .lines()
            .filter(|line| line.split_whitespace().next() == Some(name));
        assert_eq!(lines.count(), 1, "{name} in {shown}");
    }
    assert!(!run.err().contains("--all"), "{}", run.err());
}

#[test]
fn a_token_is_chosen_by_any_of_its_attributes() {
    let token = Token::labelled("first");
    token.add("second");
    let work = Work::new(&token);
    let it = of_label(&work, "second");
    let serial = text(&it["serial"]);
    for chosen in [
        "second".to_owned(),
        text(&it["token"]),
        "pkcs11:token=second".to_owned(),
        format!("pkcs11:serial={serial}"),
        format!("pkcs11:slot-id={}", it["slotId"]),
        format!("pkcs11:token=second;slot-id={}", it["slotId"]),
        format!("PKCS11:serial={serial}?not-in-the-rfc=1"),
    ] {
        for in_env in [false, true] {
            let cmd = work.cmd(["token", "info", "--raw"]);
            let cmd = if in_env {
                cmd.env("IEXEC_HSM_TOKEN", &chosen)
            } else {
                cmd.arg("--token").arg(&chosen)
            };
            let run = cmd.run().ok();
            assert_eq!(run.raw()["serial"], serial, "{chosen}");
        }
    }
}

#[test]
fn a_token_is_chosen_by_what_its_slot_and_its_module_say() {
    if other_than_softhsm("its own words are looked for") {
        return;
    }
    let token = Token::new();
    let work = Work::new(&token);
    let slot = of_label(&work, "test")["slotId"].as_u64().unwrap();
    let says = token.pkcs11_tool(&["--show-info"]);
    let (_, version) = says.split_once("(ver ").unwrap();
    let (version, _) = version.split_once(')').unwrap();
    for (attribute, right, wrong) in [
        ("library-manufacturer", "SoftHSM", "SoftHSM2"),
        (
            "library-description",
            "Implementation%20of%20PKCS11",
            "none",
        ),
        ("library-version", version, "99.1"),
        ("slot-manufacturer", "SoftHSM%20project", "SoftHSM"),
        (
            "slot-description",
            &format!("SoftHSM%20slot%20ID%20{slot:#x}"),
            "none",
        ),
    ] {
        let info = |value| {
            let uri = format!("pkcs11:token=test;{attribute}={value}");
            work.run(["token", "info", "--token", &uri])
        };
        info(right).ok();
        info(wrong).fails(10);
    }
}

#[test]
fn a_token_that_fits_nothing_is_refused_with_those_that_are_there() {
    let token = Token::new();
    let work = Work::new(&token);
    let it = of_label(&work, "test");
    let slot = it["slotId"].as_u64().unwrap();
    for wanted in [
        "other",
        "Test",
        "pkcs11:token=test;serial=0000",
        "pkcs11:token=test;x-vendor=1",
        &format!("pkcs11:token=test;slot-id={}", slot + 1),
        "pkcs11:token=test;library-manufacturer=nobody",
        "pkcs11:token=test;slot-description=nothing",
    ] {
        let run = work.cmd(["token", "info", "--token", wanted]).run();
        let run = run.fails(10);
        assert!(run.err().contains("no token fits"), "{}", run.err());
        assert!(run.err().contains(&text(&it["token"])), "{}", run.err());
    }
}

#[test]
fn two_tokens_that_fit_are_refused_with_uris_that_tell_them_apart() {
    let token = Token::new();
    token.add("test");
    let work = Work::new(&token);
    let uris: Vec<_> = listed(&work)
        .iter()
        .filter(|it| it["initialised"] == true)
        .map(|it| text(&it["token"]))
        .collect();
    assert_ne!(uris[0], uris[1]);
    for args in [&["key", "list"][..], &["key", "list", "--token", "test"]] {
        let run = work.run(args).fails(10);
        for uri in &uris {
            assert!(
                run.err().lines().any(|line| line.trim() == uri),
                "{uri} in {}",
                run.err()
            );
            work.run(["key", "list", "--token", uri]).ok();
        }
    }
}

#[test]
fn a_pin_in_a_uri_is_refused_and_shown_nowhere() {
    const PIN: &str = "my-4711-pin";
    let token = Token::new();
    let work = Work::new(&token);
    for uri in [
        format!("pkcs11:token=test?pin-value={PIN}"),
        format!("pkcs11:token=test;pin-value={PIN}"),
        format!("pkcs11:token=test?PIN-VALUE={PIN}"),
    ] {
        for raw in [None, Some("--raw")] {
            let of = |args: &[&str]| {
                let args = args.iter().copied().chain(raw);
                work.cmd(args)
            };
            for cmd in [
                of(&["key", "list", "--token", &uri]),
                of(&["key", "list", "--key", &uri]),
                of(&["key", "show", &uri]),
                of(&["--token", &uri, "key", "list"]),
                of(&["key", "list"]).env("IEXEC_HSM_TOKEN", &uri),
                of(&["key", "list"]).env("IEXEC_HSM_KEY", &uri),
            ] {
                let run = cmd.run().fails(2);
                assert!(run.err().contains("pin-source"), "a hint: {}", run.err());
                assert!(!run.err().contains(PIN), "{}", run.err());
                assert_eq!(run.out(), "");
            }
        }
    }
}

#[test]
fn a_uri_says_where_module_and_pin_are() {
    let token = Token::new();
    let work = Work::new(&token);
    let pin = token.pin_file();
    let pin = percent(&pin);
    let module = percent(&token.module);
    let how = format!("pkcs11:token=test?module-path={module}&pin-source=file:{pin}");
    for option in ["--token", "--key"] {
        let made = work
            .cmd(["result", "generate-keys", "--bits", "2048", option, &how])
            .without_env("IEXEC_HSM_MODULE")
            .env("IEXEC_HSM_WALLET_ADDRESS", ADDRESS)
            .run()
            .ok();
        assert!(made.err().contains("generated in"));
    }
    let uri = text(&work.run(["key", "show", "--raw"]).ok().raw()["key"]);
    // The same from the place where a key is named without an option.
    work.cmd(["key", "show", &format!("{uri}?pin-source={pin}")])
        .run()
        .ok();
    work.cmd([
        "key",
        "show",
        &format!("{uri}?module-path={module}&pin-source={pin}"),
    ])
    .without_env("IEXEC_HSM_MODULE")
    .run()
    .ok();
    // A URI without them does not do: what was honoured was not found elsewhere.
    work.cmd(["key", "show", &uri]).run().fails(14);
}

fn percent(path: &Path) -> String {
    path.display().to_string().replace(' ', "%20")
}

#[test]
fn a_command_in_a_pin_source_is_never_run() {
    let token = Token::new();
    let work = Work::new(&token);
    let mark = work.path("mark");
    let command = format!("|touch%20{}", mark.display());
    let uri = format!("pkcs11:token=test?pin-source={command}");
    let run = work.cmd(["key", "list", "--token", &uri]).run().fails(2);
    assert!(run.err().contains("never run"), "{}", run.err());
    assert!(!mark.exists());
}
