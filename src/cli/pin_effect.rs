//! What a PIN does to this user's agent, which whoever is asked for it is to know.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use crate::agent::client::AgentClient;
use crate::agent::wire::Status;
use crate::token::{TokenInfo, Uri};

/// An agent that does not tell its state within this time is not spoken of: somebody waits for the question.
const PATIENCE: Duration = Duration::from_millis(500);

/// What it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PinEffect {
    /// The agent gets it, and is unlocked until it has been idle for the first time, or for the second in all.
    Unlocks {
        idle: Option<u64>,
        longest: Option<u64>,
    },
    /// The token gets it, and the agent stays locked.
    LeavesLocked {
        /// As somebody wants it.
        by_hand: bool,
    },
    /// The token gets it, and the agent, which is unlocked, is not asked.
    LeavesUnlocked,
}

impl PinEffect {
    /// That of a PIN which the agent gets.
    pub(crate) fn of_unlocking(agent: &Status) -> Self {
        Self::Unlocks {
            idle: agent.idle_seconds,
            longest: agent.max_lifetime_seconds,
        }
    }

    /// That of a PIN which `token` gets from this command, where the agent at `socket` holds that very token.
    pub(crate) fn of_use(socket: &Path, token: &TokenInfo) -> Option<Self> {
        let status = AgentClient::connect(socket).ok()?.status_within(PATIENCE);
        let status = status.ok()?;
        let held: Uri = status.token.parse().ok()?;
        token.fits(&held).then(|| match status.is_locked() {
            true => Self::LeavesLocked {
                by_hand: status.locked_by_hand,
            },
            false => Self::LeavesUnlocked,
        })
    }
}

impl fmt::Display for PinEffect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Unlocks { idle, longest } => {
                f.write_str("The PIN unlocks the agent")?;
                match (idle, longest) {
                    (None, None) => f.write_str(" until it is locked.")?,
                    (None, Some(longest)) => write!(f, " for {}.", words(longest))?,
                    // The shorter of two is the only one that counts.
                    (Some(idle), Some(longest)) if longest <= idle => {
                        write!(f, " for {}.", words(longest))?;
                    }
                    (Some(idle), longest) => {
                        write!(f, " for {} from its last use", words(idle))?;
                        match longest {
                            Some(longest) => write!(f, ", {} at most.", words(longest))?,
                            None => f.write_str(".")?,
                        }
                    }
                }
                Ok(())
            }
            Self::LeavesLocked { by_hand: true } => {
                f.write_str("The PIN is used once: the agent was locked by hand, and stays locked.")
            }
            Self::LeavesLocked { by_hand: false } => {
                f.write_str("The PIN is used once: it does not unlock the agent.")
            }
            Self::LeavesUnlocked => f.write_str(
                "The PIN is used once: this command asks the token itself, not the agent.",
            ),
        }
    }
}

/// A time in the largest unit that it is a whole number of.
fn words(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0 => (0, "second"),
        _ if seconds.is_multiple_of(86_400) => (seconds / 86_400, "day"),
        _ if seconds.is_multiple_of(3600) => (seconds / 3600, "hour"),
        _ if seconds.is_multiple_of(60) => (seconds / 60, "minute"),
        _ => (seconds, "second"),
    };
    match count {
        1 => format!("1 {unit}"),
        _ => format!("{count} {unit}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_it_unlocks_the_agent_is_said_in_words() {
        let said = |idle, longest| PinEffect::Unlocks { idle, longest }.to_string();
        for (idle, longest, words) in [
            (Some(900), None, "for 15 minutes from its last use."),
            (
                Some(900),
                Some(28_800),
                "for 15 minutes from its last use, 8 hours at most.",
            ),
            (Some(900), Some(60), "for 1 minute."),
            (None, Some(86_400), "for 1 day."),
            (Some(90), None, "for 90 seconds from its last use."),
            (None, None, "until it is locked."),
        ] {
            assert_eq!(
                said(idle, longest),
                format!("The PIN unlocks the agent {words}")
            );
        }
    }
}
