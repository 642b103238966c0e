//! The keys of one token in several sessions, for more threads than there are of these: while a
//! result goes to the disk, its thread needs none.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use super::keys::Keys;
use crate::archive::WrappedKey;
use crate::cli::ui::failure::Failure;
use crate::envelope::{Candidate, KeyName, Proof, Steadiness, Unwrap};
use crate::token::{NoPins, PinSource, TokenError, TokenKeys};

/// A logged-in token that opens sessions, and brings back a device that failed.
pub(super) trait Sessions {
    type Session: Unwrap<Error = Self::Error>;
    type Error;

    /// Returns the keys in as many sessions as the token grants, `count` at most.
    fn open(&self, count: usize) -> Vec<Self::Session>;

    /// Returns whether the device fails once in a while.
    fn steadiness(&self) -> Steadiness;

    /// Whether all sessions may be of no use after this.
    fn is_lost(error: &Self::Error) -> bool;

    /// Brings the device back after `failure`, once no session of [`Self::open`] is left.
    fn bring_back(&mut self, failure: Self::Error) -> Result<(), Self::Error>;

    /// The failure of a session that could not be opened again.
    fn gone() -> Self::Error;

    /// The same failure for others, where it is a refusal of the PIN: none of them sends it again.
    fn refusal(error: &Self::Error) -> Option<Self::Error>;
}

impl<P: PinSource> Sessions for &mut TokenKeys<P> {
    type Session = TokenKeys<NoPins>;
    type Error = TokenError;

    fn open(&self, count: usize) -> Vec<TokenKeys<NoPins>> {
        self.beside(count)
    }

    fn steadiness(&self) -> Steadiness {
        Unwrap::steadiness(*self)
    }

    fn is_lost(error: &TokenError) -> bool {
        error.is_of_device()
    }

    fn bring_back(&mut self, failure: TokenError) -> Result<(), TokenError> {
        TokenKeys::bring_back(self, failure)
    }

    fn gone() -> TokenError {
        TokenError::device("C_OpenSession", "the device did not come back")
    }

    fn refusal(error: &TokenError) -> Option<TokenError> {
        match error {
            TokenError::PinWrong { label, state } => Some(TokenError::PinWrong {
                label: label.clone(),
                state: *state,
            }),
            TokenError::PinBlocked(label) => Some(TokenError::PinBlocked(label.clone())),
            TokenError::FinalTry(label) => Some(TokenError::FinalTry(label.clone())),
            _ => None,
        }
    }
}

/// Sessions that threads take turns with. When the device fails in one, all of them are closed, and
/// opened again once it is back: a restart of its module would end them anyway.
pub(super) struct SharedKeys<S: Sessions> {
    count: usize,
    steadiness: Steadiness,
    sessions: Mutex<S>,
    state: Mutex<State<S>>,
    changed: Condvar,
}

struct State<S: Sessions> {
    free: Vec<S::Session>,
    /// Sessions that threads have.
    taken: usize,
    device: Device,
    /// Why it is gone, where the token refused the PIN.
    refused: Option<S::Error>,
}

impl<S: Sessions> State<S> {
    fn refusal(&self) -> Option<S::Error> {
        S::refusal(self.refused.as_ref()?)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Device {
    Works,
    /// A thread brings it back, when no other has a session any more.
    Lost,
    /// It did not come back.
    Gone,
}

impl<S: Sessions> SharedKeys<S> {
    /// Opens `count` sessions; `None` where the token does not grant more than one, or gains
    /// nothing by them.
    pub(super) fn open(sessions: S, count: usize) -> Option<Self> {
        let free = sessions.open(count);
        (free.len() > 1).then(|| Self {
            count: free.len(),
            steadiness: sessions.steadiness(),
            sessions: Mutex::new(sessions),
            state: Mutex::new(State {
                free,
                taken: 0,
                device: Device::Works,
                refused: None,
            }),
            changed: Condvar::new(),
        })
    }

    /// The number of sessions.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Users who take turns, for a thread each.
    pub(super) fn turns(&self, count: usize) -> Vec<Turn<'_, S>> {
        let turn = |_| Turn {
            shared: self,
            held: None,
        };
        (0..count).map(turn).collect()
    }

    /// Waits for a session that is free.
    fn take(&self) -> Result<S::Session, S::Error> {
        let mut state = self.state();
        loop {
            if state.device == Device::Gone {
                return Err(state.refusal().unwrap_or_else(S::gone));
            }
            if let Some(session) = state.free.pop() {
                state.taken += 1;
                return Ok(session);
            }
            state = self.wait(state);
        }
    }

    fn give_back(&self, session: S::Session) {
        let mut state = self.state();
        state.taken -= 1;
        // Of a lost device, every session is closed.
        if state.device == Device::Works {
            state.free.push(session);
        } else {
            drop(session);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Closes all sessions and brings the device back; waits for the thread that does so already.
    fn recover(&self, failed: S::Session, failure: S::Error) -> Result<(), S::Error> {
        let mut state = self.state();
        drop(failed);
        state.taken -= 1;
        if state.device != Device::Works {
            self.changed.notify_all();
            while state.device == Device::Lost {
                state = self.wait(state);
            }
            return match state.device {
                Device::Gone => Err(state.refusal().unwrap_or(failure)),
                _ => Ok(()),
            };
        }
        state.device = Device::Lost;
        state.free.clear();
        while state.taken > 0 {
            state = self.wait(state);
        }
        drop(state);
        let back = self.bring_back(failure);
        let mut state = self.state();
        let outcome = back.map(|sessions| state.free = sessions);
        state.device = match outcome {
            Ok(()) => Device::Works,
            Err(_) => Device::Gone,
        };
        state.refused = outcome.as_ref().err().and_then(S::refusal);
        drop(state);
        self.changed.notify_all();
        outcome
    }

    fn bring_back(&self, failure: S::Error) -> Result<Vec<S::Session>, S::Error> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.bring_back(failure)?;
        let opened = sessions.open(self.count);
        if opened.is_empty() {
            return Err(S::gone());
        }
        Ok(opened)
    }

    fn state(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State<S>>) -> MutexGuard<'s, State<S>> {
        let woken = self.changed.wait(state);
        woken.unwrap_or_else(PoisonError::into_inner)
    }
}

/// One thread's share in [`SharedKeys`]: any of its sessions, from the first use until it rests.
pub(super) struct Turn<'k, S: Sessions> {
    shared: &'k SharedKeys<S>,
    held: Option<S::Session>,
}

impl<S: Sessions> Turn<'_, S> {
    fn session(&mut self) -> Result<&mut S::Session, S::Error> {
        let session = match self.held.take() {
            Some(session) => session,
            None => self.shared.take()?,
        };
        Ok(self.held.insert(session))
    }

    /// Makes a call, and once more in a new session when the device failed and is back.
    fn attempt<T>(
        &mut self,
        mut call: impl FnMut(&mut S::Session) -> Result<T, S::Error>,
    ) -> Result<T, S::Error> {
        let failure = match call(self.session()?) {
            Err(failure) if S::is_lost(&failure) => failure,
            answer => return answer,
        };
        if let Some(failed) = self.held.take() {
            self.shared.recover(failed, failure)?;
        }
        call(self.session()?)
    }

    fn give_back(&mut self) {
        if let Some(session) = self.held.take() {
            self.shared.give_back(session);
        }
    }
}

impl<S: Sessions> Drop for Turn<'_, S> {
    fn drop(&mut self) {
        self.give_back();
    }
}

impl<S: Sessions> Keys for Turn<'_, S>
where
    S::Error: Into<Failure> + std::error::Error + 'static,
{
    type Held = Self;

    fn keys(&mut self) -> Result<&mut Self, Failure> {
        Ok(self)
    }
}

impl<S: Sessions> Unwrap for Turn<'_, S>
where
    S::Error: std::error::Error + 'static,
{
    type Error = S::Error;

    fn candidates(&mut self, modulus_len: usize) -> Result<Vec<Candidate>, S::Error> {
        self.attempt(|keys| keys.candidates(modulus_len))
    }

    fn unwrap(
        &mut self,
        key: &KeyName,
        wrapped: &WrappedKey,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, S::Error> {
        self.attempt(|keys| keys.unwrap(key, wrapped))
    }

    fn is_of_key(error: &S::Error) -> bool {
        S::Session::is_of_key(error)
    }

    fn done(&mut self, opened: bool) -> Result<(), S::Error> {
        if !opened {
            return self.attempt(|keys| keys.done(false));
        }
        let done = self.held.as_mut().map_or(Ok(()), |held| held.done(true));
        self.give_back();
        done
    }

    fn steadiness(&self) -> Steadiness {
        self.shared.steadiness.clone()
    }

    fn prove(&mut self, keys: &[Candidate]) -> Result<Proof<S::Error>, S::Error> {
        self.attempt(|session| session.prove(keys))
    }
}

#[cfg(test)]
mod tests;
