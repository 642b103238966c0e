//! The gate that every call into a module goes through, so that a process can end between them: one
//! that is killed while SoftHSM2 writes a file loses the token.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use super::Table;

static GATE: Gate = Gate {
    state: Mutex::new(State {
        inside: 0,
        closed: false,
        tables: Vec::new(),
    }),
    left: Condvar::new(),
};

struct Gate {
    state: Mutex<State>,
    /// A call is back.
    left: Condvar,
}

struct State {
    /// Calls that are in modules.
    inside: usize,
    /// No call begins any more.
    closed: bool,
    /// The modules that this process initialised.
    tables: Vec<Weak<Table>>,
}

/// A call that is in a module, until it is dropped.
pub(super) struct Inside(());

/// Counts a call that begins. One that begins when the process ends waits for that.
pub(super) fn enter() -> Inside {
    GATE.open().inside += 1;
    Inside(())
}

/// Lets a call begin that waits for a person: the end of the process does not wait for it.
pub(super) fn pass() {
    drop(GATE.open());
}

impl Drop for Inside {
    fn drop(&mut self) {
        let mut state = GATE.state();
        state.inside -= 1;
        if state.closed {
            GATE.left.notify_all();
        }
    }
}

/// Remembers a module that is to be finalised when the process ends.
pub(in crate::token) fn finalise_at_end(table: &Arc<Table>) {
    let mut state = GATE.state();
    state.tables.retain(|it| it.strong_count() > 0);
    state.tables.push(Arc::downgrade(table));
}

/// Readies all modules for the end of the process, which must follow: no call begins any more, those
/// that were made are waited for, all sessions are closed, and the modules finalised. So a device
/// keeps no session of a process that is gone. A call that waits for a person is not waited for, and a
/// module that cannot lock is left as it is then. Returns whether all of it was done within `limit`.
pub fn end_calls(limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    let mut state = GATE.state();
    state.closed = true;
    while state.inside > 0 {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        let woken = GATE.left.wait_timeout(state, left);
        (state, _) = woken.unwrap_or_else(PoisonError::into_inner);
    }
    let tables: Vec<_> = state.tables.iter().filter_map(Weak::upgrade).collect();
    drop(state);
    // A device that is gone may keep even these calls.
    let ending = thread::spawn(move || tables.iter().for_each(|it| it.end()));
    while !ending.is_finished() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(1));
    }
    ending.is_finished()
}

impl Gate {
    /// Waits until it is open: for ever, if it is not.
    fn open(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        while state.closed {
            let woken = self.left.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
        state
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
