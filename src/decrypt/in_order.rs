use std::hint;
use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::relay::PATIENCE;
use crate::pending::WriteBehind;

/// Where threads write the pieces of a result that they have.
pub(super) trait Sink: Sync {
    /// Writes `bytes`, which have their place at `at`. Each byte is written once.
    fn put(&self, bytes: &[u8], at: u64) -> io::Result<()>;

    /// A piece will not come: nobody is to wait for it.
    fn give_up(&self) {}
}

impl Sink for WriteBehind<'_> {
    fn put(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.write_all_at(bytes, at)
    }
}

/// A stream, which takes the pieces in their order.
pub(super) struct InOrder<'s> {
    turn: Mutex<Turn<'s>>,
    moved: Condvar,
}

struct Turn<'s> {
    stream: &'s mut (dyn Write + Send),
    /// Where the next piece begins.
    next: u64,
    given_up: bool,
}

impl<'s> InOrder<'s> {
    pub(super) fn new(stream: &'s mut (dyn Write + Send)) -> Self {
        Self {
            turn: Mutex::new(Turn {
                stream,
                next: 0,
                given_up: false,
            }),
            moved: Condvar::new(),
        }
    }

    /// Waits until the piece at `at` is the next one.
    fn turn(&self, at: u64) -> MutexGuard<'_, Turn<'s>> {
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            if let Ok(turn) = self.turn.try_lock()
                && turn.is_of(at)
            {
                return turn;
            }
            hint::spin_loop();
        }
        let turn = self.lock();
        let turn = self.moved.wait_while(turn, |turn| !turn.is_of(at));
        turn.unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Turn<'s>> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_> {
    fn is_of(&self, at: u64) -> bool {
        self.next == at || self.given_up
    }
}

impl Sink for InOrder<'_> {
    fn put(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        let mut turn = self.turn(at);
        if turn.next != at {
            // Not told to anybody: what made the one before fail is.
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        turn.stream.write_all(bytes)?;
        turn.next += bytes.len() as u64;
        self.moved.notify_all();
        Ok(())
    }

    fn give_up(&self) {
        self.lock().given_up = true;
        self.moved.notify_all();
    }
}
