#![allow(clippy::unwrap_used)]
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use super::*;

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("{0}")]
struct Broken(&'static str);

/// A device that fails at its next uses, and counts what is asked of it.
#[derive(Default)]
struct Fake {
    failures: AtomicUsize,
    open: AtomicUsize,
    restarts: AtomicUsize,
    stays_away: bool,
    refuses_the_pin: bool,
    /// Uses that fail wait for one another.
    together: Option<Barrier>,
}

/// A session without keys.
struct FakeSession(Arc<Fake>);

impl Sessions for Arc<Fake> {
    type Session = FakeSession;
    type Error = Broken;

    fn open(&self, count: usize) -> Vec<FakeSession> {
        self.open.fetch_add(count, Ordering::SeqCst);
        (0..count).map(|_| FakeSession(self.clone())).collect()
    }

    fn steadiness(&self) -> Steadiness {
        Steadiness::default()
    }

    fn is_lost(error: &Broken) -> bool {
        error.0 == "lost"
    }

    fn bring_back(&mut self, failure: Broken) -> Result<(), Broken> {
        assert_eq!(self.open.load(Ordering::SeqCst), 0, "a session is open");
        self.restarts.fetch_add(1, Ordering::SeqCst);
        if self.refuses_the_pin {
            Err(Broken("refused"))
        } else if self.stays_away {
            Err(failure)
        } else {
            Ok(())
        }
    }

    fn gone() -> Broken {
        Broken("gone")
    }

    fn refusal(error: &Broken) -> Option<Broken> {
        (error.0 == "refused").then_some(Broken("refused"))
    }
}

impl Drop for FakeSession {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Unwrap for FakeSession {
    type Error = Broken;

    fn candidates(&mut self, _: usize) -> Result<Vec<Candidate>, Broken> {
        let left = self
            .0
            .failures
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |it| it.checked_sub(1));
        if left.is_err() {
            return Ok(Vec::new());
        }
        if let Some(barrier) = &self.0.together {
            barrier.wait();
        }
        Err(Broken("lost"))
    }

    fn unwrap(
        &mut self,
        _: &KeyName,
        _: &WrappedKey,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Broken> {
        Ok(None)
    }

    fn prove(&mut self, _: &[Candidate]) -> Result<Proof<Broken>, Broken> {
        Ok(Proof::Works)
    }
}

fn shared(fake: Fake) -> (Arc<Fake>, SharedKeys<Arc<Fake>>) {
    let fake = Arc::new(fake);
    (fake.clone(), SharedKeys::open(fake, 2).unwrap())
}

#[test]
fn a_session_is_free_while_its_thread_rests_and_when_it_ends() {
    let (_, shared) = shared(Fake::default());
    let free = || shared.state().free.len();
    let mut turns = shared.turns(3);
    turns[0].candidates(512).unwrap();
    turns[1].done(false).unwrap();
    assert_eq!(free(), 0);
    turns[0].done(true).unwrap();
    assert_eq!(free(), 1);
    turns[2].done(false).unwrap();
    assert_eq!(free(), 0);
    turns.pop();
    assert_eq!(free(), 1);
    turns.clear();
    assert_eq!(free(), 2);
}

#[test]
fn who_waits_gets_what_another_gives_back() {
    let (_, shared) = shared(Fake::default());
    let mut turns = shared.turns(3);
    let mut last = turns.pop().unwrap();
    for turn in &mut turns {
        turn.done(false).unwrap();
    }
    std::thread::scope(|scope| {
        let waiting = scope.spawn(move || last.done(false));
        turns[0].done(true).unwrap();
        waiting.join().unwrap().unwrap();
    });
}

#[test]
fn a_lost_device_is_brought_back_once_for_all_when_no_session_is_open() {
    for failing in [1, 2] {
        let (fake, shared) = shared(Fake {
            failures: failing.into(),
            together: Some(Barrier::new(failing)),
            ..Fake::default()
        });
        let turns = shared.turns(4);
        std::thread::scope(|scope| {
            for mut turn in turns {
                scope.spawn(move || {
                    turn.candidates(512).unwrap();
                    turn.done(true).unwrap();
                });
            }
        });
        assert_eq!(fake.restarts.load(Ordering::SeqCst), 1);
        assert_eq!(fake.open.load(Ordering::SeqCst), 2);
    }
}

#[test]
fn a_device_that_stays_away_ends_the_turn_of_each_thread() {
    let (fake, shared) = shared(Fake {
        failures: 1.into(),
        stays_away: true,
        ..Fake::default()
    });
    let turns = shared.turns(4);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = turns
            .into_iter()
            .map(|mut turn| scope.spawn(move || turn.candidates(512).map(|_| ())))
            .collect();
        threads.into_iter().map(|it| it.join().unwrap()).collect()
    });
    let lost = answers.iter().filter(|it| **it == Err(Broken("lost")));
    assert_eq!(lost.count(), 1, "{answers:?}");
    assert_eq!(fake.restarts.load(Ordering::SeqCst), 1);
    assert_eq!(fake.open.load(Ordering::SeqCst), 0);
}

#[test]
fn every_thread_is_told_that_the_pin_was_refused() {
    for failing in [1, 2] {
        let (fake, shared) = shared(Fake {
            failures: failing.into(),
            refuses_the_pin: true,
            together: Some(Barrier::new(failing)),
            ..Fake::default()
        });
        let turns = shared.turns(4);
        std::thread::scope(|scope| {
            for mut turn in turns {
                scope.spawn(move || {
                    // Those that were done before the device failed have nothing to say.
                    while turn.candidates(512).is_ok() {
                        turn.done(true).unwrap();
                    }
                    assert_eq!(turn.candidates(512).err(), Some(Broken("refused")));
                });
            }
        });
        assert_eq!(fake.restarts.load(Ordering::SeqCst), 1);
    }
}
