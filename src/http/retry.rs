use std::time::Duration;

use tokio::time::Instant;

use super::limits::HttpLimits;

/// The attempts and the time that are left for one task.
#[derive(Debug)]
pub(crate) struct Retry {
    deadline: Instant,
    limits: HttpLimits,
    failures_left: u32,
    next_wait: Duration,
}

impl Retry {
    pub(super) fn new(limits: &HttpLimits, deadline: Instant) -> Self {
        Self {
            deadline,
            limits: limits.clone(),
            failures_left: limits.attempts,
            next_wait: limits.first_wait,
        }
    }

    /// When everything has to be over.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Forgets the failures so far: what has to be done became less in between.
    pub(crate) fn progressed(&mut self) {
        self.failures_left = self.limits.attempts;
        self.next_wait = self.limits.first_wait;
    }

    /// Waits after a failure, at least as long as the server has asked for, and tells whether to try again.
    pub(crate) async fn wait(&mut self, asked: Option<Duration>) -> bool {
        self.failures_left = self.failures_left.saturating_sub(1);
        if self.failures_left == 0 {
            return false;
        }
        let wait = self.back_off().max(asked.unwrap_or_default());
        let left = self.deadline.saturating_duration_since(Instant::now());
        if wait >= left {
            return false;
        }
        tokio::time::sleep(wait).await;
        true
    }

    fn back_off(&mut self) -> Duration {
        let wait = self.next_wait.min(self.limits.longest_wait);
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

    fn tells_to_go_on(retry: &mut Retry, asked: Option<Duration>) -> bool {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
            .block_on(retry.wait(asked))
    }

    fn quick() -> HttpLimits {
        HttpLimits {
            attempts: 3,
            first_wait: Duration::from_nanos(1),
            ..HttpLimits::default()
        }
    }

    fn retry(limits: &HttpLimits) -> Retry {
        Retry::new(limits, Instant::now() + limits.total)
    }

    #[test]
    fn the_waits_grow_up_to_a_limit() {
        let mut retry = retry(&HttpLimits::default());
        for milliseconds in [500, 1000, 2000, 4000, 8000, 8000, 8000] {
            let wait = Duration::from_millis(milliseconds);
            let back_off = retry.back_off();
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
        let mut retry = retry(&quick());
        let told: Vec<_> = (0..4).map(|_| tells_to_go_on(&mut retry, None)).collect();
        assert_eq!(told, [true, true, false, false]);
        retry.progressed();
        let told: Vec<_> = (0..3).map(|_| tells_to_go_on(&mut retry, None)).collect();
        assert_eq!(told, [true, true, false]);
    }

    #[test]
    fn a_longer_wait_than_there_is_time_is_not_begun() {
        let mut retry = retry(&quick());
        let retry_after = Some(Duration::from_secs(u64::MAX));
        assert!(!tells_to_go_on(&mut retry, retry_after));
    }
}
