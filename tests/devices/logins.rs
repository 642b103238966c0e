//! Logins that a device does not take for another reason than the PIN: what is said of them, and what is waited for.

use crate::support::*;

fn plain() -> Vec<u8> {
    plain_zip(&[("a", b"b")])
}

/// The commands that log in, each in words of its own, with what else they need.
const COMMANDS: [&[&str]; 5] = [
    &["result", "decrypt", "a.zip", "--force"],
    &[
        "result",
        "decrypt",
        "a.zip",
        "b.zip",
        "--output-dir",
        "out",
        "--force",
    ],
    &["doctor", "--login"],
    &["key", "adopt", "--wallet-address", ADDRESS],
    &[
        "setup",
        "--no-input",
        "--new-key",
        "--bits=2048",
        "--wallet-address",
        ADDRESS,
    ],
];

/// A folder with archives and the module with these rules.
fn behind<'t>(keyed: &'t Keyed, rules: &[&str]) -> (Work<'t>, Faulty<'t>) {
    let work = keyed.work();
    for name in ["a.zip", "b.zip"] {
        work.write(name, keyed.archive(&plain()));
    }
    let faulty = Faulty::before(&keyed.token).rule("hardware");
    (work, rules.iter().fold(faulty, Faulty::rule))
}

/// Starts an agent and has it unlocked, which ends with this code.
fn unlock(work: &Work, faulty: &Faulty, code: i32) -> Run {
    let agent = Agent::start(faulty.drive(agent::command(work, &[])));
    agent.cmd(work, ["agent", "unlock"]).pin().run().fails(code)
}

#[test]
fn an_authentication_key_that_is_not_there_is_named_and_costs_no_attempt() {
    let keyed = Keyed::new();
    let (work, faulty) = behind(&keyed, &["C_Login * return CKR_OBJECT_HANDLE_INVALID"]);
    let is_named = |run: &Run| {
        let said = run.out() + &run.err();
        assert!(
            said.contains("the authentication key is not there"),
            "{said}"
        );
        assert!(said.contains("No PIN attempt was spent"), "{said}");
        assert!(!said.contains("not known"), "{said}");
    };
    for command in COMMANDS {
        is_named(&faulty.drive(work.cmd(command).pin()).run().fails(12));
        assert_eq!(faulty.ledger().count("C_Login"), 1, "{command:?}");
    }
    is_named(&unlock(&work, &faulty, 12));
}

#[test]
fn an_authentication_key_that_is_made_by_then_is_tried_with_the_same_pin() {
    let keyed = Keyed::new();
    let (work, faulty) = behind(&keyed, &["C_Login 1 return CKR_OBJECT_HANDLE_INVALID"]);
    let agent = Agent::start(faulty.drive(agent::command(&work, &[])));
    agent.cmd(&work, ["agent", "unlock"]).pin().run().fails(12);
    agent.cmd(&work, ["agent", "unlock"]).pin().run().ok();
}

#[test]
fn sessions_that_others_hold_are_waited_for() {
    for rule in [
        "C_Login 1-2 return CKR_SESSION_COUNT",
        "C_OpenSession 1-2 return CKR_SESSION_COUNT",
    ] {
        let keyed = Keyed::new();
        let (work, faulty) = behind(&keyed, &[rule]);
        for command in COMMANDS {
            faulty.drive(work.cmd(command).pin()).run().ok();
        }
        unlock(&work, &faulty, 0);
    }
}

#[test]
fn sessions_that_stay_taken_are_told_as_that_with_no_word_of_a_pin_that_was_sent() {
    let keyed = Keyed::new();
    for rule in ["C_Login", "C_OpenSession"] {
        let rule = format!("{rule} * return CKR_SESSION_COUNT");
        let (work, faulty) = behind(&keyed, &[&rule]);
        let at_once = |cmd: Cmd| faulty.drive(cmd.pin().env("IEXEC_HSM_DEVICE_TIMEOUT", "0"));
        for command in COMMANDS {
            let run = at_once(work.cmd(command)).run().fails(11);
            let said = run.out() + &run.err();
            assert!(
                said.contains("sessions of the token \"test\" are taken"),
                "{said}"
            );
            assert!(said.contains("Idle sessions end by themselves"), "{said}");
            assert!(!said.contains("not known"), "{said}");
        }
    }
}

#[test]
fn the_time_for_sessions_is_one_for_all_that_a_command_asks_for() {
    let keyed = Keyed::new();
    let rule = "C_OpenSession * return CKR_SESSION_COUNT";
    let (work, faulty) = behind(&keyed, &[rule]);
    // It looks for the recorded key before it logs in.
    let adopt = ["key", "adopt", "--wallet-address", ADDRESS];
    work.run(adopt).ok();
    let generate = [
        "result",
        "generate-keys",
        "--bits=2048",
        "--wallet-address",
        ADDRESS,
    ];
    work.run(generate).ok();
    let decrypt = work.cmd(COMMANDS[0]).pin();
    faulty.drive(decrypt).run().fails(11);
    let opened = faulty.ledger().count("C_OpenSession");
    // In the one second of these tests, four times in a second.
    assert!((4..8).contains(&opened), "{opened}");
}

#[test]
fn more_sessions_for_a_batch_are_not_waited_for() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let faulty = Faulty::before(&keyed.token).rule("C_OpenSession 2- return CKR_SESSION_COUNT");
    let names: Vec<String> = (0..4).map(|it| format!("{it}.zip")).collect();
    for name in &names {
        work.write(name, keyed.archive(&plain()));
    }
    let decrypt = work.cmd(["result", "decrypt", "--output-dir", "out"]).pin();
    let decrypt = names.iter().fold(decrypt, Cmd::arg);
    // For much longer than this test may take.
    let decrypt = decrypt.env("IEXEC_HSM_DEVICE_TIMEOUT", "10m");
    faulty.drive(decrypt).run().ok();
}

#[test]
fn a_login_that_never_came_to_the_pin_is_told_as_that() {
    let keyed = Keyed::new();
    for (rv, is_known) in [
        ("CKR_USER_ANOTHER_ALREADY_LOGGED_IN", true),
        ("CKR_TOKEN_NOT_PRESENT", true),
        ("CKR_DEVICE_ERROR", false),
    ] {
        let rule = format!("C_Login * return {rv}");
        let (work, faulty) = behind(&keyed, &[&rule]);
        let run = faulty.drive(work.cmd(COMMANDS[0]).pin()).run().fails(11);
        assert_eq!(
            run.err().contains("no PIN attempt was spent"),
            is_known,
            "{}",
            run.err()
        );
        assert_eq!(run.err().contains("not known"), !is_known, "{}", run.err());
    }
}

#[test]
fn a_software_token_that_another_process_writes_is_logged_in_to_once_more() {
    let keyed = Keyed::new();
    let written = "C_Login 1-2 return CKR_GENERAL_ERROR";
    let (work, _) = behind(&keyed, &[]);
    let faulty = Faulty::before(&keyed.token).rule(written);
    faulty.drive(work.cmd(COMMANDS[0]).pin()).run().ok();
    assert_eq!(faulty.ledger().count("C_Login"), 3);
    // On a device that may have cost an attempt.
    let (work, faulty) = behind(&keyed, &[written]);
    faulty.drive(work.cmd(COMMANDS[0]).pin()).run().fails(11);
    assert_eq!(faulty.ledger().count("C_Login"), 1);
}

#[test]
fn a_software_token_that_was_read_half_written_is_read_anew() {
    let keyed = Keyed::new();
    // The module goes on with what it has read until it is started anew.
    let half = "C_Login 1-5 return CKR_USER_PIN_NOT_INITIALIZED";
    let faulty = || Faulty::before(&keyed.token).rule(half);
    let (work, _) = behind(&keyed, &[]);
    for command in COMMANDS {
        let faulty = faulty();
        faulty.drive(work.cmd(command).pin()).run().ok();
        let ledger = faulty.ledger();
        assert!(ledger.count("C_Login") >= 6, "{command:?}");
        assert!(ledger.count("C_Initialize") >= 2, "{command:?}");
    }
    unlock(&work, &faulty(), 0);
    // Where no PIN is set, that is said in the end.
    let (work, _) = behind(&keyed, &[]);
    let faulty = Faulty::before(&keyed.token).rule("C_Login * return CKR_USER_PIN_NOT_INITIALIZED");
    let run = faulty.drive(work.cmd(COMMANDS[0]).pin()).run().fails(10);
    assert!(run.err().contains("none is set"), "{}", run.err());
    assert_eq!(faulty.ledger().count("C_Login"), 10);
}

#[test]
fn a_token_that_is_not_seen_beside_others_is_looked_for_again() {
    let keyed = Keyed::new();
    // The empty token beside it is shown all the time.
    // Counted on, where the module is loaded anew.
    let hidden_once = ["one-device", "C_GetTokenInfo 1 return CKR_GENERAL_ERROR"];
    let (work, faulty) = behind(&keyed, &hidden_once);
    let cmd = work.cmd(COMMANDS[0]).args(&["--token", &keyed.token.label]);
    faulty.drive(cmd.pin()).run().ok();
    assert_eq!(faulty.ledger().count("C_Initialize"), 2);
    let (work, faulty) = behind(&keyed, &[]);
    let cmd = work.cmd(COMMANDS[0]).args(&["--token", "another"]);
    faulty.drive(cmd.pin()).run().fails(10);
    assert_eq!(faulty.ledger().count("C_Initialize"), 4);
}
