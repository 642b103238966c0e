//! What the token says of its PIN now: another program may have spent attempts since the agent logged in, or locked.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::agent::{Agent, Phase};
use super::mutex::lock;
use crate::token::{TokenError, TokenInfo};

/// What is younger is not asked for again.
const FRESH: Duration = Duration::from_secs(1);

/// Time for an answer. Whoever asks how the agent is does not wait for a token that is slow.
const PATIENCE: Duration = Duration::from_secs(1);

/// The one to be asked.
enum Asked {
    Nobody,
    /// A worker that is logged in.
    Worker,
    /// One without a login.
    Spare,
}

impl Agent {
    /// Asks the token how its PIN is, unless that is known, or it has other things to do. Not a use of the agent.
    pub(super) async fn look_at_pin(self: &Arc<Self>) {
        let looked = async {
            match self.whom_to_ask() {
                Asked::Nobody => None,
                Asked::Worker => self.ask_aside(|worker| worker.look()).await.ok()?.ok(),
                Asked::Spare => self.ask_spare().await?.ok(),
            }
        };
        if let Ok(Some(now)) = tokio::time::timeout(PATIENCE, looked).await {
            self.inner().token.take_flags(&now);
        }
    }

    fn whom_to_ask(&self) -> Asked {
        let mut inner = self.inner();
        let is_fresh = inner.looked.is_some_and(|at| at.elapsed() < FRESH);
        if is_fresh || !inner.token.is_there() || inner.queue.is_busy() {
            return Asked::Nobody;
        }
        let asked = match inner.phase {
            Phase::Unlocked { .. } => Asked::Worker,
            Phase::Locked(_) => Asked::Spare,
            Phase::Unlocking | Phase::Recovering { .. } => Asked::Nobody,
        };
        inner.looked = Some(Instant::now());
        asked
    }

    /// Asks a worker that nobody is logged in by; it is there for the next login then.
    async fn ask_spare(self: &Arc<Self>) -> Option<Result<TokenInfo, TokenError>> {
        let id = self.inner().queue.begin();
        let agent = self.clone();
        let look = tokio::task::spawn_blocking(move || {
            let found = {
                // A login finds out by itself.
                let login_turn = agent.login_turn.try_lock();
                login_turn.ok().map(|_turn| {
                    let (child, found) = agent.find_token()?;
                    *lock(&agent.spare) = Some(child);
                    Ok(found)
                })
            };
            agent.end_call(id);
            found
        });
        look.await.ok()?
    }
}
