//! The call that a worker is in, written where the front can still read it when the worker is gone.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use crate::token::Call;

/// Bytes of a function's name.
const LEN: usize = 48;

/// A file in memory that both have open.
pub(super) struct Notebook(File);

impl Notebook {
    /// An empty one.
    pub(super) fn new() -> io::Result<Self> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let file = {
            use rustix::fs::{MemfdFlags, memfd_create};
            File::from(memfd_create(c"call", MemfdFlags::CLOEXEC)?)
        };
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let file = tempfile::tempfile()?;
        Ok(Self(file))
    }

    /// The one that this process was given.
    pub(super) fn of(file: File) -> Self {
        Self(file)
    }

    pub(super) fn file(&self) -> io::Result<File> {
        self.0.try_clone()
    }

    /// Notes that a call begins.
    pub(super) fn begin(&self, function: &str) {
        let mut line = [0; LEN];
        for (to, from) in line.iter_mut().zip(function.bytes()) {
            *to = from;
        }
        // What cannot be noted is not known later.
        let _ = self.0.write_all_at(&line, 0);
    }

    /// Notes that the call is back.
    pub(super) fn end(&self) {
        let _ = self.0.write_all_at(&[0], 0);
    }

    /// The call that has not come back.
    pub(super) fn call(&self) -> Option<String> {
        let mut line = [0; LEN];
        let len = self.0.read_at(&mut line, 0).ok()?;
        let name = line[..len].split(|byte| *byte == 0).next()?;
        let name = str::from_utf8(name).ok().filter(|name| !name.is_empty())?;
        // The worker may have written anything.
        let known = name == Call::LOAD || name.starts_with("C_");
        let plain = name
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || it == b'_');
        (known && plain).then(|| name.to_owned())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_call_is_known_until_it_is_back() {
        let ours = Notebook::new().unwrap();
        let theirs = Notebook::of(ours.file().unwrap());
        assert_eq!(ours.call(), None);
        theirs.begin("C_GetMechanismList");
        assert_eq!(ours.call().as_deref(), Some("C_GetMechanismList"));
        theirs.end();
        assert_eq!(ours.call(), None);
        theirs.begin("C_Login");
        assert_eq!(ours.call().as_deref(), Some("C_Login"));
        theirs.begin("rm -rf");
        assert_eq!(ours.call(), None);
    }
}
