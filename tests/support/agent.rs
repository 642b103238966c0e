//! A running agent, and plain HTTP to it that owes nothing to our client.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Cmd, Run, Started, Token, Work, json_schema};

const PATIENCE: Duration = Duration::from_secs(30);

/// An agent in the foreground; it is killed when this is dropped.
pub struct Agent {
    started: Option<Started>,
    pub socket: PathBuf,
    pub audit: PathBuf,
}

/// A folder for a socket, which only its owner can look into.
pub fn socket_folder() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let socket = folder.path().join("agent.sock");
    (folder, socket)
}

impl Agent {
    /// One that nobody has unlocked yet.
    pub fn locked(work: &Work<'_>, args: &[&str]) -> Self {
        Self::start(command(work, args))
    }

    /// One that has got the PIN.
    pub fn unlocked(work: &Work<'_>, args: &[&str]) -> Self {
        Self::start(command(work, args).pin())
    }

    /// One that is started by `cmd`, of [`command`].
    pub fn start(cmd: Cmd) -> Self {
        let folder = cmd.folder().join("../agent");
        let mut agent = Self::of(cmd.start(), folder.join("agent.sock"));
        agent.until("it answers", |agent| {
            let started = agent.started.as_mut().unwrap();
            if !started.runs() {
                agent.started.take().unwrap().wait().ok();
                panic!("it has ended");
            }
            UnixStream::connect(&agent.socket).is_ok()
        });
        // It listens before it answers.
        agent.status();
        agent
    }

    /// One that may not answer yet.
    pub fn of(started: Started, socket: PathBuf) -> Self {
        Self {
            started: Some(started),
            audit: socket.with_file_name("audit"),
            socket,
        }
    }

    pub fn id(&self) -> u32 {
        self.started.as_ref().unwrap().id()
    }

    pub fn runs(&mut self) -> bool {
        self.started.as_mut().unwrap().runs()
    }

    /// The processes that it has started.
    pub fn workers(&self) -> Vec<u32> {
        let parent = self.id().to_string();
        let ids = fs::read_dir("/proc").unwrap().filter_map(|entry| {
            let id: u32 = entry.unwrap().file_name().to_str()?.parse().ok()?;
            // The name of a process may have blanks in it.
            let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
            let mut words = stat.rsplit(") ").next()?.split(' ').skip(1);
            (words.next()? == parent).then_some(id)
        });
        ids.collect()
    }

    pub fn signal(&self, signal: Signal) {
        self.started.as_ref().unwrap().signal(signal);
    }

    /// Waits for its end.
    pub fn wait(mut self) -> Run {
        self.check_audit();
        self.started.take().unwrap().wait()
    }

    /// A command that finds this agent; nothing else tells it the PIN.
    pub fn cmd<S: AsRef<std::ffi::OsStr>>(
        &self,
        work: &Work<'_>,
        args: impl IntoIterator<Item = S>,
    ) -> Cmd {
        work.cmd(args).env("IEXEC_HSM_AGENT_SOCK", &self.socket)
    }

    pub fn get(&self, path: &str) -> (u16, Value) {
        self.request("GET", path, "")
    }

    pub fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.request("POST", path, &body.to_string())
    }

    pub fn request(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let mut connection = Connection::open(&self.socket);
        connection.send(method, path, body).json()
    }

    pub fn status(&self) -> Value {
        let (status, body) = self.get("/v1/status");
        assert_eq!(status, 200, "{body}");
        body
    }

    pub fn state(&self) -> String {
        self.status()["state"].as_str().unwrap().to_owned()
    }

    pub fn unlock(&self, pin: &str) -> (u16, Value) {
        let pin = BASE64_STANDARD.encode(pin);
        self.post("/v1/unlock", &json!({ "pin": pin }))
    }

    /// The URI of the only result key.
    pub fn key(&self) -> String {
        let (_, keys) = self.get("/v1/keys");
        keys["keys"][0]["key"].as_str().unwrap().to_owned()
    }

    /// Asks for a content key of today's form.
    pub fn unwrap(&self, key: &str, wrapped: &[u8]) -> (u16, Value) {
        self.post("/v1/unwrap", &unwrap_body(key, wrapped))
    }

    /// The lines of its audit so far.
    pub fn lines(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.audit).unwrap_or_default();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    }

    /// Insists that each line of its audit is what docs/json-schema/ says. The last one may be cut off by a kill.
    fn check_audit(&self) {
        if thread::panicking() {
            return;
        }
        let text = fs::read_to_string(&self.audit).unwrap_or_default();
        let lines = text.lines().filter_map(|it| serde_json::from_str(it).ok());
        lines.for_each(|it: Value| json_schema::check(json_schema::AUDIT, &it));
    }

    /// Those of requests.
    pub fn requests(&self) -> Vec<Value> {
        let mut lines = self.lines();
        lines.retain(|line| line["request"].is_string());
        lines
    }

    /// Waits until something is so.
    #[track_caller]
    pub fn until(&mut self, what: &str, mut is_so: impl FnMut(&mut Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(Instant::now() < deadline, "it is not so that {what}");
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        if let Some(started) = self.started.take() {
            started.signal(Signal::KILL);
            started.wait();
            self.check_audit();
        }
    }
}

/// Whether none of these processes is there any more.
pub fn all_gone(ids: &[u32]) -> bool {
    ids.iter().all(|id| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat"));
        // Nobody may have waited for one that has ended.
        stat.is_err() || stat.is_ok_and(|it| it.contains(") Z "))
    })
}

/// `agent start` with a socket and an audit file of its own beside the work folder.
pub fn command(work: &Work<'_>, args: &[&str]) -> Cmd {
    use std::os::unix::fs::DirBuilderExt;
    let folder = work.folder().join("../agent");
    if !folder.exists() {
        fs::DirBuilder::new().mode(0o700).create(&folder).unwrap();
    }
    work.cmd([&["agent", "start"], args].concat())
        .env("IEXEC_HSM_AGENT_SOCK", folder.join("agent.sock"))
        .env("IEXEC_HSM_AUDIT_LOG", folder.join("audit"))
}

/// What `/v1/unwrap` wants for a key of today's form.
pub fn unwrap_body(key: &str, wrapped: &[u8]) -> Value {
    let wrapped = BASE64_STANDARD.encode(wrapped);
    json!({ "key": key, "scheme": "current", "wrappedKey": wrapped })
}

/// A connection that is kept.
pub struct Connection(pub UnixStream);

/// An answer as it came.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Connection {
    pub fn open(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(stream)
    }

    pub fn send(&mut self, method: &str, path: &str, body: &str) -> Answer {
        self.write(&format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ));
        self.answer()
    }

    pub fn write(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).unwrap();
    }

    /// Reads one answer.
    #[track_caller]
    pub fn answer(&mut self) -> Answer {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte).expect("an answer");
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let header = |name: &str| {
            let lines = head.lines().filter_map(|line| line.split_once(": "));
            lines
                .filter(|it| it.0.eq_ignore_ascii_case(name))
                .map(|it| it.1.to_owned())
                .next()
        };
        let len = header("content-length").map_or(0, |len| len.parse().unwrap());
        let mut body = vec![0; len];
        self.0.read_exact(&mut body).unwrap();
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head,
            body,
        }
    }

    /// Whether the other side has closed it, once it has.
    pub fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).is_ok()
    }
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> (u16, Value) {
        let text = String::from_utf8_lossy(&self.body);
        let json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        (self.status, json)
    }
}

/// A token with a PIN that nothing else in the world looks like.
pub const MARKED_PIN: &str = "Mark3d-p1n-7f29c0-8d1eKz40w6Qm5rTbXh2L9vNs";

/// A token with that PIN and a result key.
pub fn marked() -> (Token, String) {
    let mut token = Token::uninitialised();
    token.pin = MARKED_PIN.to_owned();
    token.add("test");
    let work = Work::new(&token);
    let address = ["--wallet-address", super::ADDRESS];
    let generate = ["result", "generate-keys", "--bits=2048"];
    work.run([&generate[..], &address].concat()).ok();
    let public = work.read(format!(".secrets/beneficiary/{}_key.pub", super::ADDRESS));
    (token, String::from_utf8(public).unwrap())
}
