//! From a request to its answer: a turn, the question, and what is written down of it.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use tokio::sync::Semaphore;

use super::super::Server;
use super::super::audit::{Audit, Event};
use super::super::error::AgentError;
use super::super::limits::WAITING;
use super::super::peer::Peer;
use super::answer::{Answer, NotConfirmed};
use super::question::Wanted;
use super::settings::Confirm;

/// The questions of an agent: one is shown at a time, in the order in which they came.
pub(in crate::agent::server) struct Questions {
    turn: Arc<Semaphore>,
    /// As many as may wait, the one that is shown with them.
    places: Semaphore,
}

impl Default for Questions {
    fn default() -> Self {
        Self {
            turn: Arc::new(Semaphore::new(1)),
            places: Semaphore::new(WAITING),
        }
    }
}

impl Server {
    /// Returns once a person has allowed the use of the key that the audit log calls `key`; at once where nobody is to be asked.
    ///
    /// # Errors
    /// [`AgentError::NotConfirmed`], and what there is to say of an agent that is locked or ends meanwhile.
    pub(in crate::agent::server) async fn confirmed(
        &self,
        peer: &Peer,
        key: &str,
        wanted: Wanted<'_>,
    ) -> Result<(), AgentError> {
        let Some(confirm) = &self.agent.settings.confirm else {
            return Ok(());
        };
        let request = wanted.digest(key);
        if peer.allowed.has(&request) {
            return Ok(());
        }
        let mut noted = Noted::begin(&self.audit, peer, key);
        // Before it is looked at, so that no lock is missed.
        let locked = self.agent.locked.notified();
        self.agent.login()?;
        let withdrawn = first(
            async {
                locked.await;
                "it was locked before anybody had allowed the use"
            },
            async {
                // Who would tell it to end is gone only when it has ended.
                let _ = self.stopping.subscribe().wait_for(|stop| *stop).await;
                "it ends"
            },
        );
        let text = wanted.question(peer, key, &self.agent.inner().token.label);
        let asked = first(async { Ok(self.ask(confirm, &text).await) }, async {
            Err(withdrawn.await)
        });
        let result = match asked.await {
            Ok(result) => result?,
            Err(reason) => return Err(AgentError::Locked(reason)),
        };
        noted.outcome = match &result {
            Ok(()) => "confirmed",
            Err(NotConfirmed::Refused) => "refused",
            Err(NotConfirmed::TimedOut(_)) => "timed-out",
            Err(NotConfirmed::NotAsked { .. }) => "not-asked",
        };
        drop(noted);
        result?;
        peer.allowed.set(request);
        Ok(())
    }

    /// Waits for the turn, and then for the answer.
    async fn ask(
        &self,
        confirm: &Confirm,
        text: &str,
    ) -> Result<Result<(), NotConfirmed>, AgentError> {
        let (limit, late) = (confirm.limit, NotConfirmed::TimedOut(confirm.limit));
        let Ok(_place) = self.questions.places.try_acquire() else {
            return Err(AgentError::Busy);
        };
        let turn = self.questions.turn.clone().acquire_owned();
        let Ok(Ok(turn)) = tokio::time::timeout(limit, turn).await else {
            return Ok(Err(late));
        };
        let asked = confirm.program.ask(text, limit, turn);
        Ok(match tokio::time::timeout(limit, asked).await {
            Ok(Ok(Answer::Yes)) => Ok(()),
            Ok(Ok(Answer::No)) => Err(NotConfirmed::Refused),
            Ok(Ok(Answer::Late)) | Err(_) => Err(late),
            Ok(Err(reason)) => Err(NotConfirmed::NotAsked {
                program: confirm.program.to_string(),
                reason,
            }),
        })
    }
}

/// The line of the audit log on a question. It is written also where the client goes away, which drops all that was done
/// for it.
struct Noted<'a> {
    audit: &'a Audit,
    peer: &'a Peer,
    key: &'a str,
    begun: Instant,
    outcome: &'static str,
}

impl<'a> Noted<'a> {
    fn begin(audit: &'a Audit, peer: &'a Peer, key: &'a str) -> Self {
        Self {
            audit,
            peer,
            key,
            begun: Instant::now(),
            outcome: "withdrawn",
        }
    }
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        let event = Event {
            request: "confirm",
            key: Some(self.key),
            outcome: self.outcome,
            took: self.begun.elapsed(),
        };
        self.audit.note(self.peer, &event);
    }
}

/// Waits for the first of two.
async fn first<T>(one: impl Future<Output = T>, other: impl Future<Output = T>) -> T {
    let (mut one, mut other) = (pin!(one), pin!(other));
    poll_fn(|cx| match one.as_mut().poll(cx) {
        Poll::Pending => other.as_mut().poll(cx),
        done => done,
    })
    .await
}
