use std::io::Read;
use std::sync::Arc;

use super::{DecryptError, Progress, pipeline};
use crate::archive::{Archive, Scheme};
use crate::envelope::{Base64Reader, ContentKey, KeyName, Unwrap};

/// Bytes of a body that tell whether a content key fits: an IV and the first block.
const HEAD: u64 = 32;

/// The content key of `archive` and the key that unwrapped it: the first candidate whose answer
/// fits the body. Each is asked once.
pub(super) fn content_key<U: Unwrap>(
    archive: &Archive,
    keys: &mut U,
) -> Result<Option<(KeyName, ContentKey)>, DecryptError<U::Error>> {
    let head = head(archive)?;
    let wrapped = archive.wrapped_key();
    let candidates = keys
        .candidates(wrapped.ciphertext().len())
        .map_err(DecryptError::Keys)?;
    for name in candidates {
        let unwrapped = keys.unwrap(&name, wrapped).map_err(DecryptError::Keys)?;
        let key = unwrapped.and_then(|it| ContentKey::from_unwrapped(wrapped.scheme(), it));
        // A token may answer a bad padding with invented bytes, sometimes of the right length.
        if let Some(key) = key.filter(|key| key.fits(&head)) {
            return Ok(Some((name, key)));
        }
    }
    Ok(None)
}

/// The failure of an archive that no key opens: like that of one whose end is bad, after the
/// whole body was decrypted, with a random key.
pub(super) fn fail_late<U: Unwrap>(
    archive: &Archive,
    keys: &mut U,
    progress: Progress<'_>,
) -> DecryptError<U::Error> {
    match decrypt_nothing(archive, progress) {
        Err(error) => error,
        Ok(()) => {
            let modulus_len = archive.wrapped_key().ciphertext().len();
            match keys.candidates(modulus_len) {
                Ok(names) => blame(keys, &names),
                Err(error) => DecryptError::Keys(error),
            }
        }
    }
}

/// Whose fault it is that nothing was opened: the archive's, if `names` still work.
pub(super) fn blame<U: Unwrap>(keys: &mut U, names: &[KeyName]) -> DecryptError<U::Error> {
    match keys.prove(names) {
        Ok(()) => DecryptError::CannotDecrypt,
        Err(error) => DecryptError::Keys(error),
    }
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
    let body = archive.body().take(match archive.layout().scheme {
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
