//! An agent whose computer's clock jumps: what it waits for is no time of day.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::path::PathBuf;

use support::agent::command;
use support::*;

/// The library that lets a clock jump; `None`, and a word to the reader, without it.
fn faketime() -> Option<PathBuf> {
    let folders = ["x86_64-linux-gnu/", "aarch64-linux-gnu/", ""];
    let found = folders
        .map(|it| PathBuf::from(format!("/usr/lib/{it}faketime/libfaketimeMT.so.1")))
        .into_iter()
        .find(|it| it.exists());
    if found.is_none() {
        println!("skipped: there is no libfaketime");
    }
    found
}

/// An unlocked agent, and the file that sets its clock.
fn agent(work: &Work<'_>, args: &[&str]) -> Option<(Agent, PathBuf)> {
    let library = faketime()?;
    let clock = work.write("../clock", "+0");
    let cmd = command(work, args)
        .env("LD_PRELOAD", library)
        .env("FAKETIME_TIMESTAMP_FILE", &clock)
        .env("FAKETIME_NO_CACHE", "1")
        .env("DONT_FAKE_MONOTONIC", "1");
    Some((Agent::start(cmd.pin()), clock))
}

/// The date of the last line of the audit.
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
        fs::write(&clock, jump).unwrap();
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
    fs::write(&clock, "-400d").unwrap();
    agent.until("it has locked itself", |agent| agent.state() == "locked");
}
