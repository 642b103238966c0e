//! The audit log: rotated while it is written, on a disk that is full at times.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::agent;
use crate::world::World;

/// Renames the log as logrotate does, and has the agent open it anew.
pub fn rotate(world: &World) {
    let log = world.path("audit/audit");
    if !log.exists() {
        return;
    }
    let rotated = log.with_extension(world.number().to_string());
    if let Err(error) = fs::rename(&log, &rotated) {
        return world.report.finding(format!("{}: {error}", log.display()));
    }
    agent::signal(world, Signal::USR1);
    let since = Instant::now();
    while !log.exists() {
        if since.elapsed() > Duration::from_secs(10) {
            return world
                .report
                .finding("SIGUSR1 does not have the audit log opened anew");
        }
        thread::sleep(Duration::from_millis(2));
    }
    // What was written before it was opened anew is there.
    let content = fs::read(&rotated).unwrap_or_default();
    thread::sleep(Duration::from_millis(300));
    if fs::read(&rotated).unwrap_or_default() != content {
        world
            .report
            .finding(format!("{} is still written to", rotated.display()));
    }
    read(world, rotated.clone());
    let _ = fs::remove_file(rotated);
}

/// Looks at all that is left.
pub fn check(world: &World) {
    for entry in fs::read_dir(world.path("audit"))
        .into_iter()
        .flatten()
        .flatten()
    {
        let name = entry.file_name();
        if name.to_string_lossy().starts_with("audit") {
            read(world, entry.path());
        }
    }
}

/// Each line is whole.
fn read(world: &World, path: PathBuf) {
    let text = fs::read_to_string(&path).unwrap_or_default();
    for line in text.split_inclusive('\n') {
        match serde_json::from_str::<Value>(line) {
            Ok(json) if line.ends_with('\n') => {
                if let Some(lost) = json["lost"].as_u64() {
                    world
                        .report
                        .add("audit log", "lines that a full disk took, counted", lost);
                }
                world.report.count("audit log", "lines");
            }
            _ => world
                .report
                .finding(format!("{} has a torn line: {line:?}", path.display())),
        }
    }
}
