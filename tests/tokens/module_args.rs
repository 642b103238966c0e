//! The text that some modules want to be initialised with.

use std::fs;
use std::path::Path;

use crate::support::agent::command;
use crate::support::*;

const TEXT: &str = "connector=http://127.0.0.1:12345 debug";

/// What `C_Initialize` was given each time.
fn given(faulty: &Faulty<'_>) -> Vec<String> {
    let ledger = faulty.ledger();
    let calls = ledger.of("C_Initialize").into_iter();
    calls.map(|call| call.arg("arguments").to_owned()).collect()
}

fn shown() -> String {
    format!("0x2:{}", TEXT.replace(' ', "%20"))
}

fn configure(work: &Work<'_>, module: &Path) {
    let folder = work.home().join(".config/iexec-hsm");
    fs::create_dir_all(&folder).unwrap();
    let content = format!("module = {module:?}\nmodule-args = {TEXT:?}\n");
    fs::write(folder.join("config.toml"), content).unwrap();
}

#[test]
fn the_text_is_passed_on_by_option_variable_and_file() {
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = Faulty::before(&token).rule("takes-arguments");
    let list = || faulty.drive(work.cmd(["token", "list"]));
    list().run().ok();
    assert_eq!(given(&faulty), ["0x2"]);
    list().arg("--module-args").arg(TEXT).run().ok();
    assert_eq!(given(&faulty), [shown()]);
    list().env("IEXEC_HSM_MODULE_ARGS", TEXT).run().ok();
    assert_eq!(given(&faulty), [shown()]);
    configure(&work, &Faulty::module());
    list().without_env("IEXEC_HSM_MODULE").run().ok();
    assert_eq!(given(&faulty), [shown()]);
}

#[test]
fn the_text_of_the_file_is_for_the_module_of_the_file() {
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = Faulty::before(&token).rule("takes-arguments");
    configure(&work, Path::new("/another.so"));
    faulty.drive(work.cmd(["token", "list"])).run().ok();
    assert_eq!(given(&faulty), ["0x2"]);
}

#[test]
fn a_module_that_takes_no_text_is_named_with_it() {
    if other_than_softhsm("others pass over a text that they do not know") {
        return;
    }
    let token = Token::new();
    let work = Work::new(&token);
    let run = work.cmd(["token", "list", "--module-args", TEXT]).run();
    assert!(run.err().contains("--module-args"), "{}", run.err());
    run.fails(10);
}

#[test]
fn a_text_for_no_module_is_refused() {
    let work = Work::without_token();
    let run = work.cmd(["token", "list", "--module-args", TEXT]).run();
    assert!(run.err().contains("--module"), "{}", run.err());
    run.fails(2);
}

#[test]
fn a_module_that_is_restarted_gets_the_same_text() {
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = Faulty::before(&token).rule("takes-arguments");
    let args = ["result", "generate-keys", "--bits=2048", "--wallet-address"];
    let generate = work.cmd(args).arg(ADDRESS).pin();
    let generate = generate.env("IEXEC_HSM_MODULE_ARGS", TEXT);
    faulty.drive(generate).run().ok();
    assert_eq!(given(&faulty), [shown(), shown()]);
}

#[test]
fn the_agent_passes_the_text_on() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let faulty = Faulty::before(&keyed.token).rule("takes-arguments");
    let start = command(&work, &["--sessions", "2", "--module-args", TEXT]).pin();
    let agent = Agent::start(faulty.drive(start));
    assert_eq!(agent.state(), "unlocked");
    // Each worker has the module for itself.
    assert_eq!(given(&faulty), [shown(), shown()]);
}

/// NSS has no token before it is told where its database is.
#[test]
fn a_module_that_needs_the_text_works() {
    let module = Path::new("/usr/lib/x86_64-linux-gnu/libsoftokn3.so");
    if !module.exists() {
        eprintln!("skipped: there is no {}", module.display());
        return;
    }
    let work = Work::without_token();
    let folder = work.folder().join("nss");
    fs::create_dir(&folder).unwrap();
    let text = format!(
        "configdir='sql:{}' flags=passwordRequired",
        folder.display()
    );
    let nss = |args: &[&str]| {
        let cmd = work.cmd(args).arg("--module").arg(module);
        cmd.arg("--module-args").arg(&text)
    };
    let listed = nss(&["token", "list", "--raw"]).run().ok().raw();
    let tokens = listed["tokens"].as_array().unwrap();
    let mut labels = tokens.iter().map(|it| it["label"].as_str().unwrap());
    assert!(labels.any(|it| it.contains("Certificate DB")), "{listed}");
    assert!(folder.join("key4.db").exists());
    let without = work.cmd(["token", "list"]).arg("--module").arg(module);
    without.run().fails(10);
}
