//! The clock by which an agent locks itself, or ends. It goes on while the computer sleeps: after a night in a
//! bag the agent was idle for a night.

use std::sync::Arc;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::time::timeout;

use super::Server;
use super::agent::{Agent, Phase};

/// The clock is looked at so often at least: timers stand still while the computer sleeps.
const LONGEST: Duration = Duration::from_secs(10);

/// The time since the computer was started, the time that it slept included.
pub fn since_boot() -> Duration {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let clock = ClockId::Boottime;
    // Elsewhere this one goes on while the computer sleeps.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let clock = ClockId::Monotonic;
    Duration::try_from(clock_gettime(clock)).unwrap_or_default()
}

/// Returns when the clock has something to do next: the token is to be locked then, or an agent that
/// ends when it is idle is to end. One whose PIN was refused does not: if it were started again,
/// the same PIN could cost another attempt.
fn next(agent: &Agent) -> Option<(Duration, &'static str)> {
    let deadline = agent.deadline();
    let inner = agent.inner();
    match (&inner.phase, agent.settings.idle) {
        (Phase::Unlocked { .. } | Phase::Recovering { .. }, _) => deadline,
        (Phase::Locked(reason), Some(idle))
            if agent.settings.exit_when_idle && !inner.refused.any() =>
        {
            Some((inner.used + idle, *reason))
        }
        _ => None,
    }
}

impl Server {
    /// Locks, or ends, the agent if its time is over; returns what is left of it. Asked before each
    /// request, as the computer may have slept until then.
    pub(super) fn look_at_clock(&self) -> Option<Duration> {
        let (at, reason) = next(&self.agent)?;
        let left = at.saturating_sub(self.agent.now());
        if left.is_zero() {
            self.agent.lock(reason);
            if self.agent.settings.exit_when_idle {
                self.stopping.send_replace(true);
            }
        }
        Some(left)
    }
}

/// Locks, or ends, the agent when its time is over.
pub(super) async fn watch_clock(server: Arc<Server>) {
    loop {
        let rescheduled = server.agent.rescheduled.notified();
        match server.look_at_clock() {
            None => rescheduled.await,
            Some(left) if left.is_zero() && server.agent.settings.exit_when_idle => return,
            // Used in the meantime, it has a later time by then.
            Some(left) => {
                let _ = timeout(left.min(LONGEST), rescheduled).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on() {
        let before = since_boot();
        std::thread::sleep(Duration::from_millis(1));
        assert!(since_boot() > before);
    }
}
