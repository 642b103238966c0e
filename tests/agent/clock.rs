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

/// Unwraps a key, and returns the date of that request's line in the audit log, which comes after the answer.
fn date_of_unwrap(agent: &mut Agent, wrapped: &[u8], before: usize) -> String {
    assert_eq!(agent.unwrap(&agent.key(), wrapped).0, 200);
    let unwraps = |agent: &Agent| {
        let mut lines = agent.lines();
        lines.retain(|line| line["request"] == "unwrap");
        lines
    };
    agent.until("the line is there", |agent| unwraps(agent).len() > before);
    unwraps(agent)[before]["time"].as_str().unwrap()[..10].to_owned()
}

#[test]
fn a_clock_that_jumps_does_not_lock_an_agent_that_has_time() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let args = ["--idle", "1h", "--max-lifetime", "2h"];
    let Some((mut agent, clock)) = agent(&work, &args) else {
        return;
    };
    let wrapped = openssl::rsa_wrap(&keyed.public, &[7; 32]);
    let mut dates = vec![date_of_unwrap(&mut agent, &wrapped, 0)];
    for jump in ["+400d", "-400d"] {
        clock.jump(jump);
        assert_eq!(agent.state(), "unlocked", "{jump}");
        let before = dates.len();
        dates.push(date_of_unwrap(&mut agent, &wrapped, before));
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
