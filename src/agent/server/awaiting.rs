//! An agent whose token is not there yet when it starts: it looks for it now and then.

use std::sync::Arc;
use std::time::Duration;

use super::Server;
use super::agent::{ABSENT, Agent, Phase};
use super::audit::Happened;
use super::login::lock;
use crate::agent::wire::Unlock;

/// Time between two looks.
const INTERVAL: Duration = Duration::from_secs(2);

impl Agent {
    /// Whether its token was never there since it started.
    pub(super) fn awaits_token(&self) -> bool {
        !self.inner().token.is_there()
    }

    /// Looks for the token, unless a login does. Blocks. Returns whether it is there.
    fn look_for_token(&self) -> bool {
        let _login_turn = lock(&self.login_turn);
        if self.awaits_token() {
            let Ok(found) = self.find_token() else {
                return false;
            };
            let mut inner = self.inner();
            let uri = found.uri().to_string();
            self.audit.happened(Happened::TokenFound(&uri));
            inner.token = found;
            if matches!(inner.phase, Phase::Locked(ABSENT)) {
                inner.phase = Phase::Locked("nobody has unlocked it yet");
            }
        }
        true
    }
}

/// Waits for the token, and unlocks it with what was given for that.
pub(super) async fn wait_for_token(server: Arc<Server>, unlock: Option<Unlock>) {
    let mut is_there = false;
    while !is_there {
        tokio::time::sleep(INTERVAL).await;
        let agent = server.agent.clone();
        let look = tokio::task::spawn_blocking(move || agent.look_for_token());
        is_there = look.await.unwrap_or(true);
    }
    let Some(unlock) = unlock else {
        return;
    };
    if let Err(error) = server.unlock(unlock).await {
        eprintln!("error: {error}");
    }
}
