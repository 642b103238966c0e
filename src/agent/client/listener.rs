//! Who listens at a socket: only this user or root is told a secret, or believed.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;

use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use rustix::process::geteuid;

use super::{ClientError, io_error};
use crate::file::ownership;

/// Whose agent is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// That of this user or of root.
    Own,
    /// Anybody's, where root asks.
    AnyForRoot,
}

impl Trust {
    pub(super) fn is_any(self) -> bool {
        self == Self::AnyForRoot && geteuid().is_root()
    }
}

/// Fails unless this user or root listens, and nobody else can have put the socket there. The listener alone
/// does not say: what systemd listens at for another user's service belongs to that user, and root listens.
pub(super) fn is_trusted(stream: &UnixStream, path: &Path) -> Result<(), ClientError> {
    let io = |source: io::Error| io_error(path, source);
    let listener = getsockopt(stream, PeerCredentials).map_err(|error| io(error.into()))?;
    if !ownership::is_trusted(listener.uid()) {
        return Err(ClientError::Foreign(path.to_owned()));
    }
    let socket = path.canonicalize().map_err(io)?;
    if !ownership::is_trusted(fs::metadata(&socket).map_err(io)?.uid()) {
        return Err(ClientError::Foreign(path.to_owned()));
    }
    let folder = socket.parent().unwrap_or(&socket);
    match ownership::of_folder(folder).map_err(io)? {
        Ok(()) => Ok(()),
        Err(_) => Err(ClientError::Replaceable(path.to_owned())),
    }
}
