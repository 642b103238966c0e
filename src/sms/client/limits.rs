use std::time::Duration;

/// How long and how often a client tries.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Longest time for a connection, from the look-up of the name to the end of the TLS handshake.
    pub connect: Duration,
    /// Longest wait for an answer on it.
    pub read: Duration,
    /// Longest time for everything, all repetitions and waits included.
    pub total: Duration,
    /// How often a request is made until its failures count.
    pub attempts: u32,
    /// Wait before the first repetition; each further one waits twice as long.
    pub first_wait: Duration,
    /// Longest wait between repetitions, where the SMS asks for no longer one.
    pub longest_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            read: Duration::from_secs(20),
            total: Duration::from_secs(120),
            attempts: 5,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(8),
        }
    }
}
