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
fn a_module_that_is_not_known_to_bear_threads_has_one_call_at_a_time() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let plain = plain_zip(&[("x", b"1")]);
    let names: Vec<String> = (0..8).map(|it| format!("{it}.zip")).collect();
    for name in &names {
        work.write(name, keyed.archive(&plain));
    }
    // It says that it can lock, and crashes all the same, as openCryptoki's software token does.
    let faulty = Faulty::before(&keyed.token)
        .rule("library IBM")
        .rule("not-at-once C_Decrypt")
        .rule("C_Decrypt * sleep 20");
    let decrypt = work.cmd(["result", "decrypt", "--output-dir", "out"]);
    let cmd = names.iter().fold(decrypt, Cmd::arg).pin();
    faulty.drive(cmd).run().ok();
    for name in &names {
        assert!(work.read(format!("out/{name}")) == plain);
    }
    let ledger = faulty.ledger();
    assert_eq!(ledger.count("C_Initialize"), 1);
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

/// What the doctor says of the module at `path`.
fn said_of(report: &serde_json::Value, path: &str) -> String {
    let checks = report["checks"].as_array().unwrap();
    let found = |it: &serde_json::Value| it["found"].as_str().unwrap().to_owned();
    let of_module = checks.iter().filter(|it| it["name"] == "module").map(found);
    of_module.filter(|it| it.contains(path)).collect()
}

#[test]
fn a_module_that_crashes_is_named_by_the_doctor_and_by_setup() {
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = Faulty::before(&token).rule("C_GetSlotList 2 abort");
    let run = faulty.drive(work.cmd(["doctor", "--raw"])).run().fails(10);
    let report: serde_json::Value = serde_json::from_str(&run.err()).unwrap();
    let path = Faulty::module().display().to_string();
    let said = said_of(&report, &path);
    assert!(said.contains("C_GetSlotList ended the program"), "{report}");
    assert!(said.contains("signal 6"), "{report}");
    // The rest is looked at all the same.
    let names: Vec<_> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["name"])
        .collect();
    assert!(names.contains(&&serde_json::json!("agent")), "{report}");

    let setup = work.cmd(["setup", "--raw", "--no-input"]).pin();
    let error = faulty.drive(setup).run().fails(10).raw_error();
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("C_GetSlotList ended the program"),
        "{message}"
    );
    assert!(message.contains(&path), "{message}");
}

/// Where the misbehaving module is found before SoftHSM2's.
const FIRST: &str = "/usr/local/lib/libykcs11.so";

/// A command that finds the misbehaving module first and SoftHSM2's after it, where no module is named.
fn beside(faulty: &Faulty<'_>, cmd: Cmd) -> Option<Cmd> {
    if other_than_softhsm("it is found by its path") {
        return None;
    }
    let good = format!(
        "cp {} /usr/local/lib/libsofthsm2.so && exec \"$@\"",
        machine::REAL
    );
    let cmd = faulty.be_found(cmd, &["libykcs11.so"])?;
    Some(cmd.under(["sh", "-c", &good, "sh"]))
}

#[test]
fn a_module_that_crashes_does_not_hide_the_others_that_are_found() {
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = Faulty::before(&token).rule("C_Initialize 1 abort");
    let Some(doctor) = beside(&faulty, work.cmd(["doctor", "--raw"])) else {
        return;
    };
    let report = doctor.run().ok().raw();
    let said = said_of(&report, FIRST);
    assert!(said.contains("C_Initialize ended the program"), "{report}");
    assert!(
        said_of(&report, "libsofthsm2.so").contains("taken"),
        "{report}"
    );
    let list = beside(&faulty, work.cmd(["token", "list", "--raw"])).unwrap();
    let tokens = list.run().ok().raw();
    assert_eq!(tokens["tokens"][0]["label"], "test", "{tokens}");
}

#[test]
fn each_module_is_named_before_it_is_loaded() {
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = Faulty::before(&token).rule("C_Initialize 1 abort");
    let Some(list) = beside(&faulty, work.cmd(["key", "list", "-v"]).pin()) else {
        return;
    };
    let run = list.run().killed_by(rustix::process::Signal::ABORT);
    let last = format!("loading {}", FIRST);
    assert!(run.err().lines().any(|line| line == last), "{}", run.err());
}

#[test]
fn a_module_that_hangs_is_named_by_the_doctor_while_it_is_waited_for() {
    let token = Token::new();
    let work = Work::new(&token);
    let gate = work.path("go");
    let faulty = Faulty::before(&token).rule(format!("C_Initialize 1 hang {}", gate.display()));
    let mut pty = Pty::spawn(&faulty.drive(work.cmd(["doctor"])));
    pty.expect("come back from C_Initialize");
    fs::write(gate, "").unwrap();
    // The next process hangs no more.
    let (code, shown) = pty.wait();
    assert_eq!(code, 0, "{shown}");
}

#[test]
fn a_process_for_a_module_is_no_command_for_people() {
    let token = Token::new();
    let work = Work::new(&token);
    let run = work.cmd(["probe-module"]).stdin("{}\n").run().fails(2);
    assert!(
        run.err().contains("for the program itself"),
        "{}",
        run.err()
    );
    for args in [
        &["--help"][..],
        &["completions", "bash"],
        &["completions", "zsh"],
        &["completions", "fish"],
    ] {
        assert!(
            !work.run(args).ok().out().contains("probe-module"),
            "{args:?}"
        );
    }
}

#[test]
fn what_a_module_writes_while_it_is_tried_is_told_with_verbose_alone() {
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = Faulty::before(&token)
        .rule("C_Initialize 1 print NOISE")
        .rule("C_GetSlotList * return CKR_DEVICE_ERROR");
    for (args, shown) in [
        (&["token", "list"][..], false),
        (&["token", "list", "-v"], true),
        (&["doctor"], false),
        (&["doctor", "-v"], true),
        (&["key", "list"], false),
        (&["key", "list", "-v"], true),
    ] {
        let Some(cmd) = beside(&faulty, work.cmd(args).pin()) else {
            return;
        };
        let run = cmd.run().ok();
        assert_eq!(
            run.err().contains("NOISE"),
            shown,
            "{args:?}: {}",
            run.err()
        );
    }
}

#[test]
fn a_slow_call_is_told_of_while_modules_are_looked_into() {
    let token = Token::new();
    let work = Work::new(&token);
    let gate = work.path("go");
    let faulty = Faulty::before(&token).rule(format!("C_GetSlotList 1 hang {}", gate.display()));
    for args in [["key", "list"], ["token", "list"]] {
        let Some(cmd) = beside(&faulty, work.cmd(args).pin()) else {
            return;
        };
        let mut pty = Pty::spawn(&cmd);
        pty.expect(&format!("module {FIRST} to come back from C_GetSlotList"));
        fs::write(&gate, "").unwrap();
        let (code, shown) = pty.wait();
        assert_eq!(code, 0, "{shown}");
        fs::remove_file(&gate).unwrap();
    }
}
