//! Another user of this machine, who means no good: a program of theirs that swaps, links and races.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::Work;

/// The number of the user, who owns nothing else here.
pub const NEIGHBOUR: u32 = 65534;

/// What every program of theirs begins with: a first line that says that it has begun, and steps that may fail.
const PRELUDE: &str = "import os, sys
print('begun', flush=True)
def attempt(step, *args):
    try: return step(*args)
    except OSError: return None
";

/// A program of theirs, which runs until it is dropped.
pub struct Neighbour(Child);

impl Neighbour {
    /// Whether somebody here can play another user; says so where not.
    pub fn can_be_played() -> bool {
        let is_root = rustix::process::geteuid().is_root();
        if !is_root {
            eprintln!("skipped: only root can play another user");
        }
        is_root
    }

    /// Starts it, once it is known that it can begin; `None` where nobody can play another user.
    pub fn start(work: &Work<'_>, program: &str, args: &[&Path]) -> Option<Self> {
        if !Self::can_be_played() {
            return None;
        }
        // They may go where the work is done.
        for folder in [work.folder().parent()?, &work.folder()] {
            fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
        }
        let user = format!("--reuid={NEIGHBOUR}");
        let group = format!("--regid={NEIGHBOUR}");
        let mut neighbour = Self(
            Command::new("setpriv")
                .args([&user, &group, "--clear-groups", "python3", "-c"])
                .arg(format!("{PRELUDE}{program}"))
                .args(args)
                // One that only root can reach is of no use.
                .env("PATH", "/usr/bin:/bin")
                .stdout(Stdio::piped())
                .spawn()
                .expect("setpriv, of util-linux"),
        );
        let mut line = String::new();
        let out = neighbour.0.stdout.as_mut().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        if line != "begun\n" {
            eprintln!("skipped: there is no python3 for another user");
            return None;
        }
        Some(neighbour)
    }

    /// Gives them a file, a folder or a link.
    pub fn owns(path: &Path) {
        std::os::unix::fs::lchown(path, Some(NEIGHBOUR), Some(NEIGHBOUR)).unwrap();
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
