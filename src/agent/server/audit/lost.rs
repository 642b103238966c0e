//! Lines of the audit log that are missing in it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use serde::Serialize;

use super::super::mutex::lock;
use super::time::rfc3339;

/// The lines that were lost.
#[derive(Default)]
pub(super) struct Lost {
    /// Those that the log was not yet told of.
    untold: Mutex<Option<Missing>>,
    ever: AtomicU64,
}

/// So many lines, the first of them at that time.
#[derive(Clone, Copy)]
pub(super) struct Missing {
    count: u64,
    since: SystemTime,
}

#[derive(Serialize)]
pub(super) struct LostLine {
    time: String,
    lost: u64,
    since: String,
}

impl Lost {
    pub(super) fn any(&self) -> bool {
        lock(&self.untold).is_some()
    }

    /// The number of all of them.
    pub(super) fn ever(&self) -> u64 {
        self.ever.load(Ordering::Relaxed)
    }

    /// One more is lost, just now.
    pub(super) fn add(&self) {
        self.ever.fetch_add(1, Ordering::Relaxed);
        self.give_back(Missing {
            count: 1,
            since: SystemTime::now(),
        });
    }

    /// The lines that are to be told of now.
    pub(super) fn take(&self) -> Option<Missing> {
        lock(&self.untold).take()
    }

    /// They could not be told of.
    pub(super) fn give_back(&self, missing: Missing) {
        let mut lost = lock(&self.untold);
        *lost = Some(match *lost {
            None => missing,
            Some(other) => Missing {
                count: other.count + missing.count,
                since: other.since.min(missing.since),
            },
        });
    }
}

impl Missing {
    pub(super) fn line(&self) -> LostLine {
        LostLine {
            time: rfc3339(SystemTime::now()),
            lost: self.count,
            since: rfc3339(self.since),
        }
    }
}
