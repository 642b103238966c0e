use std::time::Duration;

/// Limits of time and attempts for a client.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HttpLimits {
    /// Longest time for a connection, from the look-up of the name to the end of the TLS handshake.
    pub connect: Duration,
    /// Longest wait for an answer on it.
    pub read: Duration,
    /// Longest time for everything, all repetitions and waits included.
    pub total: Duration,
    /// Attempts at a request until its failures count.
    pub attempts: u32,
    /// Wait before the first repetition; each further one waits twice as long.
    pub first_wait: Duration,
    /// Longest wait between repetitions, where the service asks for no longer one.
    pub longest_wait: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self::within(Duration::from_secs(120))
    }
}

impl HttpLimits {
    /// Five attempts within `total`, none of which takes all of it.
    pub fn within(total: Duration) -> Self {
        let share = |part, most| (total / part).min(Duration::from_millis(most));
        Self {
            connect: share(4, 10_000),
            read: share(4, 20_000),
            total,
            attempts: 5,
            first_wait: share(240, 500),
            longest_wait: share(15, 8_000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_minutes_are_shared_out_and_more_changes_no_share() {
        let limits = HttpLimits::default();
        assert_eq!(limits.connect, Duration::from_secs(10));
        assert_eq!(limits.read, Duration::from_secs(20));
        assert_eq!(limits.total, Duration::from_secs(120));
        assert_eq!(limits.first_wait, Duration::from_millis(500));
        assert_eq!(limits.longest_wait, Duration::from_secs(8));
        let hour = HttpLimits::within(Duration::from_secs(3600));
        assert_eq!((hour.connect, hour.read), (limits.connect, limits.read));
        let moment = HttpLimits::within(Duration::from_secs(1));
        assert!(moment.connect + moment.read < moment.total);
    }
}
