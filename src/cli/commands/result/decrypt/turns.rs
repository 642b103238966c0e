use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use super::keys::Keys;
use crate::archive::WrappedKey;
use crate::cli::ui::failure::Failure;
use crate::envelope::{Candidate, KeyName, Proof, Unwrap};

/// Key holders that more threads use than there are of them: while a result goes to the disk, its
/// thread needs none.
pub(super) struct SharedHolders<U> {
    free: Mutex<Vec<U>>,
    freed: Condvar,
}

impl<U> SharedHolders<U> {
    pub(super) fn new(holders: Vec<U>) -> Self {
        Self {
            free: Mutex::new(holders),
            freed: Condvar::new(),
        }
    }

    /// Users who take turns: as many as there are holders, and `more`.
    pub(super) fn turns(&self, more: usize) -> Vec<Turn<'_, U>> {
        let turn = |_| Turn {
            shared: self,
            held: None,
        };
        (0..self.free().len() + more).map(turn).collect()
    }

    fn take(&self) -> U {
        let mut free = self.free();
        loop {
            if let Some(holder) = free.pop() {
                return holder;
            }
            let woken = self.freed.wait(free);
            free = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn give_back(&self, holder: U) {
        self.free().push(holder);
        self.freed.notify_one();
    }

    fn free(&self) -> MutexGuard<'_, Vec<U>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One thread's share in a [`SharedHolders`]: any of its holders, from the first use until it rests.
pub(super) struct Turn<'p, U> {
    shared: &'p SharedHolders<U>,
    held: Option<U>,
}

impl<U> Turn<'_, U> {
    fn holder(&mut self) -> &mut U {
        self.held.get_or_insert_with(|| self.shared.take())
    }

    fn give_back(&mut self) {
        if let Some(holder) = self.held.take() {
            self.shared.give_back(holder);
        }
    }
}

impl<U> Drop for Turn<'_, U> {
    fn drop(&mut self) {
        self.give_back();
    }
}

impl<U: Unwrap<Error: Into<Failure>>> Keys for Turn<'_, U> {
    type Held = Self;

    fn keys(&mut self) -> Result<&mut Self, Failure> {
        Ok(self)
    }
}

impl<U: Unwrap> Unwrap for Turn<'_, U> {
    type Error = U::Error;

    fn candidates(&mut self, modulus_len: usize) -> Result<Vec<Candidate>, U::Error> {
        self.holder().candidates(modulus_len)
    }

    fn unwrap(
        &mut self,
        key: &KeyName,
        wrapped: &WrappedKey,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, U::Error> {
        self.holder().unwrap(key, wrapped)
    }

    fn done(&mut self, opened: bool) -> Result<(), U::Error> {
        if !opened {
            return self.holder().done(false);
        }
        let done = self.held.as_mut().map_or(Ok(()), |held| held.done(true));
        self.give_back();
        done
    }

    fn prove(&mut self, keys: &[Candidate]) -> Result<Proof<U::Error>, U::Error> {
        self.holder().prove(keys)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// A holder without keys.
    struct Holder;

    impl Unwrap for Holder {
        type Error = Infallible;

        fn candidates(&mut self, _: usize) -> Result<Vec<Candidate>, Infallible> {
            Ok(Vec::new())
        }

        fn unwrap(
            &mut self,
            _: &KeyName,
            _: &WrappedKey,
        ) -> Result<Option<Zeroizing<Vec<u8>>>, Infallible> {
            Ok(None)
        }

        fn prove(&mut self, _: &[Candidate]) -> Result<Proof<Infallible>, Infallible> {
            Ok(Proof::Works)
        }
    }

    #[test]
    fn a_holder_is_free_while_its_thread_rests_and_when_it_ends() -> Result<(), Infallible> {
        let shared = SharedHolders::new(vec![Holder]);
        let free = || shared.free().len();
        let [mut one, mut other] = shared
            .turns(1)
            .try_into()
            .unwrap_or_else(|_| unreachable!());
        assert_eq!(free(), 1);
        one.candidates(512)?;
        one.done(false)?;
        assert_eq!(free(), 0);
        one.done(true)?;
        assert_eq!(free(), 1);
        other.done(false)?;
        assert_eq!(free(), 0);
        drop(other);
        assert_eq!(free(), 1);
        one.prove(&[])?;
        assert_eq!(free(), 0);
        Ok(())
    }

    #[test]
    fn who_waits_gets_what_another_gives_back() -> Result<(), Infallible> {
        let shared = SharedHolders::new(vec![Holder]);
        let [mut one, mut other] = shared
            .turns(1)
            .try_into()
            .unwrap_or_else(|_| unreachable!());
        one.done(false)?;
        std::thread::scope(|scope| {
            let waiting = scope.spawn(move || other.done(false));
            one.done(true)?;
            waiting.join().unwrap_or(Ok(()))
        })
    }
}
