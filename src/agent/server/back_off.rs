use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Failures in a row that cost nothing: a token may hold some keys, and each is tried three times.
const FREE: u32 = 24;

const LONGEST: Duration = Duration::from_secs(60);

/// A peer that was not heard of for so long is forgotten.
const FORGET: Duration = Duration::from_secs(600);

/// Peers that are remembered.
const PEERS: usize = 1024;

/// Makes a process wait whose unwraps keep failing: longer each time, until one succeeds.
#[derive(Debug, Default)]
pub(super) struct BackOff(Mutex<HashMap<i32, Failures>>);

#[derive(Debug)]
struct Failures {
    in_a_row: u32,
    last: Instant,
}

impl Failures {
    fn wait(&self) -> Duration {
        match self.in_a_row.checked_sub(FREE + 1) {
            None => Duration::ZERO,
            Some(over) => LONGEST.min(Duration::from_secs(1 << over.min(6))),
        }
    }
}

impl BackOff {
    /// Returns the time that `peer` has to wait for its next unwrap; zero when it need not.
    pub(super) fn wait(&self, peer: i32, now: Instant) -> Duration {
        let peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        peers.get(&peer).map_or(Duration::ZERO, |failures| {
            (failures.last + failures.wait()).saturating_duration_since(now)
        })
    }

    /// Remembers how an unwrap of `peer` ended.
    pub(super) fn note(&self, peer: i32, failed: bool, now: Instant) {
        let mut peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !failed {
            peers.remove(&peer);
            return;
        }
        if peers.len() >= PEERS {
            peers.retain(|_, it| now.duration_since(it.last) < FORGET);
        }
        if peers.len() >= PEERS {
            peers.clear();
        }
        let failures = peers.entry(peer).or_insert(Failures {
            in_a_row: 0,
            last: now,
        });
        failures.in_a_row = failures.in_a_row.saturating_add(1);
        failures.last = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_for_one_peer_alone_and_end_with_a_success() {
        let (peers, now) = (BackOff::default(), Instant::now());
        let waits: Vec<u64> = (0..36)
            .map(|_| {
                peers.note(1, true, now);
                peers.wait(1, now).as_secs()
            })
            .collect();
        assert_eq!(waits[..24], [0; 24]);
        assert_eq!(waits[24..31], [1, 2, 4, 8, 16, 32, 60]);
        assert_eq!(waits[31..], [60; 5]);
        assert_eq!(peers.wait(2, now), Duration::ZERO);
        assert_eq!(peers.wait(1, now + LONGEST), Duration::ZERO);
        peers.note(1, false, now);
        assert_eq!(peers.wait(1, now), Duration::ZERO);
    }

    #[test]
    fn no_more_peers_are_remembered_than_there_may_be() {
        let (peers, now) = (BackOff::default(), Instant::now());
        for peer in 0..5000 {
            peers.note(peer, true, now);
        }
        assert!(peers.0.lock().is_ok_and(|peers| peers.len() <= PEERS));
    }
}
