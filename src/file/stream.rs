//! Paths that stand for a stream which this process was started with.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::fd::AsFd as _;
use std::path::Path;

use rustix::fs::OFlags;

/// A stream to write to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputStream {
    Stdout,
    Stderr,
    /// A descriptor of this number, as `3>FILE` or `>(COMMAND)` of a shell passes one.
    Descriptor(u32),
}

impl OutputStream {
    /// The stream that `path` stands for, if it does.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        if path == Path::new("-") || path == Path::new("/dev/stdout") {
            return Some(Self::Stdout);
        }
        if path == Path::new("/dev/stderr") {
            return Some(Self::Stderr);
        }
        let folders = ["/dev/fd", "/proc/self/fd", "/proc/thread-self/fd"];
        let number = folders.iter().find_map(|it| path.strip_prefix(it).ok())?;
        match number.to_str()?.parse().ok()? {
            1 => Some(Self::Stdout),
            2 => Some(Self::Stderr),
            number => Some(Self::Descriptor(number)),
        }
    }

    /// Opens it for writing.
    ///
    /// # Errors
    /// When it was not passed for that.
    pub(crate) fn open(self) -> io::Result<File> {
        match self {
            Self::Stdout => Ok(io::stdout().as_fd().try_clone_to_owned()?.into()),
            Self::Stderr => Ok(io::stderr().as_fd().try_clone_to_owned()?.into()),
            Self::Descriptor(number) => {
                check_passed(number)?;
                // Behind what is there, since another place cannot be known.
                let mut options = OpenOptions::new();
                options.append(true).open(format!("/proc/self/fd/{number}"))
            }
        }
    }

    /// The words for it.
    pub(crate) fn shown(self) -> String {
        match self {
            Self::Stdout => "the standard output".to_owned(),
            Self::Stderr => "the standard error output".to_owned(),
            Self::Descriptor(number) => format!("descriptor {number}"),
        }
    }
}

/// Requires that a descriptor was passed for writing, and is not one that this process opened for itself.
fn check_passed(number: u32) -> io::Result<()> {
    let about = fs::read_to_string(format!("/proc/self/fdinfo/{number}"))?;
    let flags = about.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|it| u32::from_str_radix(it.trim(), 8).ok());
    let flags = OFlags::from_bits_retain(flags.ok_or(ErrorKind::InvalidData)?);
    if flags.contains(OFlags::CLOEXEC) {
        return Err(ErrorKind::NotFound.into());
    }
    match flags & OFlags::RWMODE {
        OFlags::WRONLY | OFlags::RDWR => Ok(()),
        _ => Err(ErrorKind::PermissionDenied.into()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::fd::AsRawFd as _;

    use super::*;

    #[test]
    fn only_paths_of_streams_are_streams() {
        for (path, stream) in [
            ("-", OutputStream::Stdout),
            ("/dev/stdout", OutputStream::Stdout),
            ("//dev/./stdout", OutputStream::Stdout),
            ("/dev/fd/1", OutputStream::Stdout),
            ("/proc/self/fd/1", OutputStream::Stdout),
            ("/dev/stderr", OutputStream::Stderr),
            ("/dev/fd/2", OutputStream::Stderr),
            ("/dev/fd/63", OutputStream::Descriptor(63)),
            ("/proc/self/fd/0", OutputStream::Descriptor(0)),
        ] {
            assert_eq!(OutputStream::of(Path::new(path)), Some(stream), "{path}");
        }
        for path in [
            "./-",
            "dev/stdout",
            "/dev/fd",
            "/dev/fd/x",
            "/dev/fd/-1",
            "/dev/null",
            "/dev/fd/3/x",
        ] {
            assert_eq!(OutputStream::of(Path::new(path)), None, "{path}");
        }
    }

    #[test]
    fn what_this_process_opened_is_no_stream_of_its_user() {
        let folder = tempfile::tempdir().unwrap();
        let file = File::create(folder.path().join("ours")).unwrap();
        let number = u32::try_from(file.as_raw_fd()).unwrap();
        let error = OutputStream::Descriptor(number).open().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}
