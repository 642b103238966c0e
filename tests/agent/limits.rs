//! What strangers, crowds and nonsense can do to an agent: nothing that a good client would notice.

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use crate::support::agent::{Connection, unwrap_body};
use crate::support::*;

/// Says where a command of another user is to be had, or why there is none.
fn as_nobody() -> Option<Command> {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root can ask as another user");
        return None;
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    Some(command)
}

const ASK: &str = "import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b'GET /v1/status HTTP/1.1\\r\\nhost: x\\r\\nconnection: close\\r\\n\\r\\n')
while data := s.recv(4096): sys.stdout.write(data.decode())";

#[test]
fn another_user_is_refused() {
    let Some(mut other) = as_nobody() else { return };
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::unlocked(&work, &["--allow-root"]);
    // The system lets nobody else in; the agent must not rely on that.
    let open = Permissions::from_mode(0o777);
    fs::set_permissions(&agent.socket, open.clone()).unwrap();
    for folder in [work.folder().join("../agent"), work.folder().join("..")] {
        fs::set_permissions(folder, open.clone()).unwrap();
    }
    other
        .args(["/usr/bin/env", "python3", "-c", ASK])
        .arg(&agent.socket);
    let output = match other.env("PATH", "/usr/bin:/bin").output() {
        Ok(output) if output.status.success() => output,
        output => {
            println!("skipped: no python3 for another user: {output:?}");
            return;
        }
    };
    let answer = String::from_utf8_lossy(&output.stdout);
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert!(!answer.contains("pkcs11:"), "{answer}");
    let refused = agent
        .lines()
        .into_iter()
        .find(|line| line["uid"] == 65534)
        .unwrap();
    assert_eq!(refused["outcome"], "other-user");
    // Its own user goes on being served.
    assert_eq!(agent.state(), "unlocked");
}

#[test]
fn a_thousand_connections_and_half_requests_hold_nobody_up() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let mut agent = Agent::unlocked(&work, &[]);
    let key = agent.key();
    let content_key = [7; 32];
    let wrapped = openssl::rsa_wrap(&keyed.public, &content_key);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let good = scope.spawn(|| {
            let mut served = 0;
            while !over.load(Ordering::Relaxed) || served == 0 {
                let (status, body) = agent.unwrap(&key, &wrapped);
                assert_eq!(
                    (status, &body["contentKey"]),
                    (200, &BASE64_STANDARD.encode(content_key).into())
                );
                served += 1;
            }
        });
        let mut crowd = Vec::new();
        for number in 0..1000 {
            let mut stream = UnixStream::connect(&agent.socket).unwrap();
            // It may have been sent away already.
            let _ = match number % 4 {
                0 => Ok(()),
                1 => stream.write_all(b"GET /v1/sta"),
                2 => stream.write_all(
                    b"POST /v1/unwrap HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n{",
                ),
                _ => stream.write_all(b"GET /v1/status HTTP/1.1\r\nhost: x\r\n\r\n"),
            };
            crowd.push(stream);
        }
        over.store(true, Ordering::Relaxed);
        good.join().unwrap();
        // While the crowd is there still, new ones are served.
        assert_eq!(agent.state(), "unlocked");
        drop(crowd);
    });
    let open = || {
        fs::read_dir(format!("/proc/{}/fd", agent.id()))
            .unwrap()
            .count()
    };
    assert!(open() < 300, "{} files are open", open());
    assert!(agent.runs());
}

#[test]
fn nonsense_is_refused_and_the_next_request_is_served() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let mut agent = Agent::unlocked(&work, &[]);
    let key = agent.key();
    let long = "x".repeat(20_000);
    let many: String = (0..50).map(|i| format!("x-{i}: 1\r\n")).collect();
    for (request, status) in [
        ("nonsense\r\n\r\n".to_owned(), 400),
        (format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n"), 414),
        (format!("GET /v1/status HTTP/1.1\r\nx: {long}\r\n\r\n"), 431),
        (format!("GET /v1/status HTTP/1.1\r\n{many}\r\n"), 431),
        (
            "POST /v1/unlock HTTP/1.1\r\ncontent-length: -1\r\n\r\n".to_owned(),
            400,
        ),
        (
            format!("POST /v1/unlock HTTP/1.1\r\ncontent-length: 20000\r\n\r\n{long}"),
            413,
        ),
        ("\u{16}\u{3}\u{1}\u{2}\u{0}\r\n\r\n".to_owned(), 400),
    ] {
        let mut connection = Connection::open(&agent.socket);
        // All of it may be more than is read.
        let _ = connection.0.write_all(request.as_bytes());
        let answer = connection.answer();
        assert!(
            answer.status == status || (status == 414 && answer.status == 431),
            "{:.60}: {}",
            request,
            answer.head
        );
    }
    for (method, path, body, status) in [
        ("GET", "/", String::new(), 404),
        ("GET", "/v1/unwrap", String::new(), 405),
        ("DELETE", "/v1/status", String::new(), 405),
        ("POST", "/v1/unwrap", String::new(), 400),
        ("POST", "/v1/unwrap", "{".to_owned(), 400),
        ("POST", "/v1/unwrap", "[]".to_owned(), 400),
        ("POST", "/v1/unwrap", "{".repeat(16_000), 400),
        (
            "POST",
            "/v1/unwrap",
            json!({"key": key, "scheme": "raw", "wrappedKey": ""}).to_string(),
            400,
        ),
        (
            "POST",
            "/v1/unwrap",
            json!({"key": key, "scheme": "current", "wrappedKey": "%"}).to_string(),
            400,
        ),
        (
            "POST",
            "/v1/unwrap",
            unwrap_body(&key, &[1; 255]).to_string(),
            400,
        ),
        (
            "POST",
            "/v1/unwrap",
            unwrap_body("pkcs11:token=other", &[1; 256]).to_string(),
            404,
        ),
        (
            "POST",
            "/v1/unwrap",
            unwrap_body("pkcs11:?module-path=/tmp/evil.so", &[1; 255]).to_string(),
            400,
        ),
        (
            "POST",
            "/v1/unwrap",
            unwrap_body("nothing", &[1; 256]).to_string(),
            404,
        ),
        ("POST", "/v1/unlock", r#"{"pin": 1234}"#.to_owned(), 400),
        (
            "POST",
            "/v1/wallet/sign-sms-challenge",
            r#"{"digest": "00"}"#.to_owned(),
            400,
        ),
    ] {
        let (got, answer) = agent.request(method, path, &body);
        assert_eq!(got, status, "{method} {path} {body:.80}: {answer}");
        assert_eq!(answer["ok"], false);
        assert!(answer["error"]["code"].is_string());
    }
    let malformed = |line: &&serde_json::Value| line["request"] == "malformed";
    let count = |agent: &mut Agent| agent.lines().iter().filter(malformed).count();
    agent.until("all of it was noted", |agent| count(agent) == 6);
    assert_eq!(agent.state(), "unlocked");
}

#[test]
fn every_bad_ciphertext_is_answered_as_a_good_one_is() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::unlocked(&work, &[]);
    let key = agent.key();
    let wrap = |bytes: &[u8]| openssl::rsa_wrap(&keyed.public, bytes);
    let good = wrap(&[7; 32]);
    let mut flipped = good.clone();
    flipped[100] ^= 1;
    let bad = [
        flipped,
        wrap(&[7; 31]),
        wrap(&[7; 33]),
        wrap(b""),
        vec![0xff; 256],
        vec![0; 256],
        openssl::rsa_wrap_oaep(&keyed.public, &[7; 32]),
    ];
    let answer = |wrapped: &[u8]| {
        let body = unwrap_body(&key, wrapped).to_string();
        let answer = Connection::open(&agent.socket).send("POST", "/v1/unwrap", &body);
        let date = answer.head.lines().find(|line| line.starts_with("date: "));
        let head = answer.head.replace(date.unwrap(), "");
        let (status, json) = answer.json();
        let key = BASE64_STANDARD
            .decode(json["contentKey"].as_str().unwrap())
            .unwrap();
        (status, head, answer.body.len(), key)
    };
    let (status, head, len, content_key) = answer(&good);
    assert_eq!((status, content_key.as_slice()), (200, &[7; 32][..]));
    let mut seen = vec![content_key];
    for wrapped in &bad {
        let (bad_status, bad_head, bad_len, random) = answer(wrapped);
        assert_eq!((bad_status, bad_head, bad_len), (status, head.clone(), len));
        assert_eq!(random.len(), 32);
        assert!(!seen.contains(&random), "it is random");
        seen.push(random);
    }
}

#[test]
fn failures_in_a_row_make_their_process_wait_and_nobody_else() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::unlocked(&work, &[]);
    let key = agent.key();
    let good = openssl::rsa_wrap(&keyed.public, &[7; 32]);
    let bad = openssl::rsa_wrap(&keyed.public, &[7; 31]);
    // Twenty-five in a row, all of this process.
    for _ in 0..25 {
        assert_eq!(agent.unwrap(&key, &bad).0, 200);
    }
    let body = unwrap_body(&key, &bad).to_string();
    let answer = Connection::open(&agent.socket).send("POST", "/v1/unwrap", &body);
    assert_eq!(answer.status, 429, "{}", answer.head);
    assert!(
        answer.head.contains("retry-after: 1\r\n"),
        "{}",
        answer.head
    );
    assert_eq!(agent.state(), "unlocked");
    // Another process need not wait, and it may fail as often.
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    agent
        .cmd(&work, ["result", "decrypt", "a.zip", "--no-input"])
        .run()
        .ok();
    let mut agent = agent;
    agent.until("the wait is over", |agent| {
        agent.unwrap(&key, &good).0 == 200
    });
    assert_eq!(agent.unwrap(&key, &bad).0, 200, "a success ends it");
}

#[test]
fn each_request_leaves_one_line_without_a_byte_of_it() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::unlocked(&work, &[]);
    let key = agent.key();
    let good = openssl::rsa_wrap(&keyed.public, &[7; 32]);
    let bad = openssl::rsa_wrap(&keyed.public, &[7; 31]);
    agent.unwrap(&key, &good);
    agent.unwrap(&key, &bad);
    agent.post("/v1/unlock", &json!({}));
    Connection::open(&agent.socket).send("GET", "/v1/no\u{1}thing", "");
    assert_eq!(
        fs::metadata(&agent.audit).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let mut agent = agent;
    agent.until("all is written", |agent| agent.requests().len() >= 6);
    // The first one is of the wait for its start.
    let lines = agent.requests().split_off(1);
    let of =
        |number: usize, name: &str| lines[number][name].as_str().unwrap_or_default().to_owned();
    let told: Vec<_> = (0..lines.len())
        .map(|i| (of(i, "request"), of(i, "outcome")))
        .collect();
    let expected = [
        ("keys", "done"),
        ("unwrap", "done"),
        ("unwrap", "cannot-decrypt"),
        ("unlock", "done"),
        ("malformed", "usage"),
    ];
    assert_eq!(told, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    assert_eq!(of(1, "key"), key);
    let me = fs::read_link("/proc/self/exe").unwrap();
    for (number, line) in lines.iter().enumerate() {
        assert_eq!(line["pid"], std::process::id());
        assert_eq!(of(number, "program"), me.to_str().unwrap());
        assert!(line["milliseconds"].is_number());
        let time = of(number, "time");
        assert!(time.len() == 24 && time.ends_with('Z'), "{time}");
        let text = line.to_string();
        for wrapped in [&good, &bad] {
            assert!(
                !text.contains(&BASE64_STANDARD.encode(wrapped)[..20]),
                "{text}"
            );
        }
    }
}

#[test]
fn a_client_that_goes_away_leaves_nothing_behind() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let mut agent = Agent::unlocked(&work, &["--sessions", "1"]);
    let key = agent.key();
    let wrapped = openssl::rsa_wrap(&keyed.public, &[7; 32]);
    let body = unwrap_body(&key, &wrapped).to_string();
    for _ in 0..50 {
        let mut connection = Connection::open(&agent.socket);
        connection.write(&format!(
            "POST /v1/unwrap HTTP/1.1\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ));
    }
    agent.until("nothing waits", |agent| agent.status()["waiting"] == 0);
    assert_eq!(agent.unwrap(&key, &wrapped).0, 200);
}

/// Opens connections that announce a body and send none of it, as many at a time as are told, and opens each anew
/// when it was closed. Prints a dot for each that was.
const FLOOD: &str = r#"
import os, select, socket, sys
path, count = sys.argv[1], int(sys.argv[2])
half = b"POST /v1/lock HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n{"
poll, there = select.poll(), {}
def come():
    s = socket.socket(socket.AF_UNIX)
    try:
        s.connect(path)
        s.sendall(half)
    except OSError:
        pass
    there[s.fileno()] = s
    poll.register(s, select.POLLIN)
for _ in range(count):
    come()
while True:
    for fd, _ in poll.poll():
        poll.unregister(fd)
        there.pop(fd).close()
        os.write(1, b".")
        come()
"#;

/// Crowds of these processes, which are ended with it.
struct Flood(Vec<Child>);

impl Flood {
    /// So many processes with so many connections each; they are there, and come back, when this returns.
    fn start(socket: &Path, processes: usize, connections: usize) -> Self {
        let start = |_| {
            let mut command = Command::new("python3");
            command.args(["-c", FLOOD]).arg(socket);
            command.arg(connections.to_string());
            command.stdout(Stdio::piped()).spawn().unwrap()
        };
        let mut flood = Self((0..processes).map(start).collect());
        for child in &mut flood.0 {
            // It was sent away once, so that the others are many enough.
            child
                .stdout
                .as_mut()
                .unwrap()
                .read_exact(&mut [0; 1])
                .unwrap();
            let mut dots = child.stdout.take().unwrap();
            thread::spawn(move || std::io::copy(&mut dots, &mut std::io::sink()));
        }
        flood
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
fn half_requests_that_come_back_at_once_keep_nobody_from_locking_it() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::unlocked(&work, &[]);
    for (processes, connections) in [(1, 500), (20, 25)] {
        let flood = Flood::start(&agent.socket, processes, connections);
        let unlocked = agent.unlock(&keyed.token.pin);
        assert_eq!(unlocked.0, 200, "{}", unlocked.1);
        for command in ["status", "lock"] {
            agent.cmd(&work, ["agent", command]).run().ok();
        }
        assert_eq!(agent.state(), "locked");
        drop(flood);
    }
    let _flood = Flood::start(&agent.socket, 1, 500);
    agent.cmd(&work, ["agent", "stop"]).run().ok();
}
