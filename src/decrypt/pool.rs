//! Work that is done by all processors.

use std::cell::Cell;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::error::RunError;

/// Threads at most: each of them has buffers of its own.
const MOST: usize = 4;

/// Bytes that a thread works on before it says so: to wake up the one that listens costs about as
/// much as to decrypt a chunk.
const WORTH_TELLING: u64 = 4 * 1024 * 1024;

/// Takes the number of bytes that were just worked on.
pub(super) type Tell<'a> = &'a dyn Fn(u64);

/// Does `work` on every one of `items`, on as many threads as there are processors. `told` runs on
/// the thread that calls. After a failure nothing new is begun.
///
/// # Errors
/// The failure of the first item that failed.
pub(super) fn each<T: Sync>(
    items: &[T],
    work: impl Fn(&T, Tell<'_>) -> Result<(), RunError> + Sync,
    told: &dyn Fn(u64),
) -> Result<(), RunError> {
    let shared = Shared {
        items,
        next: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
        failed: Mutex::new(None),
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let (send, bytes) = channel();
    thread::scope(|scope| {
        let mut started = 0;
        for _ in 0..threads.min(MOST).min(items.len()) {
            let (shared, work, send) = (&shared, &work, send.clone());
            let thread =
                thread::Builder::new().spawn_scoped(scope, move || shared.work(work, send));
            started += usize::from(thread.is_ok());
        }
        if started == 0 {
            shared.work(&work, send);
        } else {
            drop(send);
        }
        bytes.iter().for_each(told);
    });
    let failed = shared.failed.into_inner();
    match failed.unwrap_or_else(PoisonError::into_inner) {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

struct Shared<'a, T> {
    items: &'a [T],
    next: AtomicUsize,
    stop: AtomicBool,
    failed: Mutex<Option<(usize, RunError)>>,
}

impl<T> Shared<'_, T> {
    fn work(&self, work: impl Fn(&T, Tell<'_>) -> Result<(), RunError>, bytes: Sender<u64>) {
        let untold = Cell::new(0);
        let tell_all = || {
            // Nobody listens only when the caller is gone.
            let _ = bytes.send(untold.take());
        };
        let tell = |count| {
            untold.set(untold.get() + count);
            if untold.get() >= WORTH_TELLING {
                tell_all();
            }
        };
        while !self.stop.load(Ordering::Relaxed) {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = self.items.get(at) else {
                break;
            };
            if let Err(error) = work(item, &tell) {
                self.stop.store(true, Ordering::Relaxed);
                self.fail(at, error);
            }
        }
        tell_all();
    }

    fn fail(&self, at: usize, error: RunError) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.as_ref().is_none_or(|(first, _)| at < *first) {
            *failed = Some((at, error));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Barrier;
    use std::time::Duration;

    use super::super::error::DecryptError;
    use super::*;

    #[test]
    fn everything_is_done_once_and_told() {
        let items: Vec<u64> = (0..1000).collect();
        let done = Mutex::new(HashSet::new());
        let told = Cell::new(0);
        let work = |item: &u64, tell: Tell<'_>| {
            tell(*item);
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            assert!(done.insert(*item), "{item} twice");
            Ok(())
        };
        each(&items, work, &|count| told.set(told.get() + count)).unwrap_or_default();
        assert_eq!(done.lock().map_or(0, |done| done.len()), items.len());
        assert_eq!(told.get(), items.iter().sum::<u64>());
    }

    #[test]
    fn much_is_told_before_it_is_over_and_little_only_then() {
        for (bytes, expected) in [(WORTH_TELLING, true), (WORTH_TELLING - 1, false)] {
            let (send, heard) = channel();
            let heard = Mutex::new(heard);
            let work = |bytes: &u64, tell: Tell<'_>| {
                tell(*bytes);
                let heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                let wait = Duration::from_millis(if expected { 60_000 } else { 100 });
                assert_eq!(heard.recv_timeout(wait).is_ok(), expected, "{bytes}");
                Ok(())
            };
            let total = Cell::new(0);
            let told = |count| {
                total.set(total.get() + count);
                send.send(()).unwrap_or_default();
            };
            each(&[bytes], work, &told).unwrap_or_default();
            assert_eq!(total.get(), bytes);
        }
    }

    #[test]
    fn nothing_to_do_is_done() {
        assert!(each(&[] as &[u8], |_, _| Ok(()), &|_| {}).is_ok());
    }

    #[test]
    fn the_first_failure_counts_and_the_rest_is_left() {
        let items: Vec<u64> = (0..100_000).collect();
        let begun = AtomicUsize::new(0);
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        // Those that fail do so together.
        let together = Barrier::new(threads.min(MOST));
        let work = |item: &u64, _: Tell<'_>| {
            begun.fetch_add(1, Ordering::Relaxed);
            together.wait();
            Err(DecryptError::TooLarge { limit: *item })
        };
        let error = each(&items, work, &|_| {}).err();
        assert!(matches!(error, Some(DecryptError::TooLarge { limit: 0 })));
        assert!(begun.into_inner() <= MOST);
    }
}
