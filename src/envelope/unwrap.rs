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

/// What a proof has shown.
#[derive(Debug)]
pub enum Proof<E> {
    /// The holder works.
    Works,
    /// It did not work, for this reason, and does again: what failed before it may have been good.
    Recovered(E),
}

/// The seam in the middle: given a wrapped key, return the content key. Its holders are a token
/// in this process and an agent in another.
pub trait Unwrap {
    /// What the holder can meet besides a ciphertext that is bad.
    type Error: std::error::Error + 'static;

    /// The result keys that could open an archive whose wrapped key is `modulus_len` bytes long,
    /// the likeliest first, each once. Asks the token for no private-key operation.
    ///
    /// # Errors
    /// When the keys cannot be listed.
    fn candidates(&mut self, modulus_len: usize) -> Result<Vec<KeyName>, Self::Error>;

    /// One private-key operation with `key`. `None` is a bad ciphertext; `Some` may be one too,
    /// for tokens that answer a bad padding with invented bytes.
    ///
    /// # Errors
    /// When the holder cannot be asked: the ciphertext is not to blame.
    fn unwrap(
        &mut self,
        key: &KeyName,
        wrapped: &WrappedKey,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Self::Error>;

    /// Whether a use of `key` asks nothing of a person, so that it may be repeated.
    fn may_repeat(&self, _key: &KeyName) -> bool {
        true
    }

    /// After a use that opened an archive: none is expected for a while, so that what is shared with
    /// others can be theirs.
    fn rest(&mut self) {}

    /// After a use that opened nothing: starts afresh, as far as the holder can, because a failure
    /// may have left something behind.
    ///
    /// # Errors
    /// When the holder cannot be asked any more.
    fn renew(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    /// After `keys` opened nothing: proves, with a ciphertext that is known to be good, that the
    /// holder still works, so that a lost device is not taken for a bad archive.
    ///
    /// # Errors
    /// When a key fails that proof, and the holder cannot be brought back.
    fn prove(&mut self, keys: &[KeyName]) -> Result<Proof<Self::Error>, Self::Error>;
}

impl<U: Unwrap + ?Sized> Unwrap for &mut U {
    type Error = U::Error;

    fn candidates(&mut self, modulus_len: usize) -> Result<Vec<KeyName>, Self::Error> {
        (**self).candidates(modulus_len)
    }

    fn unwrap(
        &mut self,
        key: &KeyName,
        wrapped: &WrappedKey,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Self::Error> {
        (**self).unwrap(key, wrapped)
    }

    fn may_repeat(&self, key: &KeyName) -> bool {
        (**self).may_repeat(key)
    }

    fn rest(&mut self) {
        (**self).rest();
    }

    fn renew(&mut self) -> Result<(), Self::Error> {
        (**self).renew()
    }

    fn prove(&mut self, keys: &[KeyName]) -> Result<Proof<Self::Error>, Self::Error> {
        (**self).prove(keys)
    }
}

#[cfg(test)]
mod tests;
