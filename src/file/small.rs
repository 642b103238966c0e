//! Reading texts in files that must be small, and may hold secrets.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use zeroize::Zeroizing;

use super::regular;
use crate::text::encoding;

/// Room enough for any key, wallet or configuration file.
pub(crate) const LIMIT: usize = 64 * 1024;

/// Reads a regular file of at most [`LIMIT`] bytes, without a byte order mark.
pub(crate) fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    read_opened(regular::open(path)?)
}

/// Reads what is left of an open file, at most [`LIMIT`] bytes, without a byte order mark. UTF-16 is
/// [`ErrorKind::InvalidData`].
pub(crate) fn read_opened(file: File) -> io::Result<Zeroizing<Vec<u8>>> {
    // With all the room it can need, the vector never moves and leaves no copy behind.
    let mut content = Zeroizing::new(Vec::with_capacity(LIMIT + 1));
    let limit = u64::try_from(LIMIT).map_err(io::Error::other)?;
    file.take(limit + 1).read_to_end(&mut content)?;
    if content.len() > LIMIT {
        return Err(io::Error::new(
            ErrorKind::FileTooLarge,
            "larger than 64 KiB",
        ));
    }
    if encoding::is_utf16(&content) {
        return Err(io::Error::new(
            ErrorKind::InvalidData,
            "it is UTF-16 text, not UTF-8",
        ));
    }
    let mark = content.len() - encoding::without_mark(&content).len();
    content.drain(..mark);
    Ok(content)
}

/// The first line of a file, or of a pipe that a shell passes as one, without its end.
pub(crate) fn first_line(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let content = read_opened(File::open(path)?)?;
    Ok(Zeroizing::new(encoding::first_line(&content).to_vec()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_limit_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, vec![7; LIMIT]).unwrap();
        let content = read(&path).unwrap();
        assert_eq!((content.len(), content.capacity()), (LIMIT, LIMIT + 1));
        fs::write(&path, vec![7; LIMIT + 1]).unwrap();
        assert_eq!(read(&path).unwrap_err().kind(), ErrorKind::FileTooLarge);
    }

    #[test]
    fn a_mark_is_dropped_and_utf16_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "\u{feff}text\n").unwrap();
        assert_eq!(**read(&path).unwrap(), *b"text\n");
        assert_eq!(**first_line(&path).unwrap(), *b"text");
        fs::write(&path, b"\xff\xfe1\x002\x00").unwrap();
        for error in [read(&path).unwrap_err(), first_line(&path).unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::InvalidData);
            assert!(error.to_string().contains("UTF-16"), "{error}");
        }
    }

    #[test]
    fn only_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(
            read(folder.path()).unwrap_err().kind(),
            ErrorKind::InvalidInput
        );
        assert_eq!(
            read(&folder.path().join("none")).unwrap_err().kind(),
            ErrorKind::NotFound
        );
    }
}
