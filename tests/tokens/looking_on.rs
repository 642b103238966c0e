//! A token or key that is named is looked for in every module that is found.

use serde_json::Value;

use crate::support::*;

/// Names under which modules are looked for, in that order.
const FIRST: &str = "libnethsm_pkcs11.so";
const SECOND: &str = "libtpm2_pkcs11.so";

/// Two modules, each of which shows one token of its own.
struct Two<'t> {
    faulty: Faulty<'t>,
    work: Work<'t>,
}

impl<'t> Two<'t> {
    fn new(token: &'t Token) -> Self {
        Self::with(token, &[])
    }

    fn with(token: &'t Token, rules: &[&str]) -> Self {
        token.add("second");
        let faulty = Faulty::before(token)
            .rule(format!("in {FIRST} shows first"))
            .rule(format!("in {SECOND} shows second"));
        let faulty = rules.iter().fold(faulty, Faulty::rule);
        let work = Work::new(token);
        Self { faulty, work }
    }

    fn cmd(&self, args: &[&str]) -> Option<Cmd> {
        let cmd = self.work.cmd(args).pin();
        self.faulty.be_found(cmd, &[FIRST, SECOND])
    }

    /// Runs it; the path of the module of a `key` or `token` command is in its JSON.
    fn run(&self, args: &[&str]) -> Option<Run> {
        self.cmd(args).map(Cmd::run)
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A key pair on a token, made by another tool.
fn make_key(token: &Token, label: &str, id: &str) {
    let args = ["--keypairgen", "--key-type", "rsa:2048", "--usage-decrypt"];
    let here = ["--sensitive", "--id", id, "--token-label", label];
    token.pkcs11_tool(&[&args[..], &here].concat());
}

const INFO: [&str; 3] = ["token", "info", "--raw"];

#[test]
fn the_first_module_that_shows_a_token_does_not_hide_the_next() {
    if other_than_softhsm("it stands behind the modules that are found") {
        return;
    }
    let token = Token::labelled("first");
    let two = Two::new(&token);
    let label = |args: &[&str]| {
        let run = two.run(&[&INFO[..], args].concat())?;
        Some(text(&run.ok().raw()["label"]))
    };
    let Some(unnamed) = label(&[]) else { return };
    assert_eq!(unnamed, "first");
    assert_eq!(label(&["--token", "second"]).unwrap(), "second");
    assert_eq!(label(&["--token", "pkcs11:token=first"]).unwrap(), "first");
    let run = two.run(&["token", "info", "--token", "third"]).unwrap();
    let said = run.fails(10).err();
    for there in ["token=first", "token=second", "token list"] {
        assert!(said.contains(there), "{there} in {said}");
    }
}

#[test]
fn the_list_has_the_tokens_of_all_modules() {
    if other_than_softhsm("it stands behind the modules that are found") {
        return;
    }
    let token = Token::labelled("first");
    let two = Two::new(&token);
    let Some(run) = two.run(&["token", "list", "--raw"]) else {
        return;
    };
    let json = run.ok().raw();
    assert!(text(&json["module"]).ends_with(FIRST), "{json}");
    let tokens = json["tokens"].as_array().unwrap().iter();
    let listed: Vec<(String, bool)> = tokens
        .map(|it| (text(&it["label"]), text(&it["module"]).ends_with(SECOND)))
        .collect();
    let wanted = [("first".to_owned(), false), ("second".to_owned(), true)];
    assert_eq!(listed, wanted);
    let shown = two.run(&["token", "list"]).unwrap().ok().out();
    for module in [FIRST, SECOND] {
        assert_eq!(shown.matches(module).count(), 1, "{module} in {shown}");
    }
}

#[test]
fn a_key_that_is_named_or_recorded_is_found_in_the_second_module() {
    if other_than_softhsm("it stands behind the modules that are found") {
        return;
    }
    let token = Token::labelled("first");
    let two = Two::new(&token);
    make_key(&token, "first", "01");
    make_key(&token, "second", "02");
    let shown = |args: &[&str]| {
        let run = two.run(&[&["key", "show", "--raw"], args].concat())?;
        Some(text(&run.ok().raw()["key"]))
    };
    let Some(uri) = shown(&["pkcs11:id=%02"]) else {
        return;
    };
    assert!(uri.contains("token=second"), "{uri}");
    assert!(shown(&["pkcs11:id=%01"]).unwrap().contains("token=first"));
    assert!(shown(&[&uri]).unwrap().contains("token=second"));
    let adopt = ["key", "adopt", &uri, "--wallet-address", ADDRESS];
    two.run(&adopt).unwrap().ok();
    // From now on the key file says where it is.
    for args in [&["key", "show"][..], &["key", "list"], &["key", "export"]] {
        let run = two.run(&[args, &["--raw"]].concat()).unwrap().ok();
        assert!(
            run.out().contains("token=second"),
            "{args:?}: {}",
            run.out()
        );
    }
    let pem = two
        .work
        .read(format!(".secrets/beneficiary/{ADDRESS}_key.pub"));
    let pem = String::from_utf8(pem).unwrap();
    let plain = plain_zip(&[("x", b"1")]);
    two.work
        .write("a.zip", Sealed::current(&pem, &plain).archive());
    two.run(&["result", "decrypt", "a.zip"]).unwrap().ok();
    let report = two.run(&["doctor", "--raw"]).unwrap().ok().raw();
    let checks = report["checks"].as_array().unwrap();
    let of = |name: &str| -> Vec<String> {
        let named = checks.iter().filter(|it| it["name"] == name);
        named.map(|it| text(&it["found"])).collect()
    };
    let taken: Vec<String> = of("module")
        .into_iter()
        .filter(|it| it.ends_with(": taken"))
        .collect();
    assert!(taken.len() == 1 && taken[0].contains(SECOND), "{report}");
    assert!(of("token")[0].contains("\"second\""), "{report}");
    assert!(of("key files")[0].contains("agree"), "{report}");
}

#[test]
fn an_empty_token_behind_one_in_use_has_to_be_named() {
    if other_than_softhsm("it stands behind the modules that are found") {
        return;
    }
    let token = Token::labelled("first");
    let work = Work::new(&token);
    let faulty = Faulty::before(&token).rule(format!("in {FIRST} shows first"));
    let init = ["token", "init", "--token-label", "fresh", "--raw"];
    let init = |token: &[&str]| {
        let cmd = work.cmd([&init[..], token].concat()).pin();
        faulty.be_found(cmd.env("IEXEC_HSM_SO_PIN", "87654321"), &[FIRST, SECOND])
    };
    let Some(cmd) = init(&[]) else {
        return;
    };
    // Either may be meant: which one is for a person to say.
    let error = cmd.run().fails(10).raw_error();
    let said = error["message"].as_str().unwrap();
    for words in ["\"first\"", FIRST, SECOND] {
        assert!(said.contains(words), "{error}");
    }
    assert_eq!(faulty.ledger().count("C_InitToken"), 0);
    let (_, named) = said.split_once("--token '").unwrap();
    let (named, _) = named.split_once('\'').unwrap();
    let run = init(&["--token", named]).unwrap().run().ok();
    assert_eq!(run.raw()["label"], "fresh");
    let named = ["--token", "fresh", "--token-label", "again"];
    let cmd = work.cmd([&["token", "init"][..], &named].concat()).pin();
    let cmd = faulty.be_found(cmd.env("IEXEC_HSM_SO_PIN", "87654321"), &[FIRST, SECOND]);
    let said = cmd.unwrap().run().fails(16).err();
    assert!(said.contains("\"fresh\" is initialised already"), "{said}");
}
