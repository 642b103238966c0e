use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use super::agent::{Agent, Phase};
use super::audit::WORKER_ENDED;
use super::confirm::Confirm;
use crate::agent::wire::{Confinement, State, Status};
use crate::confine;
use crate::token::TokenInfo;

impl Agent {
    /// Workers to have, each with a session and a login of its own. A person at a reader's pad is asked once. A device does
    /// one thing after the other, and may have few sessions for all: the second worker is for when the first is lost.
    pub(super) fn sessions(&self, token: &TokenInfo) -> usize {
        if token.protected_authentication_path() {
            return 1;
        }
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let usual = if token.is_hardware() {
            cores.min(2)
        } else {
            cores
        };
        let wanted = self.settings.sessions.map_or(usual, NonZeroUsize::get);
        wanted.min(token.max_sessions.unwrap_or(usize::MAX)).max(1)
    }

    /// When the agent is to lock next, and why.
    pub(super) fn deadline(&self) -> Option<(Duration, &'static str)> {
        let inner = self.inner();
        let (Phase::Unlocked { since, .. } | Phase::Recovering { since }) = &inner.phase else {
            return None;
        };
        let used = if inner.queue.is_used() {
            self.now()
        } else {
            inner.used
        };
        let idle = self
            .settings
            .idle
            .map(|limit| (used + limit, "nobody used it"));
        let lifetime = self.settings.max_lifetime;
        let lifetime =
            lifetime.map(|limit| (*since + limit, "its longest time without a lock is over"));
        idle.into_iter().chain(lifetime).min_by_key(|it| it.0)
    }

    /// Returns the answer to `/v1/status`.
    pub(super) fn status(&self) -> Status {
        let locks_at = self.deadline().map(|it| it.0);
        let inner = self.inner();
        let (state, reason) = match &inner.phase {
            Phase::Locked(reason) => (State::Locked, Some((*reason).to_owned())),
            Phase::Unlocking => (State::Unlocking, None),
            Phase::Unlocked { .. } => (State::Unlocked, None),
            Phase::Recovering { .. } => (State::Recovering, None),
        };
        Status {
            state,
            reason,
            absent: !inner.token.is_there(),
            token: inner.token.uri().to_string(),
            label: inner.token.label.clone(),
            other_labels: inner.token.other_labels().to_vec(),
            pin: inner.token.pin_state().as_str().to_owned(),
            pin_pad: inner.token.protected_authentication_path(),
            login_required: inner.token.login_required(),
            empty_pin: inner.token.takes_empty_pin(),
            longest_pin: inner.token.pin_len.map(|(_, longest)| longest),
            module: self.module.path().to_string_lossy().into_owned(),
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            sessions: inner.open,
            waiting: inner.queue.waiting(),
            hung: inner.queue.hung(self.settings.request_timeout).is_some(),
            idle_seconds: self.settings.idle.map(|limit| limit.as_secs()),
            max_lifetime_seconds: self.settings.max_lifetime.map(|limit| limit.as_secs()),
            locked_by_hand: inner.locked_by_hand,
            confirm_seconds: self.settings.confirm.as_ref().map(Confirm::seconds),
            locks_in_seconds: locks_at.map(|at| at.saturating_sub(self.now()).as_secs()),
            usable_keys: usable_keys(&inner.phase),
            request_seconds: Some(self.settings.request_timeout.as_secs_f64().ceil() as u64),
            uptime_seconds: self.now().saturating_sub(self.started).as_secs(),
            last_failure: self.audit.counts().last_failure(),
            audit_lost: self.audit.lost(),
            confinement: Confinement {
                agent: confine::standing()
                    .map(|wall| wall.as_str().to_owned())
                    .collect(),
                workers: inner.confinement.clone(),
            },
            workers_ended: self.audit.counts().of_event(WORKER_ENDED),
        }
    }
}

fn usable_keys(phase: &Phase) -> usize {
    let Phase::Unlocked { login, .. } = phase else {
        return 0;
    };
    let keeps_pin = login.keeps_pin();
    let keys = login.keys();
    let usable = keys.result.iter();
    usable
        .filter(|key| keeps_pin || !key.always_authenticate)
        .count()
}
