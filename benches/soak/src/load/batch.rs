//! Batches, begun again until all that is good is there.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{look, signal};
use crate::chance::Chance;
use crate::command::{By, Ended, program, run};
use crate::samples::Sample;
use crate::world::World;

/// So often a batch is begun again, each time when there is no trouble, before what is missing counts as lost.
const ROUNDS: usize = 20;

struct Batch<'w> {
    world: &'w World,
    samples: Vec<&'w Sample>,
    by: By,
    option: &'static str,
    folder: PathBuf,
}

pub fn batches(world: &World, mut chance: Chance) {
    while !world.ends() {
        let batch = Batch::new(world, &mut chance);
        batch.begin_until_done(&mut chance);
        world.remove(&batch.folder);
    }
}

impl<'w> Batch<'w> {
    fn new(world: &'w World, chance: &mut Chance) -> Self {
        let mut samples: Vec<&Sample> = world.samples.iter().collect();
        let count = 2 + chance.below(10.min(samples.len() - 2));
        while samples.len() > count {
            samples.swap_remove(chance.below(samples.len()));
        }
        Self {
            world,
            samples,
            by: *chance.of(&[By::Agent, By::Itself]),
            option: *chance.of(&["--output-dir", "--output-dir", "--extract"]),
            folder: world.place("batch"),
        }
    }

    fn begin_until_done(&self, chance: &mut Chance) {
        for round in 0..ROUNDS {
            let signal = signal(self.by, chance).filter(|_| round == 0);
            let Some(ended) = self.run(signal) else {
                return;
            };
            self.check(&ended);
            if self
                .samples
                .iter()
                .all(|it| !it.is_good() || self.place(it).exists())
                && !ended.signalled
            {
                self.world
                    .report
                    .count("batches", format!("done in {} runs", round + 1));
                return self.check_that_nothing_is_left();
            }
            self.world.troubles.wait_for_calm();
        }
        self.world.report.finding(format!(
            "lost: {} has not all results after {ROUNDS} runs",
            self.folder.display()
        ));
    }

    fn run(&self, signal: Option<(std::time::Duration, rustix::process::Signal)>) -> Option<Ended> {
        let mut command = program(&[
            "result",
            "decrypt",
            "--raw",
            "--no-input",
            "--skip-existing",
        ]);
        command.args(self.samples.iter().map(|it| &it.path));
        command.arg(self.option).arg(&self.folder);
        self.by.set(&mut command, &self.world.folder);
        run(self.world, ("batch", self.by), command, signal)
    }

    fn place(&self, sample: &Sample) -> PathBuf {
        let place = self.folder.join(&sample.name);
        match self.option {
            "--extract" => place,
            _ => place.with_extension("zip"),
        }
    }

    fn sample(&self, path: &str) -> Option<&&Sample> {
        self.samples.iter().find(|it| it.path == Path::new(path))
    }

    /// Each line is of one archive that ended as it should, all archives are counted, and what is there is whole.
    fn check(&self, ended: &Ended) {
        let world = self.world;
        for sample in &self.samples {
            look(world, ended, sample, &self.place(sample), false);
        }
        let lines = |text: &str| -> Vec<Value> {
            text.lines()
                .filter_map(|line| serde_json::from_str(line).ok())
                .collect()
        };
        let (out, err) = (lines(&ended.out), lines(&ended.err));
        for line in &out {
            let archive = line["archive"].as_str().and_then(|it| self.sample(it));
            let Some(sample) = archive else {
                continue;
            };
            world.report.count(
                "archives of batches",
                if line["skipped"].is_null() {
                    "opened"
                } else {
                    "there"
                },
            );
            look(world, ended, sample, &self.place(sample), true);
            if !sample.is_good() {
                ended.is_finding(world, &format!("{} was opened", sample.name));
            }
        }
        for line in err.iter().filter(|line| line["skipped"].is_null()) {
            let message = line["error"]["message"].as_str().unwrap_or_default();
            let sample = self
                .samples
                .iter()
                .find(|it| message.starts_with(&*it.path.to_string_lossy()));
            let code = line["error"]["exit"]
                .as_u64()
                .and_then(|it| u8::try_from(it).ok());
            let expected = sample.map_or(0, |it| it.code());
            ended.judge_one(world, "archives of batches", code, expected);
        }
        if ended.signalled {
            world.report.count("batches", "ended by a signal of ours");
        } else if let Some(summary) = out
            .last()
            .map(|it| &it["summary"])
            .filter(|it| it.is_object())
        {
            self.check_summary(ended, summary);
        } else if err.is_empty() {
            ended.is_finding(world, "it says nothing");
        }
    }

    fn check_summary(&self, ended: &Ended, summary: &Value) {
        let count = |name: &str| summary[name].as_u64().unwrap_or(0);
        let failed = summary["failed"].as_object().into_iter().flatten();
        let failed: u64 = failed.filter_map(|(_, count)| count.as_u64()).sum();
        let all =
            count("opened") + count("existed") + count("failedBefore") + count("notTried") + failed;
        if all != self.samples.len() as u64 || count("archives") != all {
            ended.is_finding(self.world, "not all archives are counted");
        }
        if ended.code().map(u64::from) != summary["exit"].as_u64() {
            ended.is_finding(
                self.world,
                "the exit code is another one than in the summary",
            );
        }
        if count("notTried") > 0 && failed == 0 {
            ended.is_finding(self.world, "some were not tried, and nothing failed");
        }
    }

    /// Once all is done, nothing is wrong and nothing is done, whatever happens to the device; and nobody left a
    /// temporary behind.
    fn check_that_nothing_is_left(&self) {
        let Some(ended) = self.run(None) else {
            return;
        };
        self.check(&ended);
        if ended.code() == Some(0) {
            let parts = parts_in(&self.folder);
            if !parts.is_empty() {
                ended.is_finding(self.world, &format!("{parts:?} were left"));
            }
        } else if ended.met(self.world).is_calm() {
            // A bad one that a trouble kept from being tried is tried now, and gives the exit code.
            let Some(ended) = self.run(None) else {
                return;
            };
            ended.judge(self.world, 0);
        }
    }
}

/// The temporaries in a folder, and in those in it.
fn parts_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut parts = Vec::new();
    for path in entries.map(|entry| entry.path()) {
        if path.extension().is_some_and(|it| it == "part") {
            parts.push(path);
        } else if path.is_dir() {
            parts.extend(parts_in(&path));
        }
    }
    parts
}
