use std::fs;
use std::io;

use rustix::process::{Pid, geteuid, getsid};
use tokio::net::UnixStream;

use super::waiting::Origin;

/// The process at the other end of a connection.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    /// The user.
    pub(super) uid: u32,
    /// The process id when it connected; a hint only, since it may have been given on since.
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

    /// What it counts with where connections are many.
    pub(super) fn origin(&self) -> Origin {
        let session = Pid::from_raw(self.pid).and_then(|pid| getsid(Some(pid)).ok());
        Origin {
            process: self.pid,
            session: session.map_or(0, |it| it.as_raw_nonzero().get()),
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
