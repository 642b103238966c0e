//! Modules that are broken, or made for another machine: each is named, and none takes the program along where that can
//! be helped.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::support::*;

fn list(work: &Work<'_>, module: &std::path::Path) -> String {
    let cmd = work.cmd(["token", "list", "--raw"]);
    let cmd = cmd.without_env("IEXEC_HSM_MODULE").arg("--module");
    let error = cmd.arg(module).run().fails(10).raw_error();
    assert_eq!(error["code"], "token-not-usable");
    error["message"].as_str().unwrap().to_owned()
}

/// A module that calls a function that is nowhere, which the loader is not told to look for before it is called.
fn with_missing_symbol(work: &Work<'_>) -> PathBuf {
    let source = work.write(
        "missing.c",
        "unsigned long vendor_list(void **);\n\
         unsigned long C_GetFunctionList(void **list) { return vendor_list(list); }\n",
    );
    let module = work.path("missing.so");
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-Wl,-z,lazy", "-Wl,-z,undefs", "-o"]);
    let status = cc.arg(&module).arg(source).status();
    assert!(status.expect("cc, which links this program").success());
    module
}

/// The misbehaving module with bytes at some place changed.
fn changed(work: &Work<'_>, change: impl FnOnce(&mut Vec<u8>)) -> PathBuf {
    let mut module = fs::read(Faulty::module()).unwrap();
    change(&mut module);
    work.write("changed.so", module)
}

#[test]
fn a_module_with_a_missing_symbol_is_named_and_does_not_end_the_program() {
    let token = Token::new();
    let work = Work::new(&token);
    let module = with_missing_symbol(&work);
    let message = list(&work, &module);
    assert!(
        message.contains("undefined symbol: vendor_list"),
        "{message}"
    );
    assert!(message.contains(module.to_str().unwrap()), "{message}");
}

#[test]
fn a_module_for_another_processor_or_word_size_is_named_as_that() {
    let token = Token::new();
    let work = Work::new(&token);
    let other = changed(&work, |module| module[18..20].copy_from_slice(&[22, 0]));
    let message = list(&work, &other);
    assert!(message.contains("another processor: IBM Z"), "{message}");
    assert!(!message.contains("No such file"), "{message}");
    let narrow = changed(&work, |module| module[4] = 1);
    let message = list(&work, &narrow);
    assert!(message.contains("made for 32-bit programs"), "{message}");
}

#[test]
fn a_module_for_another_c_library_or_without_a_library_is_named_as_that() {
    let token = Token::new();
    let work = Work::new(&token);
    let linked_with = |library: &'static [u8; 9]| {
        changed(&work, |module| {
            let at = module.windows(10).position(|it| it == b"libc.so.6\0");
            let at = at.expect("it is linked with glibc");
            module[at..at + 9].copy_from_slice(library);
        })
    };
    let message = list(&work, &linked_with(b"libc.musl"));
    assert!(message.contains("another C library, musl"), "{message}");
    let message = list(&work, &linked_with(b"libx.so.9"));
    assert!(
        message.contains("it needs libx.so.9, which is not installed"),
        "{message}"
    );
}

#[test]
fn a_module_that_cannot_lock_is_used_by_one_thread_at_a_time() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let plain = plain_zip(&[("x", b"1")]);
    let names: Vec<String> = (0..8).map(|it| format!("{it}.zip")).collect();
    for name in &names {
        work.write(name, keyed.archive(&plain));
    }
    let faulty = Faulty::before(&keyed.token)
        .rule("one-thread")
        .rule("C_Decrypt * sleep 20");
    let decrypt = work.cmd(["result", "decrypt", "--output-dir", "out"]);
    let cmd = names.iter().fold(decrypt, Cmd::arg).pin();
    faulty.drive(cmd).run().ok();
    for name in &names {
        assert!(work.read(format!("out/{name}")) == plain);
    }
    let ledger = faulty.ledger();
    let starts: Vec<&str> = ledger.of("C_Initialize").iter().map(|it| &*it.rv).collect();
    assert_eq!(starts, ["CKR_CANT_LOCK", "CKR_OK"]);
    if std::thread::available_parallelism().unwrap().get() > 1 {
        assert!(ledger.count("C_OpenSession") > 1, "several threads had one");
    }
}

#[test]
fn an_agent_uses_a_module_that_cannot_lock_by_one_thread_at_a_time() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let faulty = Faulty::before(&keyed.token)
        .rule("one-thread")
        .rule("C_Decrypt * sleep 20");
    let start = agent::command(&work, &["--sessions", "4"]).pin();
    let mut agent = Agent::start(faulty.drive(start));
    let wrapped = openssl::rsa_wrap(&keyed.public, &[7; 32]);
    let key = agent.key();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(agent.unwrap(&key, &wrapped).0, 200));
        }
    });
    assert!(agent.runs());
}

#[test]
fn a_module_that_locks_in_no_way_is_refused_with_its_own_word() {
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = Faulty::before(&token).rule("C_Initialize * return CKR_CANT_LOCK");
    let run = faulty.drive(work.cmd(["token", "list", "--raw"])).run();
    let error = run.fails(10).raw_error();
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("C_Initialize returned CantLock"),
        "{error}"
    );
}
