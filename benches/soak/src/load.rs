//! What users do, without a pause.

mod batch;

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::agent;
use crate::chance::Chance;
use crate::command::{By, Ended, program, run};
use crate::samples::{End, Sample};
use crate::world::World;

/// Each on a thread of its own.
pub const ALL: &[fn(&World, Chance)] = &[
    single,
    single,
    batch::batches,
    batch::batches,
    questions,
    wrong_pins,
];

/// Once in a while a signal, soon after the start.
fn signal(by: By, chance: &mut Chance) -> Option<(Duration, Signal)> {
    let millis = Duration::from_millis;
    let time = chance.time(millis(1), millis(150));
    // SoftHSM2, in a process that is killed, can lose its token.
    let all: &[Signal] = match by {
        By::Agent => &[Signal::INT, Signal::TERM, Signal::KILL],
        By::Itself => &[Signal::INT, Signal::TERM],
    };
    let signal = *chance.of(all);
    chance.one_in(10).then_some((time, signal))
}

/// Opens one archive after the other.
fn single(world: &World, mut chance: Chance) {
    while !world.ends() {
        let sample = chance.of(&world.samples);
        let by = *chance.of(&[By::Agent, By::Agent, By::Itself]);
        let (option, what) = match chance.below(3) {
            0 => ("--extract", "one archive, to a folder"),
            _ => ("--output", "one archive, to a file"),
        };
        let place = world.place("one");
        let mut command = program(&["result", "decrypt", "--no-input"]);
        command.arg(&sample.path).arg(option).arg(&place);
        by.set(&mut command, &world.folder);
        if let Some(ended) = run(world, (what, by), command, signal(by, &mut chance)) {
            let opened = ended.judge(world, sample.code());
            look(world, &ended, sample, &place, opened);
        }
        world.remove(&place);
    }
}

impl Sample {
    /// The exit code of a command that opens this one alone.
    fn code(&self) -> u8 {
        match self.end {
            End::Opens { .. } => 0,
            End::Fails(code) => code,
        }
    }
}

/// Looks whether what is at `place` is whole. `opened` says whether it has to be there, if the archive is good.
fn look(world: &World, ended: &Ended, sample: &Sample, place: &Path, opened: bool) {
    let is_there = place.exists();
    if opened && sample.is_good() && !is_there {
        ended.is_finding(world, &format!("{} is not there", place.display()));
    }
    // Of several files, a signal in the moment in which they are moved leaves the first.
    let is_part = ended.signalled && place.is_dir();
    if is_there && !is_part && !sample.is(place).unwrap_or(false) {
        ended.is_finding(
            world,
            &format!("{} is not what is in {}", place.display(), sample.name),
        );
    }
}

/// Asks this and that.
fn questions(world: &World, mut chance: Chance) {
    while !world.ends() {
        thread::sleep(chance.time(Duration::from_millis(50), Duration::from_millis(1000)));
        let archive = chance.of(&world.samples).path.display().to_string();
        let all: [(&'static str, &[&str]); 5] = [
            ("agent status", &["agent", "status", "--raw"]),
            (
                "agent status --check",
                &["agent", "status", "--check", "--timeout", "3s"],
            ),
            ("key list", &["key", "list", "--raw"]),
            ("token list", &["token", "list", "--raw"]),
            (
                "result inspect",
                &["result", "inspect", "--no-token", &archive],
            ),
        ];
        let (what, args) = *chance.of(&all);
        let mut command = program(args);
        command.arg("--no-input");
        if let Some(ended) = run(world, (what, By::Agent), command, None) {
            let expected = match what {
                "result inspect" if archive.contains("/bad-21-") => 21,
                _ => 0,
            };
            ended.judge(world, expected);
        }
    }
}

/// Types a wrong PIN now and then, another one each time.
fn wrong_pins(world: &World, mut chance: Chance) {
    let good: Vec<&Sample> = world.samples.iter().filter(|it| it.is_good()).collect();
    while !world.ends() {
        thread::sleep(chance.time(Duration::from_millis(500), Duration::from_secs(4)));
        let Ok(wrong) = agent::wrong_pin(world) else {
            continue;
        };
        let (sample, place) = (*chance.of(&good), world.place("wrong"));
        let mut command = program(&["result", "decrypt", "--no-input", "--no-agent"]);
        command.arg(&sample.path).arg("--output").arg(&place);
        command.env("IEXEC_HSM_PIN_FILE", &wrong);
        if let Some(ended) = run(world, ("wrong PIN", By::Itself), command, None) {
            ended.judge(world, 12);
            if place.exists() {
                ended.is_finding(world, "a wrong PIN has opened it");
            }
        }
        let _ = fs::remove_file(wrong);
    }
}
