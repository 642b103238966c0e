use std::fs;
use std::io;

use nix::unistd::{Pid, getsid};
use rustix::process::geteuid;
use tokio::net::UnixStream;

use super::waiting::Origin;

/// The process at the other end of a connection.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    /// The user.
    pub(super) uid: u32,
    /// The process id when it connected; a hint only, since it may have been given on since. 0 where it is in another pid
    /// namespace.
    pub(super) pid: i32,
    /// The program, once it was found and as far as it can be told.
    pub(super) program: String,
}

impl Peer {
    /// Asks the kernel.
    pub(super) fn of(stream: &UnixStream) -> io::Result<Self> {
        let credentials = stream.peer_cred()?;
        Ok(Self {
            uid: credentials.uid(),
            pid: credentials.pid().unwrap_or_default(),
            program: String::new(),
        })
    }

    /// Looks for its program.
    pub(super) fn find_program(&mut self) {
        self.program = program(self.pid);
    }

    /// What it counts with where connections are many. All of another pid namespace count as one process, and
    /// all whose session began in another one as one session: the kernel says 0 for each.
    pub(super) fn origin(&self) -> Origin {
        let session = match self.pid {
            // The agent's own session is meant by it.
            0 => None,
            pid => getsid(Some(Pid::from_raw(pid))).ok(),
        };
        Origin {
            process: self.pid,
            session: session.map_or(0, Pid::as_raw),
        }
    }

    /// Whether it may ask anything.
    pub(super) fn is_allowed(&self, root_too: bool) -> bool {
        self.uid == geteuid().as_raw() || (root_too && self.uid == 0)
    }
}

/// The program's file, or its name where that is not to be seen, as for one that cannot be traced.
fn program(pid: i32) -> String {
    fs::read_link(format!("/proc/{pid}/exe")).map_or_else(
        |_| {
            let name = fs::read_to_string(format!("/proc/{pid}/comm"));
            name.unwrap_or_default().trim_end().to_owned()
        },
        |path| path.to_string_lossy().into_owned(),
    )
}
