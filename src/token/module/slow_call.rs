use std::any::Any;

use crate::token::TokenInfo;

/// A call that a device may take long for, and that is never given up half-way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SlowCall {
    /// A login; not on a reader with a pad, which waits for a person.
    Login,
    /// Making a key pair: minutes on some cards.
    MakeKey,
    /// A use of a private key, for which some devices want to be touched.
    UseKey,
}

/// A function that is called when a [`SlowCall`] begins; the value it returns is dropped when the call
/// is back.
pub type Watch = dyn Fn(SlowCall, &TokenInfo) -> Box<dyn Any> + Send + Sync;
