use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use zeroize::Zeroizing;

use crate::archive::WrappedKey;

/// Names a result key to people and to other processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyName {
    /// RFC 7512 URI of the private key, without PIN and module path.
    pub uri: String,
    /// `CKA_LABEL` as text, for people.
    pub label: String,
}

/// A result key that could open an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The name.
    pub name: KeyName,
    /// Whether a use of it asks nothing of a person, so that it may be repeated.
    pub may_repeat: bool,
}

/// The outcome of a proof.
#[derive(Debug)]
#[non_exhaustive]
pub enum Proof<E> {
    /// The holder works.
    Works,
    /// The holder did not work, for this reason, and does again: what failed before may have been
    /// good.
    Recovered(E),
}

/// Whether a holder is known to fail once in a while, with what is good. Its clones know it, too.
#[derive(Debug, Clone, Default)]
pub struct Steadiness(Arc<AtomicBool>);

impl Steadiness {
    /// Whether it failed.
    pub fn is_doubted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Notes that it failed; returns whether that was known.
    pub fn doubt(&self) -> bool {
        self.0.swap(true, Ordering::Relaxed)
    }
}

/// The seam in the middle: given a wrapped key, return the content key. Its holders are a token
/// in this process and an agent in another.
pub trait Unwrap {
    /// A failure of the holder. A bad ciphertext is none.
    type Error: std::error::Error + 'static;

    /// Lists the result keys that could open an archive whose wrapped key is `modulus_len` bytes
    /// long, the likeliest first, each once. Asks the token for no private-key operation.
    ///
    /// # Errors
    /// When the keys cannot be listed.
    fn candidates(&mut self, modulus_len: usize) -> Result<Vec<Candidate>, Self::Error>;

    /// Does one private-key operation with `key`. `None` is a bad ciphertext; `Some` may be one too,
    /// for tokens that answer a bad padding with invented bytes.
    ///
    /// # Errors
    /// When the holder cannot be asked: the ciphertext is not to blame.
    fn unwrap(
        &mut self,
        key: &KeyName,
        wrapped: &WrappedKey,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Self::Error>;

    /// Whether a failure of [`Self::unwrap`] is of that key alone, because it may not be used for
    /// this: then other keys are tried.
    fn is_of_key(_error: &Self::Error) -> bool {
        false
    }

    /// Hears how the last use ended. One that `opened` the archive is followed by none for a while,
    /// so that what the holder shares with others can be theirs. After any other the holder starts
    /// afresh, as far as it can, because a failure may have left something behind.
    ///
    /// # Errors
    /// When the holder cannot be asked any more.
    fn done(&mut self, _opened: bool) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Whether the holder fails once in a while. What is known of it does not depend on ciphertexts that
    /// are bad.
    fn steadiness(&self) -> Steadiness {
        Steadiness::default()
    }

    /// Proves, after `keys` opened nothing, that the holder still works, with a ciphertext that is
    /// known to be good. So a lost device is not taken for a bad archive.
    ///
    /// # Errors
    /// When a key fails that proof, and the holder cannot be brought back.
    fn prove(&mut self, keys: &[Candidate]) -> Result<Proof<Self::Error>, Self::Error>;
}
