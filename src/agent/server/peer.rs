use std::fs;
use std::io;

use nix::unistd::{Pid, getsid};
use rustix::process::geteuid;
use tokio::net::UnixStream;

use super::confirm::Allowed;
use super::waiting::Origin;

/// The process at the other end of a connection.
#[derive(Debug)]
pub(super) struct Peer {
    /// The user.
    pub(super) uid: u32,
    /// The process id when it connected; a hint only, since it may have been given on since. 0 where it is in another pid
    /// namespace.
    pub(super) pid: i32,
    /// The program, once it was found and as far as it can be told.
    pub(super) program: String,
    /// Whether that is only the name which the process has given itself.
    pub(super) names_itself: bool,
    /// What a person has allowed it.
    pub(super) allowed: Allowed,
}

impl Peer {
    /// Asks the kernel.
    pub(super) fn of(stream: &UnixStream) -> io::Result<Self> {
        let credentials = stream.peer_cred()?;
        Ok(Self {
            uid: credentials.uid(),
            pid: credentials.pid().unwrap_or_default(),
            program: String::new(),
            names_itself: false,
            allowed: Allowed::default(),
        })
    }

    /// Looks for its program.
    pub(super) fn find_program(&mut self) {
        let file = fs::read_link(format!("/proc/{}/exe", self.pid));
        self.names_itself = file.is_err();
        self.program = match file {
            Ok(path) => path.to_string_lossy().into_owned(),
            // It is not to be seen of one that cannot be traced.
            Err(_) => {
                let name = fs::read_to_string(format!("/proc/{}/comm", self.pid));
                name.unwrap_or_default().trim_end().to_owned()
            }
        };
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
