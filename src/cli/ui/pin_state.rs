//! The state of a user PIN in words.

use crate::token::PinState;

/// What is said of a user PIN in this state.
pub(crate) fn in_words(state: PinState) -> &'static str {
    match state {
        PinState::Ok => "user PIN set",
        PinState::NotSet => "no user PIN set",
        PinState::CountLow => "user PIN set, the last one entered was wrong",
        PinState::FinalTry => "user PIN set, one attempt left",
        PinState::Blocked => "user PIN blocked",
    }
}

/// The state that an agent tells of, which may be newer than this program.
pub(crate) fn told(word: &str) -> Option<PinState> {
    let known = [
        PinState::Ok,
        PinState::NotSet,
        PinState::CountLow,
        PinState::FinalTry,
        PinState::Blocked,
    ];
    known.into_iter().find(|it| it.as_str() == word)
}
