use std::time::Duration;

use tokio::time::Instant;

use super::error::SmsError;
use super::limits::Limits;

/// How much longer, and how often, it is worth while to try.
#[derive(Debug)]
pub(super) struct Patience {
    deadline: Instant,
    failures_left: u32,
    next_wait: Duration,
    longest_wait: Duration,
}

impl Patience {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            deadline: Instant::now() + limits.total,
            failures_left: limits.attempts,
            next_wait: limits.first_wait,
            longest_wait: limits.longest_wait,
        }
    }

    /// When everything has to be over.
    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Waits after a failure, as long as the server asks for, and tells whether to try again.
    pub(super) async fn wait(&mut self, failure: &SmsError) -> bool {
        self.failures_left = self.failures_left.saturating_sub(1);
        if self.failures_left == 0 {
            return false;
        }
        let asked = failure.retry_after().unwrap_or_default();
        let wait = self.back_off().max(asked);
        let left = self.deadline.saturating_duration_since(Instant::now());
        if wait >= left {
            return false;
        }
        tokio::time::sleep(wait).await;
        true
    }

    fn back_off(&mut self) -> Duration {
        let wait = self.next_wait.min(self.longest_wait);
        self.next_wait = wait.saturating_mul(2);
        jittered(wait)
    }
}

/// Between half and the whole of `wait`, so that those who failed together do not come back together.
fn jittered(wait: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or(u32::MAX);
    wait.mul_f64(0.5 + 0.5 * f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patience(limits: Limits) -> Patience {
        Patience::new(&limits)
    }

    fn tells_to_go_on(patience: &mut Patience, failure: &SmsError) -> bool {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
            .block_on(patience.wait(failure))
    }

    fn quick() -> Limits {
        Limits {
            attempts: 3,
            first_wait: Duration::from_nanos(1),
            ..Limits::default()
        }
    }

    #[test]
    fn the_waits_grow_up_to_a_limit() {
        let mut patience = patience(Limits::default());
        for milliseconds in [500, 1000, 2000, 4000, 8000, 8000, 8000] {
            let wait = Duration::from_millis(milliseconds);
            let back_off = patience.back_off();
            assert!(back_off >= wait / 2 && back_off <= wait, "{back_off:?}");
        }
    }

    #[test]
    fn waits_are_spread_from_half_to_the_whole() {
        let wait = Duration::from_secs(100);
        let waits: Vec<_> = (0..200).map(|_| jittered(wait).as_secs()).collect();
        for range in [50..63, 63..75, 75..88, 88..100] {
            let some = waits.iter().any(|wait| range.contains(wait));
            assert!(some, "none of {range:?} in {waits:?}");
        }
    }

    #[test]
    fn the_attempts_are_counted() {
        let mut patience = patience(quick());
        let failure = SmsError::Conflict;
        let told: Vec<_> = (0..4)
            .map(|_| tells_to_go_on(&mut patience, &failure))
            .collect();
        assert_eq!(told, [true, true, false, false]);
    }

    #[test]
    fn a_longer_wait_than_there_is_time_is_not_begun() {
        let mut patience = patience(quick());
        let retry_after = Some(Duration::from_secs(u64::MAX));
        let failure = SmsError::RateLimited { retry_after };
        assert!(!tells_to_go_on(&mut patience, &failure));
    }
}
