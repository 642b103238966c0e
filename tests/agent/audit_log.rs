//! The audit log: what is in it, what a full disk does to it, and how it is rotated.

use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::agent::command;
use crate::support::failing_agent::FailingAgent;
use crate::support::*;

/// What happened to the agent itself, and why.
fn events(agent: &Agent) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let lines = agent.lines();
    let own = lines.iter().filter(|line| line["event"].is_string());
    own.map(|line| (text(&line["event"]), text(&line["reason"])))
        .collect()
}

fn names(agent: &Agent) -> Vec<String> {
    events(agent).into_iter().map(|it| it.0).collect()
}

#[test]
fn what_happens_to_the_agent_is_in_it() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::unlocked(&work, &[]);
    let token = agent.status()["token"].clone();
    agent.request("POST", "/v1/lock", "");
    agent.request("POST", "/v1/lock", "");
    assert_eq!(agent.unlock("9999").0, 403);
    assert_eq!(agent.unlock(&keyed.token.pin).0, 200);
    let id = agent.id();
    let mut agent = agent;
    agent.signal(Signal::HUP);
    agent.until("it is locked", |agent| agent.state() == "locked");
    agent.signal(Signal::TERM);
    agent.until("it has ended", |agent| {
        names(agent).last().is_some_and(|it| it == "ended")
    });
    let expected = [
        ("started", ""),
        ("unlocked", ""),
        ("locked", "somebody locked it"),
        ("not-unlocked", "the token refused the PIN"),
        ("unlocked", ""),
        ("locked", "it got the signal SIGHUP"),
        ("ended", ""),
    ];
    assert_eq!(
        events(&agent),
        expected.map(|(event, reason)| (event.to_owned(), reason.to_owned()))
    );
    let lines = agent.lines();
    assert_eq!(lines[0]["token"], token);
    for line in lines.iter().filter(|line| line["event"].is_string()) {
        assert_eq!(line["pid"], id);
    }
}

#[test]
fn a_token_that_is_lost_is_in_it_and_that_it_is_back() {
    let keyed = Keyed::new();
    let rules = ["C_Decrypt 2 remove", "C_Finalize 1 insert"];
    let mut it = FailingAgent::new(&keyed, &["--keep-pin", "--sessions", "1"], &rules);
    it.works();
    it.fails("device-failed");
    it.until("unlocked");
    it.agent.until("it is written", |agent| {
        names(agent) == ["started", "unlocked", "token-lost", "token-back"]
    });

    let mut it = FailingAgent::new(&keyed, &["--sessions", "1"], &["C_Decrypt 2 remove"]);
    it.works();
    it.fails("device-failed");
    it.agent.until("it is written", |agent| {
        names(agent).ends_with(&["token-lost".into(), "locked".into()])
    });
}

#[test]
fn a_full_disk_tears_no_line_and_those_that_are_missing_are_counted() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let Some(disk) = Disk::of(64 << 10) else {
        return;
    };
    let audit = disk.path().join("audit");
    let cmd = command(&work, &[]).env("IEXEC_HSM_AUDIT_LOG", &audit);
    let mut agent = Agent::start(cmd.pin());
    agent.audit = audit;
    // One when it was waited for.
    let mut asked = 1;
    agent.until("it is written", |agent| agent.requests().len() == 1);
    disk.fill();
    // Some fit into the file's last page, and then one does so in part.
    agent.until("lines are lost", |agent| {
        asked += 1;
        agent.status()["auditLost"].as_u64().unwrap() >= 3
    });
    disk.empty();
    let lost = |lines: &[Value]| -> u64 { lines.iter().filter_map(|it| it["lost"].as_u64()).sum() };
    agent.until("all are written or counted", |agent| {
        let lines = agent.lines();
        agent.requests().len() as u64 + lost(&lines) == asked
    });
    let lines = agent.lines();
    assert!(lost(&lines) >= 3, "{lines:?}");
    let told = lines.iter().find(|it| it["lost"].is_u64()).unwrap();
    assert!(told["since"].as_str() <= told["time"].as_str(), "{told}");
    assert_eq!(agent.status()["auditLost"], lost(&lines));
    agent.signal(Signal::TERM);
    let run = agent.wait().ok();
    let warnings = run.err().matches("warning: the audit log").count();
    assert_eq!(warnings, 1, "{}", run.err());
}

#[test]
fn sigusr1_has_it_go_on_in_a_new_file() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let mut agent = Agent::unlocked(&work, &[]);
    agent.until("it is written", |agent| agent.requests().len() == 1);
    let rotated = agent.audit.with_file_name("audit.1");
    fs::rename(&agent.audit, &rotated).unwrap();
    agent.signal(Signal::USR1);
    agent.until("there is a new file", |agent| {
        names(agent) == ["audit-log-reopened"]
    });
    let before = fs::read(&rotated).unwrap();
    assert_eq!(agent.state(), "unlocked", "that is for SIGHUP");
    agent.until("it is written", |agent| agent.requests().len() == 1);
    assert_eq!(fs::read(&rotated).unwrap(), before);
}

#[test]
fn a_log_that_may_not_grow_does_not_end_the_agent() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let cmd = command(&work, &[]).pin();
    let mut agent = Agent::start(cmd.under(["prlimit", "--fsize=1500"]));
    agent.until("lines are lost", |agent| {
        agent.status()["auditLost"].as_u64().unwrap() >= 2
    });
    assert_eq!(agent.state(), "unlocked");
    // The part of a line that went in is taken back a moment later.
    agent.until("the last line is whole", |agent| {
        fs::read(&agent.audit).unwrap().ends_with(b"\n")
    });
}
