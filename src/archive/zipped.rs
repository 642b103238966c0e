//! Wrapped key and body in a zip file.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::body::BodySource;
use super::layout::{FROM_ROOT, choose};
use super::limits::MAX_KEY_ENTRY;
use super::zip::{Entry, read_index};
use super::{Archive, ArchiveError, Damaged, Limits, WrappedKey};

/// Finds wrapped key and body in a zip; `path` is only for messages.
pub(super) fn open(file: Arc<File>, path: &Path, limits: &Limits) -> Result<Archive, ArchiveError> {
    let index = read_index(&*file, limits).map_err(ArchiveError::index(path))?;
    let find = |name: &str| {
        index
            .entries
            .iter()
            .find(|entry| *entry.name == *name.as_bytes())
    };
    let pair = choose(&FROM_ROOT, |name| find(name).is_some())?;
    let entry = |name| {
        let entry = find(name).ok_or(ArchiveError::NotEncrypted)?;
        source(&file, entry, name)
    };
    let key = WrappedKey::parse(read_key(&entry(pair.key)?, path)?, pair)?;
    let body = entry(pair.body)?;
    check_body_len(&body, limits)?;
    Ok(Archive {
        layout: key.layout(pair),
        key,
        body,
        inputs: Vec::new(),
    })
}

fn source(file: &Arc<File>, entry: &Entry, name: &str) -> Result<BodySource, ArchiveError> {
    let method = entry.method.map_err(|how| ArchiveError::Packed {
        entry: name.into(),
        how: how.to_string(),
    })?;
    Ok(BodySource {
        file: file.clone(),
        start: entry.data_start,
        method,
        content: entry.content,
        has_crc: true,
    })
}

/// Reads the entry with the wrapped key, which must be small.
pub(super) fn read_key(source: &BodySource, path: &Path) -> Result<Vec<u8>, ArchiveError> {
    if source.content.size > MAX_KEY_ENTRY {
        return Err(ArchiveError::WrappedKeyLength {
            len: source.content.size,
        });
    }
    let mut key = Vec::new();
    match source.open().read_to_end(&mut key) {
        Ok(_) => Ok(key),
        Err(error) => match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(Damaged { reason }) => Err(ArchiveError::Malformed {
                reason: format!("the wrapped key is not what it should be: {reason}"),
            }),
            None => Err(ArchiveError::io(path)(error)),
        },
    }
}

/// Refuses a body that is larger than allowed. Whether its length is possible for its cipher is not
/// judged here: to the outside, that must look like any other failure to decrypt.
pub(super) fn check_body_len(body: &BodySource, limits: &Limits) -> Result<(), ArchiveError> {
    if body.content.size > limits.max_size {
        return Err(ArchiveError::TooLarge {
            what: "size of the encrypted body in bytes",
            limit: limits.max_size,
        });
    }
    Ok(())
}
