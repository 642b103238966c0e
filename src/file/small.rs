//! Reading files that must be small, and may hold secrets.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use zeroize::Zeroizing;

/// Room enough for any key, wallet or configuration file.
pub(crate) const LIMIT: usize = 64 * 1024;

/// Reads a regular file of at most [`LIMIT`] bytes.
pub(crate) fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    read_opened(open(path)?)
}

/// Opens a regular file.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    // Asked before opening, because opening a pipe that nobody writes to would wait for ever.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(
            ErrorKind::InvalidInput,
            "not a regular file",
        ));
    }
    File::open(path)
}

/// Reads what is left of an open file, at most [`LIMIT`] bytes.
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
    Ok(content)
}

/// The first line of a file, or of a pipe that a shell passes as one, without its end.
pub(crate) fn first_line(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let content = read_opened(File::open(path)?)?;
    let line = content.split(|&byte| byte == b'\n').next();
    let line = line.unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    Ok(Zeroizing::new(line.to_vec()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
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
