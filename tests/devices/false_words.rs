//! What must not be said: of keys that are not seen, that there is none; of an agent that is away, that a PIN is missing.

use std::os::unix::net::UnixListener;

use crate::support::agent::socket_folder;
use crate::support::*;

fn plain() -> Vec<u8> {
    plain_zip(&[("a", b"b")])
}

const DECRYPT: [&str; 3] = ["result", "decrypt", "a.zip"];

/// A folder with an archive and the key's files.
fn recorded(keyed: &Keyed) -> Work<'_> {
    let work = keyed.work();
    work.run(["key", "adopt", "--wallet-address", ADDRESS]).ok();
    work.write("a.zip", keyed.archive(&plain()));
    work
}

#[test]
fn a_device_that_fails_while_its_keys_are_read_has_not_no_keys() {
    let keyed = Keyed::new();
    let work = recorded(&keyed);
    for rule in [
        "C_GetAttributeValue * return CKR_DEVICE_ERROR",
        "C_GetAttributeValue * return CKR_GENERAL_ERROR",
        "C_GetAttributeValue 3- return CKR_DEVICE_REMOVED",
        "C_FindObjects * return CKR_DEVICE_ERROR",
    ] {
        let faulty = Faulty::before(&keyed.token).rule(rule);
        for command in [&DECRYPT[..], &["key", "list"], &["key", "export"]] {
            let run = faulty.drive(work.cmd(command).pin()).run().fails(11);
            assert!(!run.err().contains("generate"), "{}", run.err());
        }
    }
}

#[test]
fn an_attribute_that_is_not_told_before_a_login_is_no_failure() {
    let keyed = Keyed::new();
    let work = recorded(&keyed);
    let rule = "C_GetAttributeValue * return CKR_USER_NOT_LOGGED_IN";
    let faulty = Faulty::before(&keyed.token).rule(rule);
    faulty.drive(work.cmd(["doctor"])).run().ok();
}

#[test]
fn a_recorded_key_that_is_not_seen_is_named_and_no_new_one_is_offered() {
    let keyed = Keyed::new();
    let work = recorded(&keyed);
    let faulty = Faulty::before(&keyed.token)
        .rule("hide CKO_PRIVATE_KEY")
        .rule("hide CKO_PUBLIC_KEY");
    let names_it = |run: &Run| {
        let said = run.out() + &run.err();
        assert!(!said.contains("makes one"), "{said}");
        assert!(said.contains("key file"), "{said}");
    };
    let commands: [&[&str]; 3] = [&DECRYPT, &["doctor", "--selftest"], &["key", "show"]];
    for command in commands {
        names_it(&faulty.drive(work.cmd(command).pin()).run().fails(15));
    }
    names_it(&faulty.drive(work.cmd(["key", "list"]).pin()).run().ok());
    // Without a record there is none, and one can be made.
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain()));
    let run = faulty.drive(work.cmd(DECRYPT).pin()).run().fails(15);
    assert!(run.err().contains("makes one"), "{}", run.err());
}

#[test]
fn an_agent_that_is_named_and_not_there_is_what_is_missing() {
    let keyed = Keyed::new();
    let work = recorded(&keyed);
    work.write("b.zip", keyed.archive(&plain()));
    let (_folder, socket) = socket_folder();
    let named = |args: &[&str]| work.cmd(args).env("IEXEC_HSM_AGENT_SOCK", &socket);
    let socket_text = socket.to_str().unwrap();
    let is_missing = |cmd: Cmd| {
        let run = cmd.run().fails(40);
        assert!(run.err().contains("no agent answers at"), "{}", run.err());
        assert!(run.err().contains("--pin-file"), "{}", run.err());
    };
    is_missing(named(&DECRYPT));
    is_missing(named(&["key", "list"]));
    let option = [&DECRYPT[..], &["--agent-sock", socket_text]].concat();
    is_missing(work.cmd(option));
    is_missing(named(&[
        "result",
        "decrypt",
        "a.zip",
        "b.zip",
        "--output-dir",
        "out",
    ]));
    // One that was there, at the usual place.
    let run_dir = work.folder().join("run");
    std::fs::create_dir_all(run_dir.join("iexec-hsm")).unwrap();
    drop(UnixListener::bind(run_dir.join("iexec-hsm/agent.sock")).unwrap());
    is_missing(work.cmd(DECRYPT).env("XDG_RUNTIME_DIR", &run_dir));
    // Whoever has the PIN needs no agent, and one that nobody names is not missed.
    named(&DECRYPT).pin().run().ok();
    work.cmd(["result", "decrypt", "a.zip", "--force"])
        .run()
        .fails(14);
}
