//! Checking a complete plaintext zip in place.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::{EntryName, InnerError, InnerSummary};
use crate::archive::body::BodySource;
use crate::archive::format::{Entry, Index, Method, is_descriptor, is_symlink, read_index};
use crate::archive::{Damaged, Limits};

/// Checks that a file is a zip from its first byte to its last, without inflating anything.
///
/// All that a zip says of itself is read and has to agree: both headers of each entry, the
/// descriptors between them, the directory and its end.
pub fn check_structure(file: &File, limits: &Limits) -> Result<InnerSummary, InnerError> {
    let index = read_index(file, limits)?;
    check_seamless(file, &index)?;
    summarize(&index, limits)
}

/// Checks a file as [`check_structure`] does, then inflates every entry and checks size and CRC.
pub fn check_crcs(file: &File, limits: &Limits) -> Result<InnerSummary, InnerError> {
    let index = read_index(file, limits)?;
    check_seamless(file, &index)?;
    let summary = summarize(&index, limits)?;
    let file = Arc::new(file.try_clone().map_err(InnerError::Io)?);
    let mut sink = vec![0; 256 * 1024];
    for entry in &index.entries {
        check_crc(&file, entry, &mut sink)?;
    }
    Ok(summary)
}

fn summarize(index: &Index, limits: &Limits) -> Result<InnerSummary, InnerError> {
    let mut summary = InnerSummary::default();
    for entry in &index.entries {
        let name = EntryName(&entry.name);
        let method = entry.method.map_err(|reason| name.damaged(reason))?;
        if method == Method::Stored && entry.content.size != entry.content.compressed {
            return Err(name.damaged("it is stored, and yet has two sizes"));
        }
        summary.entries += 1;
        summary.size = summary.size.saturating_add(entry.content.size);
        summary.symlinks += u64::from(is_symlink(entry.attributes));
    }
    if summary.size > limits.max_size {
        return Err(InnerError::TooLarge {
            what: "size of the result in bytes",
            limit: limits.max_size,
        });
    }
    Ok(summary)
}

/// Requires that entries begin at the first byte and follow each other, with nothing but data
/// descriptors between them.
fn check_seamless(file: &File, index: &Index) -> Result<(), InnerError> {
    let mut entries: Vec<&Entry> = index.entries.iter().collect();
    entries.sort_unstable_by_key(|entry| entry.header_start);
    let starts = entries.iter().map(|entry| entry.header_start);
    let nexts: Vec<u64> = starts.chain([index.directory_start]).collect();
    if nexts.first() != Some(&0) {
        return Err(InnerError::damaged(
            "it does not begin with its first entry",
        ));
    }
    for (entry, next) in entries.into_iter().zip(&nexts[1..]) {
        let end = entry.data_start.saturating_add(entry.content.compressed);
        let gap = next.saturating_sub(end);
        let fits = match entry.has_descriptor {
            true => is_descriptor_at(file, end, gap, entry)?,
            false => gap == 0,
        };
        if !fits {
            return Err(EntryName(&entry.name).damaged("its data is not what is said after it"));
        }
    }
    Ok(())
}

fn is_descriptor_at(file: &File, at: u64, len: u64, entry: &Entry) -> Result<bool, InnerError> {
    let mut bytes = [0; 24];
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    let Some(bytes) = bytes.get_mut(..len) else {
        return Ok(false);
    };
    file.read_exact_at(bytes, at).map_err(InnerError::Io)?;
    Ok(is_descriptor(bytes, &entry.content))
}

fn check_crc(file: &Arc<File>, entry: &Entry, sink: &mut [u8]) -> Result<(), InnerError> {
    let name = EntryName(&entry.name);
    let source = BodySource {
        file: Arc::clone(file),
        start: entry.data_start,
        method: entry.method.map_err(|reason| name.damaged(reason))?,
        content: entry.content,
        has_crc: true,
    };
    let mut data = source.open();
    loop {
        match data.read(sink) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) => {
                return Err(match error.downcast::<Damaged>() {
                    Ok(Damaged { reason }) => name.damaged(reason),
                    Err(error) => InnerError::Io(error),
                });
            }
        }
    }
}
