//! What is done about a device that failed, step by step: the least first, and never for ever.
//!
//! ```text
//!              fails              fails            fails                  fails
//!  failed ---> new session ---> log in again ---> restart the module ---> give up
//!                  |                |   |             |  ^ after a pause     ^
//!                  | works          |   |             |  '---- fails         |
//!                  '------> go on <-'   '-------------'--- PIN refused ------'
//! ```
//!
//! A return value does not say whether a device is gone: modules disagree. Whether a step has helped
//! is told by a trial, the unwrapping of a ciphertext that is known to be good.

use std::time::Duration;

use crate::token::TokenError;

/// The next thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The device is back.
    GoOn,
    /// Close the session and open another; the login stays.
    NewSession,
    /// Log in again, with the PIN that was right before. Handles are looked up anew.
    LogIn,
    /// After this pause, close all sessions, finalise and initialise the module, find the token
    /// again and log in.
    Restart(Duration),
    /// Nothing more is to be done.
    GiveUp,
}

/// What the last step has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// The trial succeeded.
    Works,
    /// The step itself or the trial failed.
    Fails,
    /// The PIN is not good any more, or must not be tried now.
    PinRefused,
}

impl Seen {
    /// What a step and its trial have shown.
    pub fn of(tried: &Result<(), TokenError>) -> Self {
        match tried {
            Ok(()) => Self::Works,
            Err(
                TokenError::PinWrong { .. }
                | TokenError::PinLocked(_)
                | TokenError::FinalTry(_)
                | TokenError::PinNotReady { .. }
                | TokenError::Pin(_),
            ) => Self::PinRefused,
            Err(_) => Self::Fails,
        }
    }
}

/// One recovery, from the failure to its end.
#[derive(Debug)]
pub struct Recovery {
    has_pin: bool,
    pauses: std::slice::Iter<'static, Duration>,
    last: Last,
}

/// The step that was taken last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    None,
    NewSession,
    LogIn,
    Restart,
    GiveUp,
}

impl Recovery {
    /// Of a device that has just failed. Without the PIN of the login only a new session can help.
    /// The module is restarted as often as there are `pauses`.
    pub fn new(has_pin: bool, pauses: &'static [Duration]) -> Self {
        Self {
            has_pin,
            pauses: pauses.iter(),
            last: Last::None,
        }
    }

    /// The step that follows what the last one has shown; the first follows a failure.
    pub fn next(&mut self, seen: Seen) -> Step {
        let (last, step) = match (self.last, seen) {
            (Last::GiveUp, _) | (_, Seen::PinRefused) => (Last::GiveUp, Step::GiveUp),
            (last, Seen::Works) => (last, Step::GoOn),
            (Last::None, Seen::Fails) => (Last::NewSession, Step::NewSession),
            (Last::NewSession, Seen::Fails) if self.has_pin => (Last::LogIn, Step::LogIn),
            (Last::NewSession, Seen::Fails) => (Last::GiveUp, Step::GiveUp),
            (Last::LogIn | Last::Restart, Seen::Fails) => match self.pauses.next() {
                Some(pause) => (Last::Restart, Step::Restart(*pause)),
                None => (Last::GiveUp, Step::GiveUp),
            },
        };
        self.last = last;
        step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Duration = Duration::from_secs(1);
    const TWO: Duration = Duration::from_secs(2);
    const FAILURES: [Step; 5] = [
        Step::NewSession,
        Step::LogIn,
        Step::Restart(ONE),
        Step::Restart(TWO),
        Step::GiveUp,
    ];

    /// One that has failed `count` times, and the step that it wants then.
    fn after(count: usize) -> (Recovery, Step) {
        let mut recovery = Recovery::new(true, &[ONE, TWO]);
        let mut step = recovery.next(Seen::Fails);
        for _ in 1..count {
            step = recovery.next(Seen::Fails);
        }
        (recovery, step)
    }

    #[test]
    fn each_failure_leads_to_the_next_step_and_the_last_one_to_the_end() {
        for (index, wanted) in FAILURES.into_iter().enumerate() {
            assert_eq!(after(index + 1).1, wanted);
        }
        assert_eq!(after(50).1, Step::GiveUp);
    }

    #[test]
    fn a_trial_that_succeeds_ends_it_after_each_step() {
        for failures in 1..FAILURES.len() {
            assert_eq!(after(failures).0.next(Seen::Works), Step::GoOn);
        }
    }

    #[test]
    fn a_pin_that_is_refused_ends_it_after_each_step_for_good() {
        for failures in 1..FAILURES.len() {
            let mut recovery = after(failures).0;
            assert_eq!(recovery.next(Seen::PinRefused), Step::GiveUp);
            for seen in [Seen::Fails, Seen::Works, Seen::PinRefused] {
                assert_eq!(recovery.next(seen), Step::GiveUp);
            }
        }
    }

    #[test]
    fn without_a_pin_only_a_new_session_is_tried() {
        let mut recovery = Recovery::new(false, &[ONE]);
        assert_eq!(recovery.next(Seen::Fails), Step::NewSession);
        assert_eq!(recovery.next(Seen::Fails), Step::GiveUp);
    }

    #[test]
    fn what_concerns_the_pin_is_told_from_all_else() {
        let label = || "card".to_owned();
        for refused in [
            TokenError::PinLocked(label()),
            TokenError::FinalTry(label()),
            TokenError::PinNotReady {
                label: label(),
                reason: "it has expired",
            },
        ] {
            assert_eq!(Seen::of(&Err(refused)), Seen::PinRefused);
        }
        let lost = TokenError::NoToken {
            wanted: label(),
            present: vec![],
        };
        assert_eq!(Seen::of(&Err(lost)), Seen::Fails);
        let device = TokenError::device("C_Login", "0xffffffffffffffff");
        assert_eq!(Seen::of(&Err(device)), Seen::Fails);
        assert_eq!(Seen::of(&Ok(())), Seen::Works);
    }
}
