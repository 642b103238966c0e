//! `setup`: from an empty token to a key and a configuration, asked or told.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use serde_json::json;

use crate::support::publish::OTHER;
use crate::support::*;

fn config(work: &Work) -> PathBuf {
    work.home().join(".config/iexec-hsm/config.toml")
}

/// A set-up with all answers given, but for the token's.
fn told(work: &Work, args: &[&str]) -> Cmd {
    let fixed = [
        "setup",
        "--raw",
        "--no-input",
        "--bits=2048",
        "--wallet-address",
        ADDRESS,
    ];
    work.cmd([&fixed, args].concat()).pin()
}

/// The same command without what the environment says of the module.
fn as_configured(cmd: Cmd) -> Cmd {
    cmd.without_env("IEXEC_HSM_MODULE")
}

#[test]
fn an_empty_token_is_set_up_without_a_question() {
    let token = Token::uninitialised();
    let work = Work::new(&token);
    let so_pin = token.so_pin_file();
    let setup = || told(&work, &["--token-label", "fresh"]).env("IEXEC_HSM_SO_PIN_FILE", &so_pin);
    let json = setup().run().ok().raw();
    assert_eq!(json["initialised"], true);
    assert_eq!(json["keyIs"], "made");
    assert_eq!(
        json["written"],
        json!(["module", "token", "wallet-address", "pin-file"])
    );
    assert!(work.exists(format!(".secrets/beneficiary/{ADDRESS}_key")));
    assert_eq!(
        fs::metadata(config(&work)).unwrap().permissions().mode() & 0o777,
        0o600
    );

    // What was written is enough for everything else.
    let report = as_configured(work.cmd(["doctor", "--raw", "--selftest"]))
        .run()
        .ok()
        .raw();
    assert_eq!(report["verdict"], "ok", "{report}");

    // Once more changes nothing.
    let (text, files) = (fs::read(config(&work)).unwrap(), work.files());
    let again = setup().run().ok().raw();
    assert_eq!(
        (&again["initialised"], &again["keyIs"]),
        (&json!(false), &json!("kept"))
    );
    assert_eq!(again["written"], json!([]));
    assert_eq!(
        (fs::read(config(&work)).unwrap(), work.files()),
        (text, files)
    );
}

#[test]
fn the_pins_of_the_environment_are_enough() {
    let token = Token::uninitialised();
    let work = Work::new(&token);
    let cmd = work
        .cmd([
            "setup",
            "--no-input",
            "--raw",
            "--bits=2048",
            "--token-label=x",
        ])
        .arg("--wallet-address")
        .arg(ADDRESS)
        .env("IEXEC_HSM_PIN", "user-pin")
        .env("IEXEC_HSM_SO_PIN", "officer-pin");
    let run = cmd.run().ok();
    assert_eq!(run.raw()["keyIs"], "made");
    let text = fs::read_to_string(config(&work)).unwrap();
    assert!(!text.contains("-pin"), "{text}");
}

#[test]
fn a_dialogue_leads_from_an_empty_token_to_a_key() {
    let token = Token::uninitialised();
    let work = Work::new(&token);
    let mut pty = Pty::spawn(&work.cmd(["setup", "--bits=2048"]));
    pty.expect("Found: an empty token, SoftHSM project");
    pty.expect("Label of the token [iexec]: ").send("\n");
    for (question, pin) in [
        ("SO PIN of the token \"iexec\": ", "officer"),
        ("Once more: ", "officer"),
        ("New user PIN of the token \"iexec\" (", "typed-pin"),
        ("Once more: ", "typed-pin"),
    ] {
        pty.expect(question).until_echo(false);
        pty.send(pin).send("\n");
    }
    let question = "Address that results are for (0x...): ";
    pty.expect(question).until_echo(true).send("0xbad\n");
    pty.expect("not an Ethereum address")
        .expect(question)
        .send(ADDRESS)
        .send("\n");
    for word in ["written:", "module,", "token,", "wallet-address"] {
        // Lines are broken where they do not fit.
        pty.expect(word);
    }
    for next in [
        "doctor --selftest",
        "push-encryption-key",
        "decrypt",
        "lost with its token",
        "says what to do before that.",
    ] {
        pty.expect(next);
    }
    let (code, shown) = pty.wait();
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains("typed-pin"), "{shown}");
    // The PIN that was just chosen is not asked for again.
    let asked = shown.matches("PIN of the token \"iexec\"").count();
    assert_eq!(asked, 2, "{shown}");
    let text = fs::read_to_string(config(&work)).unwrap();
    assert!(text.contains("token = \"pkcs11:token=iexec;"), "{text}");
    assert!(work.exists(format!(".secrets/beneficiary/{ADDRESS}_key.pub")));
}

#[test]
fn a_person_picks_the_token_and_takes_over_a_key() {
    let token = Token::labelled("first");
    token.add("second");
    let work = Work::new(&token);
    work.run([
        "result",
        "generate-keys",
        "--bits=2048",
        "--token=second",
        "--wallet-address",
        OTHER,
    ])
    .ok();
    fs::remove_dir_all(work.path(".secrets")).unwrap();
    let mut pty = Pty::spawn(&work.cmd(["setup", "--wallet-address", ADDRESS]).pin());
    pty.expect("Tokens:");
    // In which order the module shows them is its own affair.
    let line = |shown: &str| {
        shown
            .lines()
            .find(|it| it.contains("\"second\""))
            .map(str::to_owned)
    };
    pty.expect("Number [1]: ");
    let number = line(&pty.shown())
        .unwrap()
        .trim()
        .split(' ')
        .next()
        .unwrap()
        .to_owned();
    pty.send(&number).send("\n");
    pty.expect("  2  adopt \"iexec result key 2b5ad5c4\"");
    pty.expect("Number [1]: ").send("7\n").expect("from 1 to 2");
    pty.expect("Number [1]: ").send("2\n");
    let (code, shown) = pty.wait();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("is the result key of"), "{shown}");
    let info = as_configured(work.cmd(["token", "info", "--raw"]))
        .run()
        .ok()
        .raw();
    assert_eq!(info["label"], "second");
}

#[test]
fn a_key_of_the_address_is_adopted_without_a_question() {
    let token = Token::labelled("first");
    let work = Work::new(&token);
    let make = |address: &str| {
        let generate = ["result", "generate-keys", "--bits=2048", "--wallet-address"];
        work.run(generate.iter().chain(&[address])).ok();
        let key = work.path(format!(".secrets/beneficiary/{address}_key"));
        fs::read(key).unwrap()
    };
    // By its label.
    make(OTHER);
    let key = make(ADDRESS);
    fs::remove_dir_all(work.path(".secrets")).unwrap();
    let run = told(&work, &[]).run().ok();
    assert_eq!(run.raw()["keyIs"], "adopted");
    let file = work.path(format!(".secrets/beneficiary/{ADDRESS}_key"));
    assert_eq!(fs::read(&file).unwrap(), key);
    // By its public key, which a file has, where its label says nothing of it.
    make(ADDRESS);
    let key = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    let run = told(&work, &["--replace"]).run().ok();
    assert_eq!(run.raw()["keyIs"], "adopted");
    assert_eq!(fs::read(&file).unwrap(), key);
}

#[test]
fn what_needs_an_answer_is_named_where_nobody_can_give_one() {
    let token = Token::uninitialised();
    let work = Work::new(&token);
    let message = |cmd: Cmd, exit| {
        let error = cmd.run().fails(exit).raw_error();
        error["message"].as_str().unwrap().to_owned()
    };
    assert!(message(told(&work, &[]), 2).contains("--token-label"));

    token.add("first");
    token.add("second");
    assert!(message(told(&work, &[]), 10).contains("--token"));
    // Before the PIN that was chosen for one token could be sent to another one.
    let named = told(&work, &["--token-label=third", "--key=pkcs11:id=%01"]);
    let named = named.env("IEXEC_HSM_SO_PIN_FILE", token.so_pin_file());
    assert!(message(named, 2).contains("the token is empty"));
    let slots = token.softhsm2_util(&["--show-slots"]);
    assert!(!slots.contains("third"), "{slots}");
    let no_address = ["setup", "--raw", "--no-input", "--token=first"];
    assert!(message(work.cmd(no_address).pin(), 33).contains("--wallet-address"));
    assert!(!config(&work).exists());

    work.run([
        "result",
        "generate-keys",
        "--bits=2048",
        "--token=first",
        "--wallet-address",
        OTHER,
    ])
    .ok();
    let key = fs::read(work.path(format!(".secrets/beneficiary/{OTHER}_key"))).unwrap();
    fs::remove_dir_all(work.path(".secrets")).unwrap();
    let said = message(told(&work, &["--token=first"]), 15);
    assert!(
        said.contains("--key") && said.contains("--new-key"),
        "{said}"
    );
    let uri = said.lines().find(|it| it.contains("pkcs11:")).unwrap();
    let uri = uri.trim().split(". ").next().unwrap();
    let adopted = told(&work, &["--key", uri]).run().ok().raw();
    assert_eq!(adopted["keyIs"], "adopted");
    assert_eq!(
        work.read(format!(".secrets/beneficiary/{ADDRESS}_key")),
        key
    );
}

#[test]
fn settings_of_before_are_replaced_only_with_leave() {
    let token = Token::new();
    let work = Work::new(&token);
    let old = "# mine\ntoken = \"test\" # why\nmax-size = 5\n";
    fs::create_dir_all(config(&work).parent().unwrap()).unwrap();
    fs::write(config(&work), old).unwrap();
    let run = told(&work, &[]).run().fails(22);
    let message = run.raw_error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("line 2: token is test"), "{message}");
    assert_eq!(fs::read_to_string(config(&work)).unwrap(), old);
    // No key was made for settings that would not lead to it.
    assert_eq!(work.files(), [""; 0]);
    assert!(!token.objects().contains("Private Key Object"));

    let mut pty = Pty::spawn(&work.cmd(["setup", "--wallet-address", ADDRESS]).pin());
    pty.expect("line 2: token is test")
        .expect("Replace them? [y/N]: ")
        .send("\n");
    assert_eq!(pty.wait().0, 22);
    assert_eq!(fs::read_to_string(config(&work)).unwrap(), old);

    told(&work, &["--replace"]).run().ok();
    let text = fs::read_to_string(config(&work)).unwrap();
    assert!(
        text.starts_with("# mine\ntoken = \"pkcs11:token=test;"),
        "{text}"
    );
    assert!(text.contains(" # why\nmax-size = 5\nmodule = "), "{text}");
    work.is_tidy();
}

#[test]
fn a_person_changes_the_pin_that_the_device_came_with() {
    let token = Token::new();
    let work = Work::new(&token);
    let new = work.write("new", "123456");
    let change = ["token", "change-pin", "--new-pin-file"];
    work.cmd(change).arg(new).pin().run().ok();
    let faulty = Faulty::before(&token).rule("describes YubiKey");
    let words = [
        "setup",
        "--token=test",
        "--bits=2048",
        "--wallet-address",
        ADDRESS,
    ];
    let mut pty = Pty::spawn(&faulty.drive(work.cmd(words)));
    pty.expect("PIN of the token \"test\": ")
        .until_echo(false)
        .send("123456\n");
    pty.expect("is the factory default of a PIV card");
    pty.expect("Change the PIN now? [y/N]: ")
        .until_echo(true)
        .send("y\n");
    for (question, pin) in [
        ("PIN of the token \"test\": ", "123456\n"),
        ("New user PIN of the token \"test\"", "another\n"),
        ("Once more: ", "another\n"),
    ] {
        pty.expect(question).until_echo(false).send(pin);
    }
    pty.expect("The user PIN of the token \"test\" is changed");
    let (code, shown) = pty.wait();
    assert_eq!(code, 0, "{shown}");
    let list = |pin: &str| {
        let cmd = work.cmd(["key", "list"]).env("IEXEC_HSM_PIN", pin);
        faulty.drive(cmd).run()
    };
    list("another").ok();
    list("123456").fails(12);
}
