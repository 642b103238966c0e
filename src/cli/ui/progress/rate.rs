use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What came before tells nothing of now.
const LOOKS_BACK: Duration = Duration::from_secs(8);

/// How fast something grows.
#[derive(Default)]
pub(super) struct Rate {
    seen: VecDeque<(Instant, u64)>,
}

impl Rate {
    /// What it grows by in a second, now that it is at `count`; unknown at first.
    pub(super) fn of(&mut self, count: u64) -> Option<u64> {
        self.at(Instant::now(), count)
    }

    fn at(&mut self, now: Instant, count: u64) -> Option<u64> {
        // It begins anew.
        if self.seen.back().is_some_and(|(_, last)| *last > count) {
            self.seen.clear();
        }
        self.seen.push_back((now, count));
        while self.seen.len() > 2 && now - self.seen[0].0 > LOOKS_BACK {
            self.seen.pop_front();
        }
        let (then, before) = *self.seen.front()?;
        let millis = u64::try_from((now - then).as_millis()).ok()?;
        (count - before).checked_mul(1000)?.checked_div(millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_that_of_the_last_seconds() {
        let begun = Instant::now();
        let after = |seconds| begun + Duration::from_secs(seconds);
        let mut rate = Rate::default();
        assert_eq!(rate.at(begun, 0), None);
        assert_eq!(rate.at(after(2), 1000), Some(500));
        for second in 3..40 {
            rate.at(after(second), 1000);
        }
        assert_eq!(rate.at(after(40), 1000), Some(0), "it stands still");
        assert_eq!(rate.at(after(41), 10), None, "it began anew");
        assert_eq!(rate.at(after(42), 30), Some(20));
    }
}
