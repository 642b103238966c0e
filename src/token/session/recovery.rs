//! Recovery of a device that failed, step by step: the least first, and never for ever.
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

use std::time::{Duration, Instant};

use crate::token::TokenError;

/// A step of a recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryStep {
    /// Closes the session and opens another; the login stays.
    NewSession,
    /// Logs in again, with the PIN that was right before. Handles are looked up anew.
    LogIn,
    /// After this pause, closes all sessions, finalises and initialises the module, finds the token
    /// again and logs in.
    Restart(Duration),
}

/// The outcome of a step and its trial, and that of a whole recovery.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome<E> {
    /// The device is back.
    Works,
    /// The step or its trial failed; the next one may help.
    Fails,
    /// No step can help.
    Hopeless(E),
}

impl From<Result<(), TokenError>> for Outcome<TokenError> {
    /// A PIN that is not good any more, or must not be tried now, ends a recovery.
    fn from(tried: Result<(), TokenError>) -> Self {
        match tried {
            Ok(()) => Self::Works,
            Err(error) if error.is_about_pin() => Self::Hopeless(error),
            Err(_) => Self::Fails,
        }
    }
}

/// Counts logins after which nobody knows whether an attempt was spent. The PIN may have been changed
/// meanwhile, and not every token says how many attempts are left: two of them are enough.
#[derive(Debug, Default)]
pub struct UnknownLogins(u32);

impl UnknownLogins {
    /// The outcome of a step.
    pub fn outcome(&mut self, tried: Result<(), TokenError>) -> Outcome<TokenError> {
        match tried {
            Err(error @ TokenError::Device { pin_sent: true, .. }) => {
                self.0 += 1;
                if self.0 > 1 {
                    Outcome::Hopeless(error)
                } else {
                    Outcome::Fails
                }
            }
            tried => tried.into(),
        }
    }
}

/// Returns the steps of a recovery. Without the PIN of the login only a new session can help. The
/// module is restarted as often as there are `pauses`.
pub fn steps(
    has_pin: bool,
    pauses: impl IntoIterator<Item = Duration>,
) -> impl Iterator<Item = RecoveryStep> {
    let more =
        std::iter::once(RecoveryStep::LogIn).chain(pauses.into_iter().map(RecoveryStep::Restart));
    std::iter::once(RecoveryStep::NewSession).chain(more.filter(move |_| has_pin))
}

/// The time in which a device is brought back, unless another is asked for: a service or a connector
/// has restarted by then, and a card that was pulled out may be in again.
pub const DEVICE_TIMEOUT: Duration = Duration::from_secs(15);

/// Returns the pauses before each restart of the module, for as long as `time` has not passed: short
/// ones first. There is at least one, of no length.
pub fn pauses(time: Duration) -> impl Iterator<Item = Duration> {
    let since = Instant::now();
    let longer = [0, 250, 500, 1000]
        .into_iter()
        .chain(std::iter::repeat(2000));
    let pauses = longer.map(Duration::from_millis);
    pauses.take_while(move |pause| pause.is_zero() || since.elapsed() + *pause <= time)
}

/// Takes one of `steps` after the other until one helps, or none can.
pub fn recover<S, E>(
    steps: impl IntoIterator<Item = S>,
    take: impl FnMut(S) -> Outcome<E>,
) -> Outcome<E> {
    let mut outcomes = steps.into_iter().map(take);
    let last = outcomes.find(|outcome| !matches!(outcome, Outcome::Fails));
    last.unwrap_or(Outcome::Fails)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Duration = Duration::from_secs(1);
    const TWO: Duration = Duration::from_secs(2);
    const STEPS: [RecoveryStep; 4] = [
        RecoveryStep::NewSession,
        RecoveryStep::LogIn,
        RecoveryStep::Restart(ONE),
        RecoveryStep::Restart(TWO),
    ];

    /// The steps that are taken when the one at `end` has `outcome`, and what they come to.
    fn until(end: usize, outcome: Outcome<()>) -> (Vec<RecoveryStep>, Outcome<()>) {
        let (mut taken, mut outcome) = (Vec::new(), Some(outcome));
        let come_to = recover(steps(true, [ONE, TWO]), |step| {
            taken.push(step);
            let ends = taken.len() == end + 1;
            outcome.take_if(|_| ends).unwrap_or(Outcome::Fails)
        });
        (taken, come_to)
    }

    #[test]
    fn each_failure_leads_to_the_next_step_and_the_last_one_to_the_end() {
        assert_eq!(until(99, Outcome::Works), (STEPS.to_vec(), Outcome::Fails));
    }

    #[test]
    fn a_trial_that_succeeds_or_a_refused_pin_ends_it_after_each_step() {
        for last in 0..STEPS.len() {
            for outcome in [|| Outcome::Works, || Outcome::Hopeless(())] {
                let wanted = (STEPS[..=last].to_vec(), outcome());
                assert_eq!(until(last, outcome()), wanted);
            }
        }
    }

    #[test]
    fn restarts_are_tried_at_once_and_for_as_long_as_there_is_time() {
        assert!(pauses(Duration::ZERO).eq([Duration::ZERO]));
        assert_eq!(pauses(TWO).take(4).max(), Some(ONE));
        // None is waited for here, so that no time passes.
        assert_eq!(pauses(Duration::MAX / 2).take(99).max(), Some(TWO));
    }

    #[test]
    fn without_a_pin_only_a_new_session_is_tried() {
        assert!(steps(false, [ONE]).eq([RecoveryStep::NewSession]));
    }

    #[test]
    fn what_concerns_the_pin_is_told_from_all_else() {
        let label = || "card".to_owned();
        for refused in [
            TokenError::PinBlocked(label()),
            TokenError::FinalTry(label()),
            TokenError::PinNotReady {
                label: label(),
                reason: "it has expired",
            },
        ] {
            assert!(matches!(Err(refused).into(), Outcome::Hopeless(_)));
        }
        let lost = TokenError::NoToken {
            wanted: label(),
            present: vec![],
        };
        let device = TokenError::device("C_Login", "0xffffffffffffffff");
        for failed in [lost, device] {
            assert!(matches!(Err(failed).into(), Outcome::Fails));
        }
        assert!(matches!(Ok(()).into(), Outcome::Works));
    }
}
