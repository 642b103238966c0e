//! An agent and its clients in different pid namespaces, as a container and its host are: the kernel names no process
//! and no session there, but 0.

use std::path::PathBuf;
use std::process::Command;

use crate::support::agent::command;
use crate::support::*;

/// What runs a program in a new pid namespace; `None` where this test cannot make one.
fn unshare() -> Option<[&'static str; 4]> {
    let unshare = ["unshare", "--pid", "--fork", "--kill-child"];
    let tried = Command::new(unshare[0])
        .args(&unshare[1..])
        .arg("true")
        .output();
    if tried.is_ok_and(|it| it.status.success()) {
        return Some(unshare);
    }
    eprintln!("skipped: only root can make a pid namespace, and not in every container");
    None
}

/// Decrypts through the agent.
fn decrypt(work: &Work<'_>, agent: &Agent) -> Cmd {
    let args = ["result", "decrypt", "a.zip", "--force", "--require-agent"];
    agent.cmd(work, args)
}

#[test]
fn a_client_in_another_namespace_is_served() {
    let Some(unshare) = unshare() else { return };
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    let agent = Agent::unlocked(&work, &[]);
    decrypt(&work, &agent).under(unshare).run().ok();
    decrypt(&work, &agent).run().ok();
}

#[test]
fn an_agent_in_another_namespace_serves_both_sides() {
    let Some(unshare) = unshare() else { return };
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    let agent = Agent::start(command(&work, &[]).pin().under(unshare));
    decrypt(&work, &agent).run().ok();
    // Its session began outside, as that of what `docker exec` starts.
    let namespace = PathBuf::from(format!("/proc/{}/ns/pid_for_children", agent.id()));
    let enter = format!("--pid={}", namespace.display());
    decrypt(&work, &agent).under(["nsenter", &enter]).run().ok();
}
