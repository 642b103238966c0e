//! The misbehaving module does what its script says, and writes down what it was asked.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::support::*;

const LIST: [&str; 3] = ["key", "list", "--raw"];
const INFO: [&str; 3] = ["token", "info", "--raw"];

/// What a command says of the token behind a module with these rules, and the calls that it took.
fn with(token: &Token, rules: &[&str], args: &[&str]) -> (Run, faulty::Ledger) {
    let faulty = rules
        .iter()
        .fold(Faulty::before(token), |faulty, rule| faulty.rule(rule));
    let work = Work::new(token);
    let run = faulty.drive(work.cmd(args).pin()).run();
    (run, faulty.ledger())
}

fn info(token: &Token, rules: &[&str]) -> Value {
    with(token, rules, &INFO).0.ok().raw()
}

fn keys(token: &Token, rules: &[&str]) -> Vec<Value> {
    let json = with(token, rules, &LIST).0.ok().raw();
    json["keys"].as_array().unwrap().clone()
}

/// A raw use of the module by another program.
fn pkcs11_tool(faulty: &Faulty, args: &[&str]) -> std::process::Output {
    let mut command = Command::new("pkcs11-tool");
    command.arg("--module").arg(Faulty::module()).args(args);
    faulty.furnish(&mut command);
    command.output().unwrap()
}

#[test]
fn without_a_rule_it_passes_every_call_on() {
    let keyed = Keyed::new();
    let (run, ledger) = with(&keyed.token, &[], &LIST);
    let behind = run.ok().raw();
    let straight = keyed.work().run(LIST).ok().raw();
    assert_eq!(behind, straight);
    assert_eq!(ledger.names().first(), Some(&"C_Initialize"));
    assert_eq!(ledger.names().last(), Some(&"C_Finalize"));
    assert!(ledger.0.iter().all(|call| call.rv == "CKR_OK"));
}

#[test]
fn the_ledger_shows_shapes_and_no_pin() {
    // A PIN of few digits is found by chance in a salted hash.
    let (token, public) = agent::marked();
    let faulty = Faulty::before(&token);
    let work = Work::new(&token);
    let sealed = Sealed::current(&public, &plain_zip(&[("x", b"1")]));
    work.write("encryptedResults.zip", sealed.archive());
    let run = faulty.drive(work.cmd(["result", "decrypt"]).pin()).run();
    run.ok();
    let ledger = faulty.ledger();
    let [login] = ledger.logins(1)[..] else {
        panic!("{ledger:?}");
    };
    assert_eq!(login.arg("pin"), faulty.class_of(&token.pin));
    assert_ne!(login.arg("pin"), faulty.class_of("4321"));
    assert!(!format!("{ledger:?}").contains(&token.pin));
    let [decrypt] = ledger.of("C_Decrypt")[..] else {
        panic!("{ledger:?}");
    };
    assert_eq!(decrypt.arg("input_len"), "256");
    assert_eq!(decrypt.arg("output"), "set");
    assert_eq!(decrypt.arg("output_len"), "[256]");
    assert_eq!(ledger.of("C_DecryptInit")[0].arg("mechanism"), "0x1");
    // CKA_MODULUS is 0x120.
    let modulus = |call: &&faulty::Call| call.arg("template") == "0x120";
    assert!(ledger.of("C_GetAttributeValue").iter().any(modulus));
}

#[test]
fn a_call_returns_what_the_script_says_before_or_after_its_work() {
    let token = Token::new();
    let (run, ledger) = with(&token, &["C_Login 1 return CKR_DEVICE_ERROR"], &LIST);
    run.fails(11);
    assert_eq!(ledger.of("C_Login")[0].rv, "CKR_DEVICE_ERROR");
    let (run, _) = with(&token, &["C_Login 2 return CKR_DEVICE_ERROR"], &LIST);
    run.ok();
    let (run, ledger) = with(&token, &["C_Login * return 0xffffffffffffffff"], &LIST);
    run.fails(11);
    assert_eq!(ledger.of("C_Login")[0].rv, "0xffffffffffffffff");
    // After its work the user is logged in.
    let rules = ["C_Login 1 then CKR_USER_ALREADY_LOGGED_IN"];
    let (run, _) = with(&Keyed::new().token, &rules, &LIST);
    assert_eq!(run.ok().raw()["keys"].as_array().unwrap().len(), 1);
}

#[test]
fn calls_are_counted_in_every_way_of_saying_which() {
    let token = Token::new();
    let failed = |when: &str| {
        let rule = format!("C_GetMechanismInfo {when} return CKR_FUNCTION_FAILED");
        let (run, ledger) = with(&token, &[&rule], &INFO);
        drop(run);
        let calls = ledger.of("C_GetMechanismInfo");
        let failed = calls.iter().enumerate().filter(|(_, it)| it.rv != "CKR_OK");
        failed
            .map(|(index, _)| index + 1)
            .take(4)
            .collect::<Vec<_>>()
    };
    assert_eq!(failed("3"), [3]);
    assert_eq!(failed("2-3"), [2, 3]);
    assert_eq!(failed("5-"), [5, 6, 7, 8]);
    assert_eq!(failed("/5"), [5, 10, 15, 20]);
    assert_eq!(failed("*"), [1, 2, 3, 4]);
    // All functions together.
    let (_, ledger) = with(&token, &["* 3 return CKR_GENERAL_ERROR"], &INFO);
    assert_eq!(ledger.0[2].rv, "CKR_GENERAL_ERROR");
    assert_eq!(ledger.0[1].rv, "CKR_OK");
}

#[test]
fn a_script_that_is_none_ends_the_program() {
    let token = Token::new();
    for wrong in [
        "C_Login",
        "C_Login 1 return CKR_NONSENSE",
        "C_Login x abort",
        "flag CKF_USER_PIN_LOCKED",
        "attribute CKA_ID 0",
        "nonsense",
    ] {
        let (run, _) = with(&token, &[wrong], &INFO);
        assert_eq!(run.code, None, "{wrong}");
        assert!(run.err().contains("no rule"), "{}", run.err());
    }
    with(&token, &["# a remark", ""], &INFO).0.ok();
}

#[test]
fn names_of_the_token_are_as_wanted_and_after_so_many_restarts() {
    let token = Token::new();
    let named = info(&token, &["label other", "serial 0005"]);
    assert_eq!(
        (&named["label"], &named["serial"]),
        (&"other".into(), &"0005".into())
    );
    assert_eq!(info(&token, &["label other after 1"])["label"], "test");
}

#[test]
fn sessions_of_the_other_kind_are_refused() {
    let token = Token::new();
    let generate = ["result", "generate-keys", "--bits=2048", "--wallet-address"];
    let generate = [&generate[..], &[ADDRESS]].concat();
    // CKF_SERIAL_SESSION, and CKF_RW_SESSION with it.
    for (kind, refused, args) in [("read-only", "6", &*generate), ("read-write", "4", &LIST)] {
        let (run, ledger) = with(&token, &[&format!("sessions {kind}")], args);
        run.ok();
        let tried = ledger.of("C_OpenSession");
        let of_kind = |it: &&faulty::Call| it.arg("flags") == refused;
        assert!(tried.iter().copied().any(|it| of_kind(&it)), "{tried:?}");
        for session in tried {
            assert_eq!(session.rv != "CKR_OK", of_kind(&session), "{session:?}");
        }
    }
}

#[test]
fn flags_are_set_and_cleared_at_once_or_after_wrong_pins() {
    let token = Token::new();
    assert_eq!(
        info(&token, &["flag +CKF_USER_PIN_LOCKED"])["pin"],
        "blocked"
    );
    assert_eq!(
        info(&token, &["flag -CKF_USER_PIN_INITIALIZED"])["pin"],
        "not-set"
    );
    assert_eq!(
        info(&token, &["flag +CKF_WRITE_PROTECTED"])["writeProtected"],
        true
    );
    let faulty = Faulty::before(&token).rule("flag +CKF_USER_PIN_FINAL_TRY after 2");
    let work = Work::new(&token);
    let state = || {
        let run = faulty.drive(work.cmd(INFO)).run().ok();
        run.raw()["pin"].clone()
    };
    let wrong = || {
        let cmd = work.cmd(LIST).env("IEXEC_HSM_PIN", "99999999");
        faulty.drive(cmd).run().fails(12);
    };
    assert_eq!(state(), "ok");
    wrong();
    assert_ne!(state(), "final-try");
    wrong();
    assert_eq!(state(), "final-try");
}

#[test]
fn attributes_are_replaced_missing_or_left_untouched() {
    let keyed = Keyed::new();
    let token = &keyed.token;
    let key = |rule: &str| keys(token, &[rule])[0].clone();
    assert_eq!(key("attribute CKA_ID 0a0b")["id"], "0a0b");
    assert_eq!(key("attribute CKA_LABEL missing")["label"], "");
    assert_eq!(key("attribute CKA_LABEL untouched")["label"], "");
    assert_eq!(
        key("attribute CKA_EXTRACTABLE 01")["facts"]["extractable"],
        true
    );
    assert_eq!(key("always-authenticate 1234")["alwaysAuthenticate"], true);
    assert_eq!(keys(token, &["attribute CKA_DECRYPT 00"]).len(), 0);
}

#[test]
fn objects_and_mechanisms_are_hidden() {
    let keyed = Keyed::new();
    let token = &keyed.token;
    assert_eq!(keys(token, &["hide CKO_PUBLIC_KEY"])[0]["private"], true);
    assert_eq!(keys(token, &["hide CKO_PRIVATE_KEY"])[0]["private"], false);
    let both = ["hide CKO_PRIVATE_KEY", "hide CKO_PUBLIC_KEY"];
    assert_eq!(keys(token, &both).len(), 0);

    let decrypts = |rules: &[&str]| {
        let json = info(token, rules);
        let all = json["mechanisms"].as_array().unwrap();
        let found = all.iter().find(|it| it["name"] == "CKM_RSA_PKCS");
        found.map(|it| it["decrypt"].clone())
    };
    assert_eq!(decrypts(&[]), Some(Value::Bool(true)));
    assert_eq!(
        decrypts(&["mechanism CKM_RSA_PKCS no-decrypt"]),
        Some(Value::Bool(false))
    );
    assert_eq!(decrypts(&["mechanism CKM_RSA_PKCS hidden"]), None);
}

#[test]
fn slots_get_new_numbers_with_each_initialisation() {
    let token = Token::new();
    let straight = info(&token, &[])["slotId"].as_u64().unwrap();
    assert_eq!(info(&token, &["shuffle-slots"])["slotId"], straight + 4096);
}

#[test]
fn a_token_that_is_removed_comes_back_only_with_a_new_initialisation() {
    let token = Token::new();
    let (run, ledger) = with(&token, &["C_FindObjectsInit 1 remove"], &LIST);
    run.fails(11);
    assert_eq!(ledger.of("C_FindObjectsInit")[0].rv, "CKR_DEVICE_REMOVED");
    let (run, _) = with(
        &token,
        &["C_Initialize 1 remove"],
        &["token", "list", "--raw"],
    );
    assert_eq!(run.ok().raw()["tokens"].as_array().unwrap().len(), 0);
    // Back at once, and yet lost for this initialisation.
    let rules = ["C_Login 1 remove", "C_FindObjectsInit 1 insert"];
    let (run, ledger) = with(&token, &rules, &LIST);
    run.fails(11);
    assert_eq!(ledger.of("C_Login")[0].rv, "CKR_DEVICE_REMOVED");
    // Taken away while it makes a key, and back when the module is started again.
    let generate = [
        "result",
        "generate-keys",
        "--bits=2048",
        "--wallet-address",
        ADDRESS,
    ];
    let rules = [
        "C_GenerateKeyPair 1 then CKR_OK",
        "C_Finalize 1 remove",
        "C_Initialize 2 insert",
    ];
    with(&token, &rules, &generate).0.ok();
}

#[test]
fn a_module_may_be_slow_or_wait_for_good() {
    let token = Token::new();
    let work = Work::new(&token);
    let file = work.path("go-on");
    let faulty = Faulty::before(&token)
        .rule("C_GetInfo 1 sleep 1")
        .rule(format!("C_Login 1 hang {}", file.display()));
    let mut started = faulty.drive(work.cmd(LIST).pin()).start();
    let hangs = loop {
        assert!(started.runs(), "it ended before it hung");
        let ledger = faulty.ledger();
        if let Some(call) = ledger.0.into_iter().find(|call| call.name == "C_Login") {
            break call.rv;
        }
    };
    assert_eq!(hangs, "hangs");
    assert!(started.runs());
    fs::write(file, "").unwrap();
    started.wait().ok();
}

#[test]
fn a_module_may_write_to_the_programs_outputs() {
    let token = Token::new();
    let (run, _) = with(&token, &["C_Initialize 1 print noise from a driver"], &INFO);
    let run = run.ok();
    assert!(run.out().contains("noise from a driver\n"), "{}", run.out());
    assert!(run.err().contains("noise from a driver\n"), "{}", run.err());
}

#[test]
fn a_module_may_end_the_program() {
    let token = Token::new();
    let (run, ledger) = with(&token, &["C_Login 1 abort"], &LIST);
    assert_eq!(run.signal, Some(6), "SIGABRT");
    assert_eq!(ledger.0.last().unwrap().rv, "aborts");
}

#[test]
fn moduli_have_rubbish_behind_them_until_the_next_initialisation() {
    let token = Token::new();
    let faulty = Faulty::before(&token).rule("rubbish-modulus");
    let args = ["--token-label", "test", "--login", "--pin", "1234"];
    let make = ["--keypairgen", "--key-type", "rsa:2048", "--id", "01"];
    let output = pkcs11_tool(&faulty, &[&args[..], &make].concat());
    assert!(output.status.success(), "{output:?}");
    // It shows the key's size by the length of its modulus.
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("RSA 16384 bits"), "{text}");
    assert!(!token.objects().contains("16384"));
}

#[test]
fn one_of_several_tokens_is_shown_alone_by_the_copy_that_is_named() {
    let token = Token::labelled("one");
    token.add("two");
    let labels = |rules: &[&str]| -> Vec<String> {
        let (run, _) = with(&token, rules, &["token", "list", "--raw"]);
        let json = run.ok().raw();
        let tokens = json["tokens"].as_array().unwrap().iter();
        tokens
            .map(|it| it["label"].as_str().unwrap().to_owned())
            .collect()
    };
    let own = Faulty::module();
    let own = own.file_name().unwrap().to_str().unwrap();
    assert_eq!(labels(&["shows two"]), ["two"]);
    assert_eq!(labels(&[&format!("in {own} shows two")]), ["two"]);
    assert!(labels(&["in other.so shows two"]).len() > 1);
}

#[test]
fn logins_that_are_not_needed_and_empty_pins_are_played() {
    let keyed = Keyed::new();
    let token = &keyed.token;
    let without_pin = |rules: &[&str], args: &[&str]| {
        let faulty = rules.iter().fold(Faulty::before(token), Faulty::rule);
        let work = Work::new(token);
        let run = faulty.drive(work.cmd(LIST).args(args)).run();
        (run, faulty.ledger())
    };
    assert_eq!(
        info(token, &["needs-no-login 1234"])["loginRequired"],
        false
    );
    let (run, ledger) = without_pin(&["needs-no-login 1234"], &[]);
    assert_eq!(run.ok().raw()["keys"][0]["private"], true);
    assert_eq!(ledger.count("C_Login"), 0);
    let empty = token.secret_file("empty", "");
    let empty = ["--pin-file", empty.to_str().unwrap()];
    let (run, ledger) = without_pin(&["empty-pin 1234"], &empty);
    run.ok();
    assert_eq!(ledger.logins(1)[0].arg("pin_len"), "0");
    let (run, _) = with(token, &["empty-pin 1234"], &LIST);
    run.fails(12);
    assert_eq!(info(token, &["label"])["label"], "");
}
