//! Commands beside an agent that holds the device, which lets in one process only.

use serde_json::Value;

use crate::support::agent::command;
use crate::support::failing_agent::gate;
use crate::support::*;

/// An unlocked agent of the misbehaving module, which does nothing wrong for it and stays with it.
fn holder<'t>(work: &Work<'_>, token: &'t Token) -> (Agent, Faulty<'t>) {
    let faulty = Faulty::before(token);
    let mut agent = Agent::start(faulty.drive(command(work, &["--sessions", "1"]).pin()));
    agent.until("it is unlocked", |agent| agent.state() == "unlocked");
    (agent, faulty)
}

#[test]
fn keys_are_listed_and_shown_by_the_agent_without_a_pin_or_the_module() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let arguments = [
        &["key", "list", "--raw"][..],
        &["key", "show", "--raw"],
        &["key", "list"],
        &["key", "show"],
    ];
    let outputs = |run: Run| (run.out(), run.err());
    let direct: Vec<_> = arguments
        .iter()
        .map(|args| outputs(work.cmd(*args).pin().run().ok()))
        .collect();
    let (agent, _faulty) = holder(&work, &keyed.token);
    let busy = Faulty::before(&keyed.token).rule("* * return CKR_GENERAL_ERROR");
    for (args, direct) in arguments.iter().zip(direct) {
        let run = busy.drive(agent.cmd(&work, *args)).run().ok();
        assert_eq!(outputs(run), direct, "{args:?}");
    }
    assert_eq!(busy.ledger().names(), [""; 0]);
}

#[test]
fn where_a_pin_is_missing_it_is_said_why_the_agent_was_not_asked() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::start(command(&work, &[]));
    for args in [["key", "list"], ["key", "show"]] {
        let run = agent.cmd(&work, args).run().fails(14);
        let why = "Your agent was not asked: it is locked.";
        assert!(run.err().contains(why), "{}", run.err());
        // With a PIN there is nothing to say.
        let run = agent.cmd(&work, args).pin().run().ok();
        assert!(!run.err().contains("agent"), "{}", run.err());
    }
}

/// An unlocked agent whose token does `action` when its keys are read the next time.
fn holder_that_next<'t>(work: &Work<'_>, token: &'t Token, action: &str) -> (Agent, Faulty<'t>) {
    let (agent, faulty) = holder(work, token);
    drop(agent);
    let searches = faulty.ledger().count("C_FindObjectsInit");
    let rule = format!("C_FindObjectsInit {} {action}", searches + 1);
    let faulty = Faulty::before(token).rule(rule);
    let args = ["--sessions", "1", "--request-timeout", "4s"];
    let mut agent = Agent::start(faulty.drive(command(work, &args).pin()));
    agent.until("it is unlocked", |agent| agent.state() == "unlocked");
    (agent, faulty)
}

#[test]
fn an_agent_on_a_slow_card_has_the_time_that_it_needs() {
    let keyed = Keyed::new();
    let work = keyed.work();
    // An agent that does not tell its state has less.
    let (agent, _faulty) = holder_that_next(&work, &keyed.token, "sleep 2500");
    let beside = Faulty::before(&keyed.token);
    let run = beside.drive(agent.cmd(&work, ["key", "list"])).run().ok();
    assert!(run.out().contains("pkcs11:"), "{}", run.out());
    assert_eq!(beside.ledger().names(), [""; 0]);
}

#[test]
fn the_token_is_asked_where_the_agent_fails() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let (_folder, gate) = gate();
    let hang = format!("hang {}", gate.display());
    for args in [&["key", "list"][..], &["key", "show"]] {
        let (agent, _faulty) = holder_that_next(&work, &keyed.token, &hang);
        let direct = work.cmd(args).pin().run().ok().out();
        let beside = Faulty::before(&keyed.token);
        let run = beside.drive(agent.cmd(&work, args).pin()).run().ok();
        assert_eq!(run.out(), direct, "{args:?}");
        assert_eq!(beside.ledger().count("C_Login"), 1, "{args:?}");
        // Nor is the agent passed over as the holder of a device that lets in one process only.
        let busy = Faulty::before(&keyed.token).rule("C_OpenSession * return CKR_DEVICE_ERROR");
        let run = busy.drive(agent.cmd(&work, args).pin()).run().fails(11);
        assert!(run.err().contains("Your own agent"), "{}", run.err());
    }
}

#[test]
fn the_agents_token_is_listed_where_the_module_does_not_show_it() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let (agent, _faulty) = holder(&work, &keyed.token);
    let before = agent
        .cmd(&work, ["token", "list", "--raw"])
        .run()
        .ok()
        .raw();
    for rule in [
        "C_Initialize * return CKR_GENERAL_ERROR",
        "C_GetTokenInfo * return CKR_DEVICE_ERROR",
    ] {
        let busy = Faulty::before(&keyed.token).rule(rule);
        let run = busy
            .drive(agent.cmd(&work, ["token", "list", "--raw"]))
            .run();
        let tokens = run.ok().raw()["tokens"].clone();
        assert_eq!(
            tokens[0]["token"], before["tokens"][0]["token"],
            "{rule}: {tokens}"
        );
        assert_eq!(tokens[0]["agentPid"], agent.id(), "{tokens}");
        assert_eq!(tokens.as_array().unwrap().len(), 1, "{tokens}");
        let text = busy.drive(agent.cmd(&work, ["token", "list"])).run().ok();
        let held = format!("held by your agent (process {})", agent.id());
        assert!(text.out().contains(&held), "{}", text.out());
    }
}

#[test]
fn a_command_that_finds_the_device_busy_names_the_agent() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let (agent, _faulty) = holder(&work, &keyed.token);
    let busy = Faulty::before(&keyed.token).rule("C_OpenSession * return CKR_DEVICE_ERROR");
    let hint = |error: &Value| error["message"].as_str().unwrap().to_owned();
    let named = format!("Your own agent (process {}) holds", agent.id());
    for args in [&["key", "export"][..], &["result", "generate-keys"]] {
        let cmd = agent.cmd(&work, args).arg("--raw").pin();
        let cmd = cmd.env("IEXEC_HSM_WALLET_ADDRESS", ADDRESS);
        let error = busy.drive(cmd).run().fails(11).raw_error();
        assert!(hint(&error).contains(&named), "{args:?}: {error}");
    }
    // Not where none of ours holds it.
    drop(agent);
    let cmd = work.cmd(["key", "export", "--raw"]).pin();
    let error = busy.drive(cmd).run().fails(11).raw_error();
    assert!(!hint(&error).contains("agent"), "{error}");
}

#[test]
fn an_agent_of_another_token_is_no_holder_of_this_one() {
    let (keyed, other) = (Keyed::new(), Token::labelled("other"));
    let work = keyed.work();
    let theirs = Work::new(&other);
    let (agent, _faulty) = holder(&work, &keyed.token);
    let run = agent
        .cmd(&theirs, ["key", "list", "--token", "other"])
        .pin()
        .run();
    assert!(run.ok().err().contains("\"other\" has no result key"));
}

#[test]
fn batches_and_the_doctor_name_the_agent_too() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let (agent, _faulty) = holder(&work, &keyed.token);
    let busy = Faulty::before(&keyed.token).rule("C_OpenSession * return CKR_DEVICE_ERROR");
    let named = format!("Your own agent (process {}) holds", agent.id());
    for name in ["a.zip", "b.zip"] {
        work.write(name, keyed.archive(&plain_zip(&[("a", b"b")])));
    }
    let batch = ["result", "decrypt", "a.zip", "b.zip", "--output-dir", "out"];
    let run = busy.drive(agent.cmd(&work, batch).pin()).run().fails(11);
    assert_eq!(run.err().matches(&named).count(), 1, "{}", run.err());
    let doctor = agent.cmd(&work, ["doctor", "--login"]).pin();
    let run = busy.drive(doctor).run();
    assert!(run.out().contains(&named), "{}", run.out());
}
