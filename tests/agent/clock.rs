//! An agent whose computer's clock jumps: what it waits for is no time of day.

use crate::support::agent::command;
use crate::support::clock::Clock;
use crate::support::*;

/// An unlocked agent, and its clock.
fn agent(work: &Work<'_>, args: &[&str]) -> Option<(Agent, Clock)> {
    let clock = Clock::of(work)?;
    let agent = Agent::start(clock.drive(command(work, args)).pin());
    Some((agent, clock))
}

/// The date of the last line of the audit log.
fn date(agent: &Agent) -> String {
    let lines = agent.lines();
    lines.last().unwrap()["time"].as_str().unwrap()[..10].to_owned()
}

#[test]
fn a_clock_that_jumps_does_not_lock_an_agent_that_has_time() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let args = ["--idle", "1h", "--max-lifetime", "2h"];
    let Some((agent, clock)) = agent(&work, &args) else {
        return;
    };
    let wrapped = openssl::rsa_wrap(&keyed.public, &[7; 32]);
    let mut dates = vec![date(&agent)];
    for jump in ["+400d", "-400d"] {
        clock.jump(jump);
        assert_eq!(agent.state(), "unlocked", "{jump}");
        assert_eq!(agent.unwrap(&agent.key(), &wrapped).0, 200, "{jump}");
        dates.push(date(&agent));
    }
    assert!(
        dates[2] < dates[0] && dates[0] < dates[1],
        "it did jump: {dates:?}"
    );
}

#[test]
fn a_clock_that_is_put_back_does_not_keep_an_agent_unlocked() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let Some((mut agent, clock)) = agent(&work, &["--idle", "1s"]) else {
        return;
    };
    clock.jump("-400d");
    agent.until("it has locked itself", |agent| agent.state() == "locked");
}
