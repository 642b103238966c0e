use std::io::Read;
use std::sync::Arc;

use super::error::DecryptError;
use super::pipeline;
use super::types::Progress;
use crate::archive::{Archive, Scheme};
use crate::envelope::{Base64Reader, Candidate, ContentKey, KeyName, Proof, Unwrap};

/// Bytes of a body that tell whether a content key fits: an IV and the first block.
const HEAD: u64 = 32;

/// Attempts that each key gets in each of its turns, because a device may fail once in a while.
const ROUNDS: &[usize] = &[1, 1, 1];

/// The same where it is known to do so. It may do so each time that the same key has its turn.
const MANY_ROUNDS: &[usize] = &[2, 2, 2, 2];

/// The attempts that one archive gets: each candidate once in its turn, and then each again. A good archive ends them early; every bad one uses
/// them all up, so that whoever counts the calls learns nothing of it.
pub(super) struct KeySearch<'a> {
    archive: &'a Archive,
    head: Vec<u8>,
    candidates: Vec<Candidate>,
    left: std::vec::IntoIter<Candidate>,
}

impl<'a> KeySearch<'a> {
    pub(super) fn new<U: Unwrap>(
        archive: &'a Archive,
        keys: &mut U,
    ) -> Result<Self, DecryptError<U::Error>> {
        let head = head(archive)?;
        let modulus_len = archive.wrapped_key().ciphertext().len();
        let candidates = keys.candidates(modulus_len).map_err(DecryptError::Keys)?;
        let rounds = match keys.steadiness().is_doubted() {
            true => MANY_ROUNDS,
            false => ROUNDS,
        };
        let left: Vec<Candidate> = turns(&candidates, rounds).cloned().collect();
        Ok(Self {
            archive,
            head,
            candidates,
            left: left.into_iter(),
        })
    }

    /// The content key, and the key that unwrapped it: the first answer that fits the body.
    pub(super) fn content_key<U: Unwrap>(
        &mut self,
        keys: &mut U,
    ) -> Result<Option<(KeyName, ContentKey)>, DecryptError<U::Error>> {
        let wrapped = self.archive.wrapped_key();
        let (mut denied, mut asked) = (None, false);
        let mut failed = Vec::new();
        for Candidate { name, .. } in self.left.by_ref() {
            if denied.as_ref().is_some_and(|(key, _)| *key == name) {
                continue;
            }
            let unwrapped = match keys.unwrap(&name, wrapped) {
                Err(error) if U::is_of_key(&error) => {
                    denied.get_or_insert((name, error));
                    continue;
                }
                unwrapped => unwrapped.map_err(DecryptError::Keys)?,
            };
            asked = true;
            let key = unwrapped.and_then(|it| ContentKey::from_unwrapped(wrapped.scheme(), it));
            // A token may answer a bad padding with invented bytes, sometimes of the right length.
            if let Some(key) = key.filter(|key| key.fits(&self.head)) {
                if failed.contains(&name) {
                    keys.steadiness().doubt();
                }
                return Ok(Some((name, key)));
            }
            failed.push(name);
            keys.done(false).map_err(DecryptError::Keys)?;
        }
        match denied {
            // Else an archive that another key does not open would look unlike any other bad one.
            Some((_, error)) if !asked => Err(DecryptError::Keys(error)),
            _ => Ok(None),
        }
    }

    /// The failure of an archive that no key opens: like that of one whose end is bad, after the
    /// whole body was decrypted, with a random key. No failure, but that of the holder, when it is
    /// one that is over: then the archive is to be tried anew.
    pub(super) fn fail_late<U: Unwrap>(
        self,
        keys: &mut U,
        progress: Progress<'_>,
    ) -> Result<U::Error, DecryptError<U::Error>> {
        decrypt_nothing(self.archive, progress)?;
        match keys.prove(&self.candidates) {
            Ok(Proof::Works) => Err(DecryptError::CannotDecrypt),
            Ok(Proof::Recovered(cause)) => Ok(cause),
            Err(error) => Err(DecryptError::Keys(error)),
        }
    }

    /// The failure of an archive whose content key fitted a body that turned out to be bad.
    pub(super) fn fail_after_all<U: Unwrap>(mut self, keys: &mut U) -> DecryptError<U::Error> {
        let used_up = self.use_up(keys);
        match used_up.and_then(|()| keys.prove(&self.candidates)) {
            Ok(_) => DecryptError::CannotDecrypt,
            Err(error) => DecryptError::Keys(error),
        }
    }

    fn use_up<U: Unwrap>(&mut self, keys: &mut U) -> Result<(), U::Error> {
        keys.done(false)?;
        for key in self.left.by_ref().filter(|key| key.may_repeat) {
            match keys.unwrap(&key.name, self.archive.wrapped_key()) {
                Err(error) if U::is_of_key(&error) => {}
                unwrapped => {
                    unwrapped?;
                    keys.done(false)?;
                }
            }
        }
        Ok(())
    }
}

/// Returns `candidates` in their turns. One that must not be repeated has one.
fn turns<'c>(
    candidates: &'c [Candidate],
    rounds: &'static [usize],
) -> impl Iterator<Item = &'c Candidate> {
    rounds.iter().enumerate().flat_map(move |(round, count)| {
        candidates.iter().flat_map(move |key| {
            let times = match key.may_repeat {
                true => *count,
                false => usize::from(round == 0),
            };
            std::iter::repeat_n(key, times)
        })
    })
}

fn decrypt_nothing<E: std::error::Error>(
    archive: &Archive,
    progress: Progress<'_>,
) -> Result<(), DecryptError<E>> {
    let wrapped = archive.wrapped_key();
    let key = Arc::new(ContentKey::random(
        wrapped.scheme(),
        wrapped.ciphertext().len(),
    )?);
    let drained = pipeline::result(archive, &key, progress).drain();
    match drained.map_err(DecryptError::from_read) {
        Ok(()) | Err(DecryptError::CannotDecrypt) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The beginning of the body, base64 removed; shorter where the body is.
fn head<E: std::error::Error>(archive: &Archive) -> Result<Vec<u8>, DecryptError<E>> {
    let body = archive
        .body_beginning()
        .take(match archive.layout().scheme {
            // Two groups more than needed: white space may stand between.
            Scheme::LegacyEcb => 4 * HEAD,
            Scheme::Current | Scheme::Guide2019 => HEAD,
        });
    let mut head = Vec::new();
    let read = match archive.layout().scheme {
        Scheme::LegacyEcb => Base64Reader::new(body).take(HEAD).read_to_end(&mut head),
        Scheme::Current | Scheme::Guide2019 => { body }.read_to_end(&mut head),
    };
    match read.map_err(DecryptError::from_read) {
        // What is no base64 is a bad ciphertext, and found to be one when it is decrypted.
        Ok(_) | Err(DecryptError::CannotDecrypt) => Ok(head),
        Err(error) => Err(error),
    }
}
