//! `token init`: an empty token becomes usable, and none that is in use is lost by mistake.

use crate::support::*;

/// A token with a key on it.
fn with_key() -> Token {
    let token = Token::new();
    token.pkcs11_tool(&["--keypairgen", "--key-type", "rsa:2048", "--id", "0001"]);
    token
}

fn has_key(token: &Token) -> bool {
    token.objects().contains("Private Key Object")
}

/// How many tokens are set up behind the module.
fn set_up(work: &Work) -> usize {
    let run = work.cmd(["token", "list", "--raw"]).run().ok();
    let json = run.raw();
    let tokens = json["tokens"].as_array().unwrap();
    tokens.iter().filter(|it| it["initialised"] == true).count()
}

/// Asserts that the token takes these PINs: the user PIN by a login, the SO PIN by setting the user PIN anew.
fn takes(token: &Token, label: &str, so_pin: &str, pin: &str) {
    let tool = |args: &[&str]| {
        let mut command = std::process::Command::new("pkcs11-tool");
        command.envs(token.env());
        command.arg("--module").arg(&token.module);
        command.args(["--token-label", label]).args(args);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{args:?}: {output:?}");
    };
    tool(&["--login", "--pin", pin, "--list-objects"]);
    tool(&[
        "--init-pin",
        "--login",
        "--login-type",
        "so",
        "--so-pin",
        so_pin,
        "--pin",
        "5555",
    ]);
}

const INIT: [&str; 4] = ["token", "init", "--token-label", "fresh"];

#[test]
fn an_empty_token_gets_its_label_and_pins_from_files() {
    let token = Token::uninitialised();
    let work = Work::new(&token);
    let so_pin = token.so_pin_file();
    let run = work
        .cmd(INIT)
        .pin()
        .arg("--so-pin-file")
        .arg(&so_pin)
        .run()
        .ok();
    let uri = run.out().trim().to_owned();
    assert!(uri.starts_with("pkcs11:token=fresh;"), "{uri}");
    let said = run.err();
    assert!(
        said.contains("\"fresh\" (serial ") && said.contains(") is initialised"),
        "{said}"
    );
    takes(&token, "fresh", &token.so_pin, &token.pin);
    work.cmd(["token", "info", "--token", &uri]).run().ok();

    // Once more by the environment's name of the same option; the other one stays.
    token.make_room();
    let run = work
        .cmd(["token", "init", "--token-label", "other", "--raw"])
        .pin()
        .env("IEXEC_HSM_SO_PIN_FILE", &so_pin)
        .run()
        .ok();
    assert_eq!(run.raw()["label"], "other");
    assert_eq!(run.raw()["initialised"], true);
    assert_eq!(run.raw()["pin"], "ok");
    assert_eq!(set_up(&work), 2);
}

#[test]
fn an_empty_token_gets_its_pins_from_the_environment() {
    let token = Token::uninitialised();
    let work = Work::new(&token);
    work.cmd(INIT)
        .env("IEXEC_HSM_PIN", "user-pin")
        .env("IEXEC_HSM_SO_PIN", "officer-pin")
        .run()
        .ok();
    takes(&token, "fresh", "officer-pin", "user-pin");
}

#[test]
fn pins_are_typed_twice_and_not_shown() {
    let token = Token::uninitialised();
    let work = Work::new(&token);
    let mut pty = Pty::spawn(&work.cmd(INIT));
    for (question, pin) in [
        ("SO PIN of the token \"fresh\": ", "officer"),
        ("Once more: ", "officer"),
        ("New user PIN of the token \"fresh\"", "typed-pin"),
        ("Once more: ", "typed-pin"),
    ] {
        pty.expect(question).until_echo(false);
        pty.send(pin).send("\n");
    }
    let (code, shown) = pty.wait();
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains("typed-pin") && !shown.contains("officer\r"));
    assert!(pty.echoes());
    takes(&token, "fresh", "officer", "typed-pin");
}

#[test]
fn a_mistake_is_asked_again() {
    if takes_any_pin() {
        return;
    }
    let token = Token::uninitialised();
    let work = Work::new(&token);
    let mut pty = Pty::spawn(&work.cmd(INIT));
    pty.expect("The SO PIN sets a new user PIN");
    for (question, pin) in [
        ("SO PIN of the token \"fresh\": ", "officer"),
        ("Once more: ", "0fficer"),
        ("not the same. Try again.", ""),
        ("SO PIN of the token \"fresh\": ", "officer"),
        ("Once more: ", "officer"),
        (
            "New user PIN of the token \"fresh\" (4 to 255 characters): ",
            "123",
        ),
        ("has 3 bytes", ""),
        ("Try again.", ""),
        ("New user PIN of the token \"fresh\"", "typed-pin"),
        ("Once more: ", "typed-pin"),
    ] {
        pty.expect(question);
        if !pin.is_empty() {
            pty.until_echo(false).send(pin).send("\n");
        }
    }
    let (code, shown) = pty.wait();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(shown.matches("The SO PIN sets").count(), 1, "{shown}");
    takes(&token, "fresh", "officer", "typed-pin");
}

#[test]
fn a_new_pin_that_is_not_typed_changes_nothing() {
    let token = Token::uninitialised();
    let work = Work::new(&token);
    let mut pty = Pty::spawn(&work.cmd(INIT).env("IEXEC_HSM_SO_PIN", "12345678"));
    pty.expect("New user PIN of the token \"fresh\"")
        .until_echo(false);
    pty.send("\n");
    let (code, shown) = pty.wait();
    assert_eq!(code, 14, "{shown}");
    assert!(shown.contains("no PIN was typed"), "{shown}");
    assert!(pty.echoes());
    assert_eq!(set_up(&work), 0);
}

#[test]
fn an_officers_pin_that_an_empty_token_refuses_is_not_called_another_ones() {
    if takes_any_pin() {
        return;
    }
    let token = Token::uninitialised();
    let work = Work::new(&token);
    let run = work.cmd(INIT).pin().env("IEXEC_HSM_SO_PIN", "12").run();
    let said = run.fails(12).err();
    assert!(said.contains("SO PIN"), "{said}");
    assert!(said.contains("Choose another one"), "{said}");
    let taken = Token::new();
    let work = Work::new(&taken);
    let force = ["--token=test", "--force", "--confirm-label=test"];
    let cmd = work.cmd(INIT.iter().chain(&force)).pin();
    let said = cmd
        .env("IEXEC_HSM_SO_PIN", "00000000")
        .run()
        .fails(12)
        .err();
    assert!(said.contains("already has an SO PIN"), "{said}");
    assert_eq!(set_up(&work), 1);
}

#[test]
fn pins_that_cannot_be_had_change_nothing() {
    let token = Token::uninitialised();
    let work = Work::new(&token);
    let run = work.cmd(INIT).pin().run().fails(14);
    assert!(run.err().contains("IEXEC_HSM_SO_PIN"), "{}", run.err());
    let run = work
        .cmd(INIT)
        .env("IEXEC_HSM_SO_PIN", "12345678")
        .run()
        .fails(14);
    assert!(run.err().contains("--pin-file"), "{}", run.err());
    assert_eq!(set_up(&work), 0);
}

#[test]
fn pins_of_a_wrong_length_change_nothing() {
    if takes_any_pin() {
        return;
    }
    let token = with_key();
    let work = Work::new(&token);
    let long = "9".repeat(256);
    for (so_pin, pin, words) in [
        (token.so_pin.as_str(), "123", "has 3 bytes"),
        (&token.so_pin, &long, "has 256 bytes"),
        ("12", "1234", "refused the SO PIN"),
    ] {
        for force in [false, true] {
            let mut cmd = work
                .cmd(INIT)
                .env("IEXEC_HSM_SO_PIN", so_pin)
                .env("IEXEC_HSM_PIN", pin);
            if force {
                cmd = cmd.arg("--token").arg("test").arg("--force");
                cmd = cmd.arg("--confirm-label").arg("test");
            }
            let run = cmd.run().fails(12);
            assert!(run.err().contains(words), "{}", run.err());
            assert!(!run.err().contains("\"\""), "{}", run.err());
            assert_eq!(set_up(&work), 1);
            assert!(has_key(&token), "the key is still there");
        }
    }
}

#[test]
fn a_pin_of_any_bytes_is_set_as_it_is() {
    let token = Token::uninitialised();
    let work = Work::new(&token);
    let pin = work.write("pin", b"\xfd\xfc\xfb\xfa\n");
    let cmd = work.cmd(INIT).env("IEXEC_HSM_SO_PIN", "12345678");
    cmd.arg("--pin-file").arg(&pin).run().ok();
    let list = work.cmd(["key", "list", "--pin-file"]).arg(&pin);
    list.run().ok();
    work.run(["key", "list"]).fails(12);
}

#[test]
fn a_token_in_use_is_refused() {
    let token = with_key();
    let work = Work::new(&token);
    let init = || {
        let cmd = work.cmd(INIT).pin().arg("--token").arg("test");
        cmd.env("IEXEC_HSM_SO_PIN", &token.so_pin)
    };
    let run = init().run().fails(16);
    assert!(run.err().contains("initialised already"), "{}", run.err());
    assert!(run.err().contains("--force"), "{}", run.err());
    // Nobody types the label, or it is another one.
    let run = init().arg("--force").run().fails(2);
    assert!(run.err().contains("left as it is"), "{}", run.err());
    for wrong in ["fresh", "TEST", ""] {
        let cmd = init().arg("--force").arg("--confirm-label").arg(wrong);
        cmd.run().fails(2);
    }
    // To confirm is not to force.
    init().arg("--confirm-label").arg("test").run().fails(2);
    assert!(has_key(&token));
}

#[test]
fn a_token_in_use_is_lost_only_with_its_label_repeated() {
    let token = with_key();
    let work = Work::new(&token);
    let init = |args: &[&str]| {
        let cmd = work.cmd(INIT.iter().chain(args)).pin();
        cmd.env("IEXEC_HSM_SO_PIN", &token.so_pin)
    };
    let mut pty = Pty::spawn(&init(&["--token", "test", "--force"]));
    pty.expect("All keys on the token \"test\" will be lost.")
        .expect("(test): ")
        .send("tset\n");
    assert_eq!(pty.wait().0, 2);
    assert!(has_key(&token));

    let mut pty = Pty::spawn(&init(&["--token", "test", "--force"]));
    pty.expect("(test): ").send("test\n");
    let (code, shown) = pty.wait();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(set_up(&work), 1, "it is the same token");
    let keys = work.run(["key", "list", "--raw"]).ok().raw();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 0);

    let args = [
        "--token",
        "fresh",
        "--force",
        "--confirm-label",
        "fresh",
        "--raw",
    ];
    let run = init(&args).run().ok();
    assert_eq!(run.raw()["label"], "fresh");
}

/// Behind these rules a token with a key does not say that it is initialised.
const SILENT: [&[&str]; 3] = [
    &["flag -CKF_TOKEN_INITIALIZED"],
    &[
        "flag -CKF_TOKEN_INITIALIZED",
        "flag -CKF_USER_PIN_INITIALIZED",
    ],
    &[
        "flag -CKF_TOKEN_INITIALIZED",
        "flag -CKF_USER_PIN_INITIALIZED",
        "label",
    ],
];

#[test]
fn a_token_that_does_not_say_that_it_is_initialised_is_lost_as_one_that_does() {
    for (rules, signs, label) in [
        (SILENT[0], "it has a label and a user PIN", "test"),
        (SILENT[1], "it has a label", "test"),
        (SILENT[2], "it has objects", ""),
    ] {
        let token = with_key();
        let work = Work::new(&token);
        let serial = work.cmd(["token", "info", "--raw"]).run().ok().raw();
        let serial = serial["serial"].as_str().unwrap().to_owned();
        let named = format!("pkcs11:serial={serial}");
        let faulty = rules.iter().fold(Faulty::before(&token), Faulty::rule);
        let init = |args: &[&str]| {
            let args = [&INIT[..], &["--token", &named], args].concat();
            let cmd = work.cmd(args).pin();
            faulty
                .drive(cmd.env("IEXEC_HSM_SO_PIN", &token.so_pin))
                .run()
        };
        let said = init(&[]).fails(16).err();
        assert!(said.contains(signs) && said.contains("--force"), "{said}");
        init(&["--force"]).fails(2);
        init(&["--force", "--confirm-label", "fresh"]).fails(2);
        init(&["--force", "--confirm-label", ""]).fails(2);
        assert_eq!(faulty.ledger().count("C_InitToken"), 0, "{signs}");
        assert!(has_key(&token));
        let confirmed = if label.is_empty() { &serial } else { label };
        let run = init(&["--force", "--confirm-label", confirmed]);
        assert_eq!(faulty.ledger().count("C_InitToken"), 1, "{signs}");
        // One that shows no label after it was given one is not found again.
        run.fails(if label.is_empty() { 10 } else { 0 });
    }
}

#[test]
fn a_token_that_does_not_say_that_it_is_initialised_is_used_and_never_called_empty() {
    for rules in SILENT {
        let token = with_key();
        let work = Work::new(&token);
        let faulty = rules.iter().fold(Faulty::before(&token), Faulty::rule);
        let run = |args: &[&str]| faulty.drive(work.cmd(args).pin()).run();
        let keys = run(&["key", "list", "--raw"]).ok().raw();
        assert_eq!(keys["keys"].as_array().unwrap().len(), 1, "{rules:?}");
        let tokens = run(&["token", "list", "--raw"]).ok().raw();
        let tokens = tokens["tokens"].as_array().unwrap().iter();
        let used = tokens.filter(|it| it["initialised"] == true).count();
        assert_eq!(used, 1, "{rules:?}");
        let report = run(&["doctor", "--raw"]).ok().raw();
        assert!(!report.to_string().contains("token init"), "{report}");
        let address = ["--wallet-address", ADDRESS];
        let setup = run(&[&["setup", "--no-input"][..], &address].concat());
        assert!(!setup.err().contains("is initialised\n"), "{}", setup.err());
        assert_eq!(faulty.ledger().count("C_InitToken"), 0, "{rules:?}");
        assert!(has_key(&token));
    }
}

#[test]
fn the_officers_pin_that_a_token_has_is_typed_once() {
    let token = with_key();
    let work = Work::new(&token);
    let force = ["--token=test", "--force", "--confirm-label=test"];
    let mut pty = Pty::spawn(&work.cmd(INIT.iter().chain(&force)).pin());
    pty.expect("SO PIN of the token \"test\": ")
        .until_echo(false);
    pty.send(&token.so_pin).send("\n");
    let (code, shown) = pty.wait();
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains("Once more"), "{shown}");
    takes(&token, "fresh", &token.so_pin, &token.pin);
}

#[test]
fn a_wrong_officers_pin_is_named_and_loses_nothing() {
    let token = with_key();
    let work = Work::new(&token);
    let run = work
        .cmd(INIT)
        .pin()
        .env("IEXEC_HSM_SO_PIN", "00000000")
        .arg("--token=test")
        .arg("--force")
        .arg("--confirm-label=test")
        .run()
        .fails(12);
    assert!(run.err().contains("SO PIN"), "{}", run.err());
    assert!(has_key(&token));
}

#[test]
fn a_label_that_the_token_cannot_keep_is_refused() {
    let token = Token::uninitialised();
    let work = Work::new(&token);
    for label in ["", " ", &"x".repeat(33)] {
        let cmd = work.cmd(["token", "init", "--token-label", label]).pin();
        cmd.env("IEXEC_HSM_SO_PIN", "12345678").run().fails(2);
    }
    assert_eq!(set_up(&work), 0);
}
