//! The socket that the agent listens at: one agent for one socket.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{
    FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use listenfd::ListenFd;
use rustix::fs::{FlockOperation, flock};
use rustix::process::geteuid;
use thiserror::Error;

use crate::file::named;
use crate::text::escape::Shown as _;

/// A listening socket, and what makes it this agent's alone.
pub struct Socket {
    pub(super) listener: UnixListener,
    /// The file to remove at the end, with its inode; `None` for a socket from systemd.
    file: Option<(PathBuf, u64)>,
    /// Locked as long as it is open.
    _lock: Option<File>,
}

/// A socket that cannot be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SocketError {
    /// Another agent answers there.
    #[error("an agent is running already: something answers at {}", .0.shown())]
    InUse(PathBuf),
    /// The folder is not this user's alone.
    #[error("{} must belong to you, and nobody else may look into it", .0.shown())]
    Folder(PathBuf),
    /// Something else is there.
    #[error("{} is there and is no socket", .0.shown())]
    NotASocket(PathBuf),
    /// The system's words.
    #[error("cannot listen at {}: {source}", .path.shown())]
    Io {
        /// The socket.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The socket that systemd passed cannot be used.
    #[error("the socket that was passed by systemd cannot be used: {0}")]
    Passed(io::Error),
}

impl Socket {
    /// The socket that systemd passed, if it did.
    ///
    /// # Errors
    /// When what was passed is no listening Unix socket.
    pub fn passed() -> Result<Option<Self>, SocketError> {
        let mut passed = ListenFd::from_env();
        let listener = passed.take_unix_listener(0).map_err(SocketError::Passed)?;
        Ok(listener.map(|listener| Self {
            listener,
            file: None,
            _lock: None,
        }))
    }

    /// Listens at `path`, in a folder that is this user's alone and is made if it is missing.
    ///
    /// # Errors
    /// [`SocketError`]; an agent that is there is left alone.
    pub fn bind(path: &Path) -> Result<Self, SocketError> {
        let io = |source| SocketError::Io {
            path: path.to_owned(),
            source,
        };
        let folder = path
            .parent()
            .ok_or_else(|| io(ErrorKind::NotFound.into()))?;
        prepare(folder).map_err(io)?;
        // Another user could have put a link to a folder of ours there, which is private, too.
        named::open(folder).map_err(io)?;
        if !is_private(folder).map_err(io)? {
            return Err(SocketError::Folder(folder.to_owned()));
        }
        let lock = lock(path).map_err(io)?;
        let lock = lock.ok_or_else(|| SocketError::InUse(path.to_owned()))?;
        remove_stale(path)?;
        let listener = UnixListener::bind(path).map_err(io)?;
        fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(io)?;
        let inode = fs::symlink_metadata(path).map_err(io)?.ino();
        Ok(Self {
            listener,
            file: Some((path.to_owned(), inode)),
            _lock: Some(lock),
        })
    }

    /// Whether nobody can find it any more: its file, or the folder of that, was removed or replaced.
    pub(super) fn is_gone(&self) -> bool {
        self.file.as_ref().is_some_and(|(path, inode)| {
            fs::symlink_metadata(path).map_or_else(
                |error| error.kind() == ErrorKind::NotFound,
                |it| it.ino() != *inode,
            )
        })
    }

    /// Whether it came from systemd, which starts the agent again when somebody connects.
    pub fn is_passed(&self) -> bool {
        self.file.is_none()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Some((path, inode)) = &self.file
            && fs::symlink_metadata(path).is_ok_and(|it| it.ino() == *inode)
        {
            // One that is left behind is replaced by the next agent.
            let _ = fs::remove_file(path);
        }
    }
}

fn prepare(folder: &Path) -> io::Result<()> {
    match folder.file_name() {
        // By no way through a link of another user, who would have it made elsewhere.
        Some(name) => named::open(named::folder_of(folder))?
            .make(name.as_ref())
            .map(drop),
        None => Ok(()),
    }
}

fn is_private(folder: &Path) -> io::Result<bool> {
    let folder = fs::metadata(folder)?;
    Ok(folder.is_dir() && folder.uid() == geteuid().as_raw() && folder.mode() & 0o077 == 0)
}

/// The lock beside the socket; `None` when another agent has it. The file stays: if it were
/// removed, two agents could each hold the lock of a file of that name.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(PathBuf::from(name))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Removes the socket of an agent that is gone: one that nobody answers at.
fn remove_stale(path: &Path) -> Result<(), SocketError> {
    let io = |source| SocketError::Io {
        path: path.to_owned(),
        source,
    };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io(error)),
        Ok(found) if !found.file_type().is_socket() => {
            return Err(SocketError::NotASocket(path.to_owned()));
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(SocketError::InUse(path.to_owned())),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(io)
        }
        Err(error) => Err(io(error)),
    }
}
