//! The entries of a zip file, by random access: bounded, and refused where readers could disagree.

use std::cell::RefCell;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use thiserror::Error;
use zip::extra_fields::ExtraField;
use zip::read::{ArchiveOffset, Config};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::end::{Directory, End, End64, Locator};
use super::positioned::Positioned;
use super::records::{
    Content, END, END64, LOCATOR, Method, begins_like_zip, other_format, readable,
};
use super::second_name;
use super::unreadable::Unreadable;
use crate::archive::Limits;
use crate::archive::limits::MAX_DIRECTORY;
use crate::file::ReadAt;

/// An entry of a zip file.
#[derive(Debug)]
pub struct Entry {
    pub name: Box<[u8]>,
    pub method: Result<Method, Unreadable>,
    pub content: Content,
    pub has_descriptor: bool,
    pub header_start: u64,
    pub data_start: u64,
    pub attributes: u32,
}

/// The entries of a zip file, in the order of its directory.
#[derive(Debug)]
pub struct Index {
    pub entries: Vec<Entry>,
    pub directory_start: u64,
}

/// Why a file has no index.
#[derive(Debug, Error)]
pub enum IndexError {
    #[error("reading failed: {0}")]
    Io(#[from] io::Error),
    #[error("it is not a zip")]
    NotAZip { instead: Option<&'static str> },
    #[error("{reason}")]
    Truncated { reason: String },
    #[error("{reason}")]
    Malformed { reason: String },
    #[error("the {what} is larger than the limit of {limit}")]
    TooLarge { what: &'static str, limit: u64 },
}

impl From<ZipError> for IndexError {
    /// The zip is to blame: what its reader met is known without the crate.
    fn from(error: ZipError) -> Self {
        // Its messages repeat names as they stand in the zip.
        malformed(printable(&error.to_string()))
    }
}

/// `text` with escapes in the place of what a terminal would obey.
fn printable(text: &str) -> String {
    let characters = text.chars().map(|character| match character {
        '\'' | '"' | '\\' => character.to_string(),
        _ => character.escape_debug().to_string(),
    });
    characters.collect()
}

fn malformed(reason: impl Into<String>) -> IndexError {
    IndexError::Malformed {
        reason: reason.into(),
    }
}

/// Reads the directory of a zip that fills a file from its first byte to its last.
pub fn read_index(file: &dyn ReadAt, limits: &Limits) -> Result<Index, IndexError> {
    let failure = RefCell::new(None);
    let len = file.len()?;
    let index = index_of(file, Positioned::new(file, len, &failure), len, limits);
    // The `zip` crate takes some failures of its reader for a zip that is damaged.
    match failure.into_inner() {
        Some(error) => Err(IndexError::Io(error)),
        None => index,
    }
}

fn index_of(
    file: &dyn ReadAt,
    cursor: Positioned<'_>,
    len: u64,
    limits: &Limits,
) -> Result<Index, IndexError> {
    let mut reader = BufReader::new(cursor);
    check_beginning(&mut reader)?;
    let directory = find_directory(&mut reader, len)?;
    if directory.entries > limits.max_entries {
        return Err(IndexError::TooLarge {
            what: "number of entries",
            limit: limits.max_entries,
        });
    }
    if directory.size > MAX_DIRECTORY {
        return Err(IndexError::TooLarge {
            what: "size of the zip's directory in bytes",
            limit: MAX_DIRECTORY,
        });
    }
    let archive = open_consistent(reader, &directory)?;
    Ok(Index {
        entries: entries(archive, file)?,
        directory_start: directory.start,
    })
}

fn check_beginning(reader: &mut impl Read) -> Result<(), IndexError> {
    let mut signature = Vec::new();
    reader.take(4).read_to_end(&mut signature)?;
    if begins_like_zip(&signature) {
        Ok(())
    } else {
        Err(IndexError::NotAZip {
            instead: other_format(&signature),
        })
    }
}

/// Finds the directory from the end of the file.
///
/// The `zip` crate would also take an end record from the middle of a comment. Where that could
/// happen, the zip is refused, so that this and that crate look at the same directory.
fn find_directory(reader: &mut (impl Read + Seek), len: u64) -> Result<Directory, IndexError> {
    let Some(Tail { start, bytes, at }) = find_end(reader, len)? else {
        return Err(IndexError::Truncated {
            reason: "the end of the zip is not there".into(),
        });
    };
    let Some((end, comment)) = bytes[at + 4..].split_first_chunk() else {
        return Err(IndexError::Truncated {
            reason: "the zip ends within its last record".into(),
        });
    };
    let end = End::parse(end);
    if comment.len() != usize::from(end.comment_len) {
        return Err(malformed("the zip does not end where it says"));
    }
    let end_start = start + at as u64;
    let (wide, directory_end) = match find_wide_end(reader, end_start)? {
        Some((wide, start)) => (Some(wide), start),
        None => (None, end_start),
    };
    let directory = end.directory(wide.as_ref()).map_err(malformed)?;
    if directory.start.checked_add(directory.size) != Some(directory_end) {
        return Err(malformed("the zip's directory is not where it says"));
    }
    Ok(directory)
}

/// The last bytes of a file, from `start` on, with the last end record at `at`.
struct Tail {
    start: u64,
    bytes: Vec<u8>,
    at: usize,
}

/// Looks behind the longest comment only where the end record is not the last thing in the file:
/// most zips have no comment, and many are smaller than the longest.
fn find_end(reader: &mut (impl Read + Seek), len: u64) -> io::Result<Option<Tail>> {
    const RECORD: u64 = (4 + End::LEN) as u64;
    for room in [RECORD, RECORD + u64::from(u16::MAX)] {
        let start = len.saturating_sub(room);
        reader.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::with_capacity((len - start) as usize);
        reader.read_to_end(&mut bytes)?;
        if let Some(at) = rfind(&bytes, &END.to_le_bytes()) {
            return Ok(Some(Tail { start, bytes, at }));
        }
    }
    Ok(None)
}

/// Finds the wide end, which stands right before the narrow one. Some programs write one where nothing
/// asks for it; it then has to say the same ([`End::directory`]), because not all readers look at it.
/// Those that do also find one that stands in the comment of the last entry.
fn find_wide_end(
    reader: &mut (impl Read + Seek),
    end_start: u64,
) -> Result<Option<(End64, u64)>, IndexError> {
    const LOCATOR_LEN: u64 = (4 + Locator::LEN) as u64;
    const END64_LEN: u64 = (4 + End64::LEN) as u64;
    let Some(locator_start) = end_start.checked_sub(LOCATOR_LEN) else {
        return Ok(None);
    };
    let Some(locator) = record(reader, locator_start, LOCATOR)? else {
        return Ok(None);
    };
    let end64_start = Locator::parse(&locator).map_err(malformed)?.end64_start;
    if end64_start.checked_add(END64_LEN) != Some(locator_start) {
        return Err(malformed("the zip64 end record is not where it should be"));
    }
    let wide = record(reader, end64_start, END64)?
        .ok_or_else(|| malformed("the zip64 end record is not there"))?;
    let wide = End64::parse(&wide).map_err(malformed)?;
    Ok(Some((wide, end64_start)))
}

/// Reads a record, if its signature is there.
fn record<const N: usize>(
    reader: &mut (impl Read + Seek),
    start: u64,
    signature: u32,
) -> Result<Option<[u8; N]>, IndexError> {
    reader.seek(SeekFrom::Start(start))?;
    let mut found = [0; 4];
    reader.read_exact(&mut found)?;
    if found != signature.to_le_bytes() {
        return Ok(None);
    }
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(Some(bytes))
}

fn rfind(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .rposition(|window| window == needle)
}

fn open_consistent<R: Read + Seek>(
    reader: R,
    directory: &Directory,
) -> Result<ZipArchive<R>, IndexError> {
    let config = Config {
        archive_offset: ArchiveOffset::Known(0),
    };
    let mut archive = ZipArchive::with_config(config, reader)?;
    if archive.has_duplicate_names() {
        return Err(malformed("two entries have the same name"));
    }
    archive.validate_header_consistency()?;
    let start = archive.central_directory_start();
    let seen = (archive.offset(), archive.len() as u64, start);
    if seen != (0, directory.entries, directory.start) {
        return Err(malformed("the zip's end can be read in two ways"));
    }
    Ok(archive)
}

fn entries<R: Read + Seek>(
    mut archive: ZipArchive<R>,
    file: &dyn ReadAt,
) -> Result<Vec<Entry>, IndexError> {
    (0..archive.len())
        .map(|at| {
            let entry = archive.by_index_raw(at)?;
            // The crate puts such a name in the place of the entry's own.
            let has_second_name = entry
                .extra_data_fields()
                .any(|field| matches!(field, ExtraField::UnicodePath(_)));
            let (local, central) = (entry.header_start(), entry.central_header_start());
            if has_second_name && !second_name::agrees(file, local, central, entry.name_raw())? {
                let name = printable(&String::from_utf8_lossy(entry.name_raw()));
                return Err(malformed(format!(
                    "{name} has a second name that is not the same"
                )));
            }
            Ok(Entry {
                name: entry.name_raw().into(),
                method: readable(entry.flags().as_u16(), number(entry.compression())),
                content: Content {
                    crc: entry.crc32(),
                    compressed: entry.compressed_size(),
                    size: entry.size(),
                },
                has_descriptor: entry.flags().is_using_data_descriptor(),
                header_start: local,
                data_start: entry
                    .data_start()
                    .ok_or_else(|| malformed("an entry has no data"))?,
                attributes: entry.external_attributes(),
            })
        })
        .collect()
}

/// The number that a method of compression has in a zip.
fn number(method: CompressionMethod) -> u16 {
    #[allow(deprecated, reason = "the number of an unknown method is nowhere else")]
    match method {
        CompressionMethod::Stored => 0,
        CompressionMethod::Deflated => 8,
        CompressionMethod::Unsupported(number) => number,
        _ => u16::MAX,
    }
}

#[cfg(test)]
mod tests;
