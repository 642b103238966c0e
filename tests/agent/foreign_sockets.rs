//! Sockets that another user listens at, as root meets them after `sudo` that keeps the environment: no PIN is
//! sent there, and nothing that comes from there is believed.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::json;
use tempfile::TempDir;

use crate::support::*;

const NOBODY: u32 = 65534;

/// Says that it is a locked agent, and prints all that it hears.
const FAKE: &str = r#"
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(16)
body = open(0).read().encode()
print("ready", flush=True)
while True:
    c, _ = s.accept()
    while data := c.recv(65536):
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        c.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
"#;

/// An agent of another user, that waits for a PIN.
struct Fake {
    /// Stands for `XDG_RUNTIME_DIR`.
    folder: TempDir,
    child: Child,
    heard: BufReader<ChildStdout>,
}

/// A folder of another user, as `XDG_RUNTIME_DIR` is one.
fn runtime_dir() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let inner = folder.path().join("iexec-hsm");
    fs::create_dir(&inner).unwrap();
    for path in [folder.path(), &inner] {
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let socket = inner.join("agent.sock");
    (folder, socket)
}

impl Fake {
    /// One for this token; `None` where this test cannot be another user.
    fn start(status: &serde_json::Value) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: only root can listen as another user");
            return None;
        }
        let (folder, socket) = runtime_dir();
        let mut child = Command::new("setpriv")
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .args(["/usr/bin/env", "python3", "-c", FAKE])
            .arg(&socket)
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(status.to_string().as_bytes()).unwrap();
        drop(stdin);
        let mut heard = BufReader::new(child.stdout.take().unwrap());
        let mut ready = String::new();
        heard.read_line(&mut ready).unwrap();
        assert_eq!(ready, "ready\n");
        Some(Self {
            folder,
            child,
            heard,
        })
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("iexec-hsm/agent.sock")
    }

    /// Ends it, and returns all that it was told.
    fn heard(mut self) -> String {
        self.child.kill().unwrap();
        let mut heard = String::new();
        self.heard.read_to_string(&mut heard).unwrap();
        self.child.wait().unwrap();
        heard
    }
}

/// The status of a locked agent for the token of `work`.
fn locked_status(work: &Work<'_>) -> serde_json::Value {
    let agent = Agent::locked(work, &[]);
    agent.status()
}

#[test]
fn no_pin_goes_to_the_socket_of_another_user() {
    let token = Token::new();
    let work = Work::new(&token);
    let Some(fake) = Fake::start(&locked_status(&work)) else {
        return;
    };
    let sudo = |args: &[&str]| {
        let cmd = work.cmd(args).pin();
        cmd.env("XDG_RUNTIME_DIR", fake.folder.path())
    };
    let named = |args: &[&str]| {
        let cmd = work.cmd(args).pin();
        cmd.env("IEXEC_HSM_AGENT_SOCK", fake.socket())
    };
    for cmd in [sudo(&["agent", "unlock"]), named(&["agent", "unlock"])] {
        let run = cmd.run().fails(40);
        assert!(
            run.err().contains("belongs to another user"),
            "{}",
            run.err()
        );
    }
    // Root may look after it.
    sudo(&["agent", "status"]).run().ok();
    let heard = fake.heard();
    assert!(heard.contains("GET /v1/status"), "{heard}");
    assert!(!heard.contains("/v1/unlock"), "{heard}");
}

#[test]
fn a_pin_that_is_typed_for_a_decryption_goes_to_the_token_and_not_to_another_users_socket() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    let Some(fake) = Fake::start(&locked_status(&work)) else {
        return;
    };
    let decrypt = work.cmd(["result", "decrypt", "a.zip"]);
    let decrypt = decrypt.env("XDG_RUNTIME_DIR", fake.folder.path());
    let mut pty = Pty::spawn(&decrypt);
    pty.expect("PIN of the token")
        .send(&format!("{}\n", keyed.token.pin));
    assert_eq!(pty.wait().0, 0);
    assert_eq!(fake.heard(), "");
}

#[test]
fn keys_are_not_taken_from_another_users_socket() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let mut status = locked_status(&work);
    status["state"] = json!("unlocked");
    let Some(fake) = Fake::start(&status) else {
        return;
    };
    for args in [&["key", "list"][..], &["key", "show"]] {
        for (name, value) in [
            ("XDG_RUNTIME_DIR", fake.folder.path()),
            ("IEXEC_HSM_AGENT_SOCK", &fake.socket()),
        ] {
            work.cmd(args).pin().env(name, value).run().ok();
        }
    }
    assert_eq!(fake.heard(), "");
}

/// A socket that this very process listens at, in the form in which systemd makes one for a service of another
/// user: root listens, and the other user reads.
#[test]
fn no_pin_goes_to_a_socket_that_root_has_made_for_another_user() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can give a socket away");
        return;
    }
    let work = Work::without_token();
    let (_folder, socket) = runtime_dir();
    let listener = UnixListener::bind(&socket).unwrap();
    chown(&socket, Some(NOBODY), Some(NOBODY)).unwrap();
    refuses(&work, &socket, "belongs to another user");
    chown(&socket, Some(0), Some(0)).unwrap();
    let folder = socket.parent().unwrap();
    refuses(&work, &socket, "can replace the agent's socket");
    chown(folder, Some(0), Some(0)).unwrap();
    fs::set_permissions(folder, Permissions::from_mode(0o777)).unwrap();
    refuses(&work, &socket, "can replace the agent's socket");
    drop(listener);
}

#[track_caller]
fn refuses(work: &Work<'_>, socket: &Path, words: &str) {
    let doctor = work.cmd(["key", "list", "-v", "--no-input"]);
    let run = doctor.env("IEXEC_HSM_AGENT_SOCK", socket).run();
    assert!(run.err().contains(words), "{}", run.err());
}
