//! The socket that the agent listens at: one agent for one socket.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use listenfd::ListenFd;
use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::process::geteuid;
use thiserror::Error;

use crate::file::dir::Dir;
use crate::file::named;
use crate::text::escape::Shown as _;

/// A listening socket, and what makes it this agent's alone.
pub struct Socket {
    pub(super) listener: UnixListener,
    /// The file to remove at the end; `None` for a socket from systemd.
    file: Option<SocketFile>,
    /// Locked as long as it is open.
    _lock: Option<File>,
}

struct SocketFile {
    /// Where others find it.
    path: PathBuf,
    folder: Dir,
    inode: u64,
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
        // A longer one could be listened at in this way, and reached by nobody.
        SocketAddr::from_pathname(path).map_err(io)?;
        let folder = path
            .parent()
            .ok_or_else(|| io(ErrorKind::NotFound.into()))?;
        prepare(folder).map_err(io)?;
        // Another user could have put a link to a folder of ours there, which is private, too.
        Self::bind_in(named::open(folder).map_err(io)?, path)
    }

    /// Listens in `folder`, where `path` led. Whatever is under that path by now, it is there that the socket and its
    /// lock are made: the folder is looked at and held.
    fn bind_in(folder: Dir, path: &Path) -> Result<Self, SocketError> {
        let io = |source| SocketError::Io {
            path: path.to_owned(),
            source,
        };
        let name = path
            .file_name()
            .ok_or_else(|| io(ErrorKind::IsADirectory.into()))?;
        let found = folder.look().map_err(io)?;
        if !found.is_private_of(geteuid().as_raw()) {
            return Err(SocketError::Folder(named::folder_of(path).to_owned()));
        }
        let lock = lock(&folder, name).map_err(io)?;
        let lock = lock.ok_or_else(|| SocketError::InUse(path.to_owned()))?;
        let held = folder.path_of(name);
        remove_stale(&held, path)?;
        let listener = UnixListener::bind(&held).map_err(io)?;
        fs::set_permissions(&held, Permissions::from_mode(0o600)).map_err(io)?;
        let inode = fs::symlink_metadata(&held).map_err(io)?.ino();
        Ok(Self {
            listener,
            file: Some(SocketFile {
                path: path.to_owned(),
                folder,
                inode,
            }),
            _lock: Some(lock),
        })
    }

    /// Whether nobody can find it any more: its file, or the folder of that, was removed or replaced.
    pub(super) fn is_gone(&self) -> bool {
        self.file.as_ref().is_some_and(|file| {
            fs::symlink_metadata(&file.path).map_or_else(
                |error| error.kind() == ErrorKind::NotFound,
                |it| it.ino() != file.inode,
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
        let Some(SocketFile {
            path,
            folder,
            inode,
        }) = &self.file
        else {
            return;
        };
        if let Some(name) = path.file_name()
            && fs::symlink_metadata(folder.path_of(name)).is_ok_and(|it| it.ino() == *inode)
        {
            // One that is left behind is replaced by the next agent.
            let _ = folder.remove_file(name);
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

/// The lock beside the socket; `None` when another agent has it. The file stays: if it were
/// removed, two agents could each hold the lock of a file of that name.
fn lock(folder: &Dir, socket: &OsStr) -> io::Result<Option<File>> {
    let mut name = socket.to_owned();
    name.push(".lock");
    let file = folder.open_file(&name, OFlags::WRONLY | OFlags::CREATE)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Removes the socket of an agent that is gone: one that nobody answers at. It is at `held`, which `path` stands for.
fn remove_stale(held: &Path, path: &Path) -> Result<(), SocketError> {
    let io = |source| SocketError::Io {
        path: path.to_owned(),
        source,
    };
    match fs::symlink_metadata(held) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io(error)),
        Ok(found) if !found.file_type().is_socket() => {
            return Err(SocketError::NotASocket(path.to_owned()));
        }
        Ok(_) => {}
    }
    match UnixStream::connect(held) {
        Ok(_) => Err(SocketError::InUse(path.to_owned())),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            fs::remove_file(held).map_err(io)
        }
        Err(error) => Err(io(error)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn it_is_in_the_folder_that_was_looked_at_whatever_has_its_name_by_then() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["run", "precious"] {
            fs::create_dir(at(name)).unwrap();
            fs::set_permissions(at(name), Permissions::from_mode(0o700)).unwrap();
        }
        let held = named::open(&at("run")).unwrap();
        fs::rename(at("run"), at("moved")).unwrap();
        symlink("precious", at("run")).unwrap();
        let socket = Socket::bind_in(held, &at("run/agent.sock")).unwrap();
        UnixStream::connect(at("moved/agent.sock")).unwrap();
        let mode = fs::metadata(at("moved/agent.sock")).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(at("moved/agent.sock.lock").is_file());
        // Who asks under the name that was given finds none.
        assert!(socket.is_gone());
        let again = Socket::bind_in(named::open(&at("moved")).unwrap(), &at("moved/agent.sock"));
        assert!(matches!(again, Err(SocketError::InUse(_))));
        drop(socket);
        assert!(!at("moved/agent.sock").exists());
        assert_eq!(fs::read_dir(at("precious")).unwrap().count(), 0);
    }

    #[test]
    fn a_path_that_nobody_could_connect_to_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long".repeat(30)).join("agent.sock");
        assert!(matches!(Socket::bind(&path), Err(SocketError::Io { .. })));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
