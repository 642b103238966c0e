//! Wrapped key and body in a zip file.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::body::BodySource;
use super::layout::{FROM_ROOT, Layout, choose};
use super::limits::MAX_KEY_ENTRY;
use super::repacked::{self, Found};
use super::result_zip::EntryName;
use super::zip::{Entry, Index, read_index};
use super::{Archive, ArchiveError, Damaged, Limits, WrappedKey};
use crate::file::ReadAt;

/// Finds wrapped key and body in a zip; `path` is only for messages.
pub(super) fn open(
    file: Arc<dyn ReadAt>,
    path: &Path,
    limits: &Limits,
) -> Result<Archive, ArchiveError> {
    let index = read_index(&*file, limits).map_err(ArchiveError::index(path))?;
    let found = find(&index)?;
    let source = |number: usize| source(&file, &index.entries[number]);
    let shown = |number: usize| EntryName(&index.entries[number].name).shown();
    let key = WrappedKey::parse(read_key(&source(found.key)?, path)?, found.pair)?;
    let body = source(found.body)?;
    check_body_len(&body, limits)?;
    Ok(Archive {
        layout: Layout {
            scheme: key.scheme(),
            key_entry: shown(found.key),
            body_entry: shown(found.body),
        },
        key,
        body,
        inputs: Vec::new(),
    })
}

/// The pair under the very names that it was made with, else the one that somebody packed again.
fn find(index: &Index) -> Result<Found, ArchiveError> {
    let names: Vec<&[u8]> = index.entries.iter().map(|entry| &*entry.name).collect();
    let at = |name: &str| names.iter().position(|it| *it == name.as_bytes());
    let pair = choose(&FROM_ROOT, |name| at(name).is_some())?;
    if let Some(pair) = pair
        && let (Some(key), Some(body)) = (at(pair.key), at(pair.body))
    {
        return Ok(Found { pair, key, body });
    }
    repacked::find(&names)
}

fn source(file: &Arc<dyn ReadAt>, entry: &Entry) -> Result<BodySource, ArchiveError> {
    let method = entry.method.map_err(|how| ArchiveError::Packed {
        entry: EntryName(&entry.name).shown(),
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
