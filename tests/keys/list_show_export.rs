//! `key list`, `show` and `export`: what is on the token, and which key is meant.

use std::fs;

use serde_json::Value;

use crate::support::*;

const OTHER: &str = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";

/// Makes the result key of an address and returns its URI.
fn make(work: &Work, address: &str) -> String {
    let args = ["result", "generate-keys", "--bits", "2048", "--raw"];
    let cmd = work.cmd(args).pin().arg("--wallet-address").arg(address);
    text(&cmd.run().ok().raw()["key"])
}

fn listed(work: &Work) -> Vec<Value> {
    let run = work.run(["key", "list", "--raw"]).ok();
    run.raw()["keys"].as_array().unwrap().clone()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn public(address: &str) -> String {
    format!(".secrets/beneficiary/{address}_key.pub")
}

#[test]
fn a_token_without_keys_says_so() {
    let token = Token::new();
    let work = Work::new(&token);
    assert_eq!(listed(&work), Vec::<Value>::new());
    let run = work.run(["key", "list"]).ok();
    assert_eq!(run.out(), "");
    assert!(run.err().contains("\"test\" has no result key"));
    for command in ["show", "export", "delete"] {
        let run = work.run(["key", command]).fails(15);
        assert!(
            run.err().contains("there is no result key on the token"),
            "{}",
            run.err()
        );
        assert!(run.err().contains("generate-encryption-keypair"));
    }
}

#[test]
fn every_key_is_listed_with_its_state_its_size_and_its_address() {
    let token = Token::new();
    let work = Work::new(&token);
    let old = make(&work, ADDRESS);
    let current = make(&work, ADDRESS);
    let other = make(&work, OTHER);
    let keys = listed(&work);
    assert_eq!(keys.len(), 3);
    for (uri, addresses) in [
        (&old, vec![]),
        (&current, vec![ADDRESS]),
        (&other, vec![OTHER]),
    ] {
        let key = keys.iter().find(|key| key["key"] == **uri).unwrap();
        assert_eq!(key["addresses"], Value::from(addresses.clone()), "{key}");
        assert_eq!(key["current"], !addresses.is_empty());
        assert_eq!(key["bits"], 2048);
        assert_eq!(key["private"], true);
        assert_eq!(key["facts"]["origin"], "made on the token");
        assert_eq!(text(&key["id"]).len(), 4);
    }
    let shown = work.run(["key", "list"]).ok().out();
    // What stands above the URI.
    let after = |uri: &str| {
        let lines: Vec<&str> = shown.lines().collect();
        let at = lines.iter().position(|line| line.trim() == uri).unwrap();
        lines[at - 2..at].concat()
    };
    assert!(after(&old).contains("no key file here names it"), "{shown}");
    for (uri, address) in [(&current, ADDRESS), (&other, OTHER)] {
        let state = after(uri);
        for words in [
            format!("current key of {address}").as_str(),
            "RSA-2048",
            "made on the token",
            "not extractable",
        ] {
            assert!(state.contains(words), "{words} in {shown}");
        }
    }
}

#[test]
fn a_key_without_its_private_key_is_told_from_a_whole_one() {
    let token = Token::new();
    let work = Work::new(&token);
    make(&work, ADDRESS);
    let faulty = Faulty::before(&token).rule("hide CKO_PRIVATE_KEY");
    let told = |args: &[&str]| faulty.drive(work.cmd(args).pin()).run();
    let listed = told(&["key", "list"]).ok().out();
    assert!(listed.contains("only its public key is here"), "{listed}");
    assert!(!listed.contains("made on the token"), "{listed}");
    let report = told(&["doctor", "--login"]).out();
    assert!(report.contains("only its public key is there"), "{report}");
    let report = told(&["doctor"]).out();
    assert!(report.contains("--login shows its private key"), "{report}");
}

/// Makes an RSA key that does not decrypt. No tool asks SoftHSM2 for one, so its file is changed.
fn make_signer(token: &Token) {
    const DECRYPT: [u8; 16] = [0, 0, 0, 0, 0, 0, 1, 5, 0, 0, 0, 0, 0, 0, 0, 1];
    let sign = ["--keypairgen", "--key-type", "rsa:2048", "--usage-sign"];
    token.pkcs11_tool(&[&sign[..], &["--id", "0909", "--label", "signer"]].concat());
    let tokens = fs::read_dir(token.softhsm_conf().with_file_name("tokens")).unwrap();
    let objects = tokens.flat_map(|it| fs::read_dir(it.unwrap().path()).unwrap());
    for path in objects.map(|it| it.unwrap().path()) {
        let mut bytes = fs::read(&path).unwrap();
        if let Some(at) = bytes.windows(16).position(|it| it == DECRYPT) {
            bytes[at + 16] = 0;
            fs::write(&path, bytes).unwrap();
        }
    }
    let objects = token.objects();
    assert!(!objects.contains("decrypt"), "{objects}");
}

#[test]
fn keys_for_other_uses_are_no_result_keys() {
    if other_than_softhsm("its files are edited") {
        return;
    }
    let token = Token::new();
    let work = Work::new(&token);
    make_signer(&token);
    let uri = make(&work, ADDRESS);
    token.pkcs11_tool(&["--keypairgen", "--key-type", "EC:prime256v1", "--id", "08"]);
    let keys = listed(&work);
    assert_eq!(keys.len(), 1, "{keys:?}");
    fs::remove_dir_all(work.path(".secrets")).unwrap();
    let shown = work.run(["key", "show", "--raw"]).ok().raw();
    assert_eq!(shown["key"], uri);
    work.run(["key", "show", "pkcs11:object=signer"]).fails(15);
    let adopt = ["key", "adopt", "pkcs11:id=%09%09"];
    let cmd = work.cmd(adopt).pin().arg("--wallet-address").arg(OTHER);
    cmd.run().fails(15);
}

#[test]
fn a_key_is_meant_by_uri_then_by_address_then_because_it_is_the_only_one() {
    let token = Token::new();
    let work = Work::new(&token);
    let show = |args: &[&str]| work.run(["key", "show", "--raw"].iter().chain(args));
    let uri_of = |run: Run| text(&run.ok().raw()["key"]);
    let first = make(&work, ADDRESS);
    assert_eq!(uri_of(show(&[])), first);
    let second = make(&work, OTHER);
    for (args, wanted) in [
        (&[first.as_str()][..], &first),
        (&[&second], &second),
        (&["--key", &second], &second),
        (&["--wallet-address", ADDRESS], &first),
        (&["--wallet-address", OTHER], &second),
        (&["--wallet-address", OTHER, &first], &first),
        (&["pkcs11:object=iexec%20result%20key%20fb691609"], &second),
    ] {
        assert_eq!(&uri_of(show(args)), wanted, "{args:?}");
    }
    let id = first.split(';').find(|it| it.starts_with("id=")).unwrap();
    assert_eq!(uri_of(show(&[&format!("pkcs11:{id}")])), first);

    let run = work.run(["key", "show"]).fails(15);
    for uri in [&first, &second] {
        assert!(run.err().lines().any(|line| line.trim() == uri));
    }
    let run = work.run(["key", "show", "pkcs11:object=nothing"]).fails(15);
    assert!(run.err().contains(&first) && run.err().contains(&second));
    // What does not name the key narrows nothing by accident.
    work.run(["key", "show", &format!("{first};x-other=1")])
        .fails(10);
}

#[test]
fn show_prints_the_public_key_and_what_the_token_says() {
    let token = Token::new();
    let work = Work::new(&token);
    let uri = make(&work, ADDRESS);
    let out = work.run(["key", "show"]).ok().out();
    assert!(
        out.starts_with("\"iexec result key 7e5f4552\" (id "),
        "{out}"
    );
    assert!(out.contains(&format!("  {uri}\n")), "{out}");
    assert!(out.contains(&format!("current key of {ADDRESS}")), "{out}");
    let pem = String::from_utf8(work.read(public(ADDRESS))).unwrap();
    assert!(out.ends_with(&pem), "{out}");
}

#[test]
fn export_writes_what_the_public_key_file_holds_without_a_pin() {
    let token = Token::new();
    let work = Work::new(&token);
    let uri = make(&work, ADDRESS);
    let pem = work.read(public(ADDRESS));
    let run = work.cmd(["key", "export"]).run().ok();
    assert!(run.stdout == pem, "byte for byte: {}", run.out());
    let raw = work.cmd(["key", "export", "--raw"]).run().ok().raw();
    assert_eq!(text(&raw["publicKey"]).as_bytes(), pem);
    assert_eq!(raw["key"], uri);

    work.cmd(["key", "export", "--output", "a.pub"]).run().ok();
    assert!(work.read("a.pub") == pem);
    work.write("a.pub", "mine");
    work.cmd(["key", "export", "-o", "a.pub"]).run().fails(22);
    assert_eq!(work.read("a.pub"), b"mine");
    let force = work.cmd(["key", "export", "-o", "a.pub", "--force"]);
    force.run().ok();
    assert!(work.read("a.pub") == pem);
    work.cmd(["key", "export", "-o", "none/a.pub/"])
        .run()
        .fails(23);
}

#[test]
fn what_is_recorded_follows_the_modulus_when_a_token_renames_its_key() {
    let token = Token::new();
    let work = Work::new(&token);
    let uri = make(&work, ADDRESS);
    make(&work, OTHER);
    let renamed = uri.replace("object=iexec%20result%20key%207e5f4552", "object=renamed");
    let id = text(&work.run(["key", "show", &uri, "--raw"]).ok().raw()["id"]);
    for kind in ["privkey", "pubkey"] {
        let set = ["--set-id", "0777", "--id", &id, "--type", kind];
        token.pkcs11_tool(&set);
    }
    let cmd = work.cmd(["key", "show", "--raw", "--wallet-address", ADDRESS]);
    let shown = cmd.pin().run().ok().raw();
    assert_eq!(shown["id"], "0777", "{renamed}");
    assert_eq!(shown["current"], true);
}

#[test]
fn the_pin_is_asked_for_once_in_each_command() {
    let token = Token::new();
    let work = Work::new(&token);
    let uri = make(&work, ADDRESS);
    let delete = [
        "key",
        "delete",
        "--confirm-label",
        "iexec result key 7e5f4552",
    ];
    for args in [
        &["key", "list"][..],
        &["key", "show"],
        &["key", "adopt", &uri, "--wallet-address", OTHER],
        &[
            "result",
            "generate-keys",
            "--bits=2048",
            "--wallet-address",
            ADDRESS,
        ],
        &[&delete[..], &[&uri]].concat(),
    ] {
        let mut pty = Pty::spawn(&work.cmd(args));
        pty.expect("PIN of the token \"test\": ").until_echo(false);
        pty.send(&token.pin).send("\n");
        let (code, shown) = pty.wait();
        assert_eq!(code, 0, "{args:?}: {shown}");
        assert_eq!(shown.matches("PIN of the token").count(), 1, "{shown}");
        assert!(!shown.contains(&token.pin), "{shown}");
    }
}

#[test]
fn a_key_is_listed_with_the_day_on_which_it_was_made() {
    let token = Token::new();
    let work = Work::new(&token);
    make(&work, ADDRESS);
    // By the token's word, else by that of the key file.
    let faulty = Faulty::before(&token);
    let faulty = faulty.rule("private-attribute CKA_START_DATE 3230323431313239");
    let list = |args: &[&str]| work.cmd(["key", "list"]).args(args).pin();
    let told = faulty.drive(list(&[])).run().ok().out();
    assert!(told.contains(", valid from 2024-11-29\n"), "{told}");
    let raw = faulty.drive(list(&["--raw"])).run().ok().raw();
    assert_eq!(raw["keys"][0]["startDate"], "2024-11-29");

    let date = std::process::Command::new("date")
        .args(["+%F", "-r"])
        .arg(work.path(format!(".secrets/beneficiary/{ADDRESS}_key")))
        .env_remove("TZ")
        .output()
        .unwrap();
    let day = String::from_utf8(date.stdout).unwrap().trim().to_owned();
    let told = list(&[]).run().ok().out();
    assert!(told.contains(&format!(", recorded {day}\n")), "{told}");
    let raw = list(&["--raw"]).run().ok().raw();
    assert_eq!(raw["keys"][0]["recordedOn"], day);
    assert_eq!(raw["keys"][0]["startDate"], Value::Null);
}
