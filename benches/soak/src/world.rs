//! What all threads share: the folder, the archives, the agent, the troubles and the report.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::agent::Agent;
use crate::report::Report;
use crate::samples::Sample;
use crate::troubles::Log;

pub struct World {
    /// Made by `benches/soak.sh`: token, archives, the folders `results` and `audit`, which may be small disks.
    pub folder: PathBuf,
    pub time: Duration,
    pub samples: Vec<Sample>,
    pub agent: Mutex<Agent>,
    pub troubles: Log,
    pub report: Report,
    /// Whether it is time to end.
    pub ends: AtomicBool,
    last: AtomicU64,
}

impl World {
    pub fn new(folder: &Path, time: Duration) -> Self {
        Self {
            samples: Sample::all(folder),
            agent: Mutex::default(),
            troubles: Log::default(),
            report: Report::default(),
            ends: AtomicBool::new(false),
            last: AtomicU64::new(0),
            folder: folder.to_owned(),
            time,
        }
    }

    pub fn ends(&self) -> bool {
        self.ends.load(Ordering::Relaxed)
    }

    /// A number that nobody had before.
    pub fn number(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed)
    }

    /// A path in the folder of results that nothing is at.
    pub fn place(&self, what: &str) -> PathBuf {
        self.folder
            .join(format!("results/{what}-{}", self.number()))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Whether a folder is a small disk of its own, that may be filled.
    pub fn is_small_disk(&self, name: &str) -> bool {
        self.path(name).join(".small").exists()
    }

    /// Removes what a command has left at `place`, after a look that nothing in the folder above is a temporary.
    pub fn remove(&self, place: &Path) {
        let removed = if place.is_dir() {
            fs::remove_dir_all(place)
        } else {
            fs::remove_file(place)
        };
        if let Err(error) = removed
            && place.exists()
        {
            self.report.finding(format!("{}: {error}", place.display()));
        }
    }
}
