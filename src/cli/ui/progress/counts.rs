use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::kinds::{Unit, Work};
use super::shown::Shown;

/// A total that nobody knows.
const UNKNOWN: u64 = u64::MAX;

/// What is counted of a work.
pub(super) struct Counts {
    work: Work,
    unit: Unit,
    /// What is waited for.
    pub(super) waits_for: Option<String>,
    begun: Instant,
    done: AtomicU64,
    total: AtomicU64,
    /// Bytes, where these are not the unit.
    bytes: AtomicU64,
    is_finished: AtomicBool,
    has_ended: Mutex<bool>,
    ended: Condvar,
}

impl Counts {
    pub(super) fn new(work: Work, unit: Unit) -> Self {
        Self {
            work,
            unit,
            waits_for: None,
            begun: Instant::now(),
            done: AtomicU64::new(0),
            total: AtomicU64::new(UNKNOWN),
            bytes: AtomicU64::new(0),
            is_finished: AtomicBool::new(false),
            has_ended: Mutex::new(false),
            ended: Condvar::new(),
        }
    }

    pub(super) fn add(&self, count: u64) {
        self.done.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn add_bytes(&self, bytes: u64) {
        let counted = match self.unit {
            Unit::Bytes => &self.done,
            _ => &self.bytes,
        };
        counted.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts bytes that are to be done; of work that counts something larger nobody knows how many there are.
    pub(super) fn add_total_bytes(&self, bytes: u64) {
        if self.unit == Unit::Bytes {
            self.add_total(bytes);
        }
    }

    pub(super) fn add_total(&self, count: u64) {
        let known = |total: u64| if total == UNKNOWN { 0 } else { total };
        let add = |total| Some(known(total).saturating_add(count));
        let _ = self
            .total
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    pub(super) fn set_done(&self, done: u64) {
        self.done.store(done, Ordering::Relaxed);
    }

    pub(super) fn set_total(&self, total: Option<u64>) {
        self.total
            .store(total.unwrap_or(UNKNOWN), Ordering::Relaxed);
    }

    /// Takes note that all is done, which may have become more or less than was known before.
    pub(super) fn finish(&self) {
        self.set_total(Some(self.done.load(Ordering::Relaxed)));
        self.is_finished.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_finished(&self) -> bool {
        self.is_finished.load(Ordering::Relaxed)
    }

    pub(super) fn end(&self) {
        *self.lock() = true;
        self.ended.notify_all();
    }

    /// Waits for so long, and tells whether the work goes on then.
    pub(super) fn goes_on_after(&self, pause: Duration) -> bool {
        let goes_on = |has_ended: &mut bool| !*has_ended;
        let waited = self.ended.wait_timeout_while(self.lock(), pause, goes_on);
        !*waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, bool> {
        self.has_ended
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be shown now.
    pub(super) fn now(&self) -> Shown {
        let done = match self.unit {
            Unit::Seconds => self.begun.elapsed().as_secs(),
            _ => self.done.load(Ordering::Relaxed),
        };
        let total = self.total.load(Ordering::Relaxed);
        let has_bytes = matches!(self.unit, Unit::Archives | Unit::Results);
        Shown {
            work: self.work,
            unit: self.unit,
            waits_for: self.waits_for.clone(),
            done,
            // What was found to be more in between is at least as much.
            total: (total != UNKNOWN).then(|| total.max(done)),
            bytes: has_bytes.then(|| self.bytes.load(Ordering::Relaxed)),
        }
    }
}
