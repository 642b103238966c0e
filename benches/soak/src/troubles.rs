//! What is done to the device, the agent and the disks, one after the other, and what it excuses.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::agent;
use crate::chance::Chance;
use crate::command::By;
use crate::logs;
use crate::processes;
use crate::world::World;

/// The longest absence of the device.
const ABSENCE: Duration = Duration::from_secs(20);

/// How long a trouble that is over is remembered: longer than any command takes.
const MEMORY: Duration = Duration::from_secs(300);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    DeviceAway,
    AgentKilled,
    AgentRestarted,
    AgentStopped,
    AgentLocked,
    WorkerKilled,
    WrongPinForAgent,
    ResultsFull,
    AuditFull,
    LogRotated,
    /// SoftHSM2 loses a token whose file it was writing when it was killed.
    TokenBroken,
}

/// Those that are made; some more often.
const MADE: &[Kind] = &[
    Kind::DeviceAway,
    Kind::DeviceAway,
    Kind::DeviceAway,
    Kind::AgentKilled,
    Kind::AgentRestarted,
    Kind::AgentStopped,
    Kind::AgentLocked,
    Kind::WorkerKilled,
    Kind::WrongPinForAgent,
    Kind::ResultsFull,
    Kind::AuditFull,
    Kind::LogRotated,
    Kind::LogRotated,
];

impl Kind {
    /// Whether a command that met it may end with this exit code.
    fn excuses(self, by: By, code: u8) -> bool {
        let of_agent = by == By::Agent;
        match self {
            // The agent, which may have locked, is passed by for a list of keys: 14.
            Self::DeviceAway | Self::TokenBroken => {
                matches!(code, 10 | 11) || (of_agent && matches!(code, 14 | 40))
            }
            Self::AgentKilled
            | Self::AgentRestarted
            | Self::AgentStopped
            | Self::AgentLocked
            | Self::WorkerKilled
            | Self::WrongPinForAgent => of_agent && matches!(code, 11 | 14 | 40),
            Self::ResultsFull => code == 23,
            Self::AuditFull | Self::LogRotated => false,
        }
    }
}

/// When which trouble was.
#[derive(Default)]
pub struct Log(Mutex<Vec<Trouble>>);

struct Trouble {
    kind: Kind,
    to: Option<Instant>,
}

/// The troubles that a command met.
pub struct Met(BTreeSet<Kind>);

impl Log {
    /// Those that were not over at `from`.
    pub fn met(&self, from: Instant) -> Met {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let met = log.iter().filter(|it| it.to.is_none_or(|to| to >= from));
        Met(met.map(|it| it.kind).collect())
    }

    /// Waits until there is none.
    pub fn wait_for_calm(&self) {
        while !self.met(Instant::now()).0.is_empty() {
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn begin(&self, kind: Kind) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.retain(|it| it.to.is_none_or(|to| to.elapsed() < MEMORY));
        log.push(Trouble { kind, to: None });
    }

    fn end_all(&self) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for trouble in log.iter_mut() {
            trouble.to.get_or_insert_with(Instant::now);
        }
    }
}

impl Met {
    /// Whether it met none.
    pub fn is_calm(&self) -> bool {
        self.0.is_empty()
    }

    /// The trouble that excuses an exit code.
    pub fn excuse(&self, by: By, code: u8) -> Option<String> {
        let excuse = self.0.iter().find(|it| it.excuses(by, code));
        excuse.map(|kind| format!("{kind:?}"))
    }
}

impl fmt::Display for Met {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// Is calm for a while, makes the next trouble, and brings all back that it broke.
pub fn next(world: &World, chance: &mut Chance) {
    let millis = Duration::from_millis;
    thread::sleep(chance.time(millis(200), millis(3000)));
    let kind = *chance.of(MADE);
    world.troubles.begin(kind);
    match kind {
        Kind::DeviceAway => {
            let away = world.path("away");
            let longest = ABSENCE.min(world.time / 6);
            let absence = chance.time(millis(100), longest);
            marked(world, &away, || thread::sleep(absence));
        }
        Kind::AgentKilled => {
            agent::kill(world);
            thread::sleep(chance.time(millis(1), millis(3000)));
        }
        Kind::AgentRestarted => {
            agent::stop(world);
            thread::sleep(chance.time(millis(1), millis(1000)));
        }
        Kind::AgentStopped => {
            agent::signal(world, Signal::STOP);
            thread::sleep(chance.time(millis(10), millis(8000)));
            agent::signal(world, Signal::CONT);
        }
        Kind::AgentLocked => {
            agent::ask(world, &["lock"], 0);
            thread::sleep(chance.time(millis(1), millis(3000)));
        }
        Kind::WorkerKilled => processes::kill_a_worker(world, chance),
        Kind::WrongPinForAgent => agent::offer_wrong_pin(world),
        Kind::ResultsFull => full(world, "results", chance.time(millis(100), millis(5000))),
        Kind::AuditFull => full(world, "audit", chance.time(millis(100), millis(5000))),
        Kind::LogRotated => logs::rotate(world),
        Kind::TokenBroken => {}
    }
    agent::heal(world);
    world.troubles.end_all();
    world.report.count("troubles", format!("{kind:?}"));
}

/// Has a file there while something is done.
fn marked(world: &World, path: &std::path::Path, work: impl FnOnce()) {
    if let Err(error) = File::create(path) {
        world.report.finding(format!("{}: {error}", path.display()));
    }
    work();
    let _ = fs::remove_file(path);
}

/// Fills a small disk for a while.
fn full(world: &World, disk: &str, time: Duration) {
    if !world.is_small_disk(disk) {
        return;
    }
    let filler = world.path(disk).join("filler");
    let until = Instant::now() + time;
    while Instant::now() < until {
        // What others remove meanwhile makes room again.
        if let Ok(mut file) = File::options().append(true).create(true).open(&filler) {
            while file.write_all(&[0; 4096]).is_ok() {}
            while file.write_all(&[0; 1]).is_ok() {}
        }
        thread::sleep(Duration::from_millis(20));
    }
    let _ = fs::remove_file(filler);
}
