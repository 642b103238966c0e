//! The wait for a session where other programs hold all that a device has: idle ones end by themselves.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use cryptoki::error::RvError;

use crate::token::Call;
use crate::token::raw::CallError;

/// Pauses between two attempts.
const PAUSE: Duration = Duration::from_millis(250);

/// The time for waiting. Those who wait one after the other in vain have one time together.
pub(super) struct Patience(Mutex<Time>);

#[derive(Clone, Copy)]
struct Time {
    limit: Duration,
    /// What is left of it, since a session was free last.
    left: Duration,
}

impl Time {
    fn whole(limit: Duration) -> Self {
        Self { limit, left: limit }
    }
}

impl Patience {
    pub(super) fn new(limit: Duration) -> Self {
        Self(Mutex::new(Time::whole(limit)))
    }

    pub(super) fn set(&self, limit: Duration) {
        self.change(|time| *time = Time::whole(limit));
    }

    /// Makes a call, again and again while other programs have all sessions. `wait` is told to whoever
    /// watches.
    pub(super) fn until_free<T>(
        &self,
        wait: impl FnOnce() -> Call,
        mut call: impl FnMut() -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        let first = call();
        if !is_taken(&first) {
            return first;
        }
        let (since, limit) = (Instant::now(), self.change(|time| time.left));
        let _told = wait().begin();
        let mut last = first;
        while is_taken(&last) && since.elapsed() + PAUSE <= limit {
            thread::sleep(PAUSE);
            last = call();
        }
        self.change(|time| {
            time.left = match is_taken(&last) {
                true => limit.saturating_sub(since.elapsed()),
                false => time.limit,
            };
        });
        last
    }

    fn change<T>(&self, change: impl FnOnce(&mut Time) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn is_taken<T>(result: &Result<T, CallError>) -> bool {
    result
        .as_ref()
        .is_err_and(|error| error.rv == RvError::SessionCount)
}
