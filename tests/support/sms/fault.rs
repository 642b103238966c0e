use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::Mutex;
use std::thread::sleep;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;

use super::request::Request;
use super::{State, lock, rules};

/// Short enough for a test, long enough to be one byte after the other.
const SLOW: Duration = Duration::from_millis(5);

/// How an SMS fails. `bool` is whether it does before what it was asked to.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Not at all.
    None,
    /// Nothing ever comes back.
    Hang(bool),
    /// The answer comes byte by byte and has no end.
    SlowHead(bool),
    /// The connection is reset.
    Reset(bool),
    /// The connection is closed.
    Close(bool),
    /// The connection is closed in the middle of the answer's head.
    CutHead(bool),
    /// The connection is reset, and nobody listens any more.
    Vanish(bool),
    /// Something else than HTTP comes back.
    NotHttp(bool),
    /// Another answer: status, headers, body.
    Answer(bool, u16, &'static str, Text),
    /// A redirect with this status and location.
    Redirect(u16, String),
    /// Somebody else publishes this value just before.
    Meanwhile(&'static str, &'static str, &'static str),
}

/// The body of an answer.
#[derive(Clone, Copy, Debug)]
pub enum Text {
    Short(&'static str),
    /// It is cut.
    Cut(&'static str),
    /// It comes byte by byte and has no end.
    Slow,
    /// It has no end.
    Huge,
    /// It repeats the request.
    Echo,
}

impl Fault {
    /// A bare status, with nothing done.
    pub fn status(status: u16) -> Self {
        Self::Answer(false, status, "", Text::Short(""))
    }
}

/// Answers a request by `fault`.
pub fn answer(
    mut stream: TcpStream,
    request: &Request,
    fault: Option<Fault>,
    shared: &Mutex<State>,
) {
    let fault = fault.unwrap_or(Fault::None);
    if let Fault::Meanwhile(owner, name, value) = &fault {
        let key = super::key(owner, name);
        lock(shared).secrets.insert(key, (*value).to_owned());
    }
    let carried_out = match fault {
        Fault::None | Fault::Meanwhile(..) => true,
        Fault::Hang(it) | Fault::SlowHead(it) | Fault::Reset(it) | Fault::Close(it) => it,
        Fault::CutHead(it) | Fault::Vanish(it) | Fault::NotHttp(it) => it,
        Fault::Answer(it, ..) => it,
        Fault::Redirect(..) => false,
    };
    let mut status = 0;
    if carried_out {
        status = rules::carry_out(&mut lock(shared), request);
    }
    // The other side may be gone by now, which is its right.
    let _ = match fault {
        Fault::None | Fault::Meanwhile(..) => send(&mut stream, status, "", ""),
        Fault::Hang(_) => stream.read(&mut [0]).map(drop),
        Fault::SlowHead(_) => slowly(&mut stream, "HTTP/1.1 204 No Content\r\nX: "),
        Fault::Reset(_) | Fault::Vanish(_) => {
            set_socket_linger(&stream, Some(Duration::ZERO)).map_err(Into::into)
        }
        Fault::Close(_) => Ok(()),
        Fault::CutHead(_) => stream.write_all(b"HTTP/1.1 20"),
        Fault::NotHttp(_) => stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n"),
        Fault::Answer(_, status, headers, text) => {
            answer_with(&mut stream, request, status, headers, text, shared)
        }
        Fault::Redirect(status, location) => send(
            &mut stream,
            status,
            &format!("Location: {location}\r\n"),
            "",
        ),
    };
}

fn answer_with(
    stream: &mut TcpStream,
    request: &Request,
    status: u16,
    headers: &str,
    text: Text,
    shared: &Mutex<State>,
) -> std::io::Result<()> {
    let endless = format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: 1000000000\r\n\r\n");
    match text {
        Text::Short(text) => send(stream, status, headers, text),
        Text::Echo => send(
            stream,
            status,
            headers,
            &String::from_utf8_lossy(&request.bytes),
        ),
        Text::Cut(text) => stream.write_all(format!("{endless}{text}").as_bytes()),
        Text::Slow => slowly(stream, &endless),
        Text::Huge => {
            stream.write_all(endless.as_bytes())?;
            for _ in 0..1000 {
                stream.write_all(&[b'x'; 1_000_000])?;
                lock(shared).sent += 1_000_000;
            }
            Ok(())
        }
    }
}

fn send(stream: &mut TcpStream, status: u16, headers: &str, text: &str) -> std::io::Result<()> {
    let length = match status {
        204 => String::new(),
        _ => format!("Content-Length: {}\r\n", text.len()),
    };
    let head = format!("HTTP/1.1 {status} X\r\nConnection: close\r\n{headers}{length}\r\n");
    stream.write_all(format!("{head}{text}").as_bytes())?;
    stream.shutdown(Shutdown::Write)
}

fn slowly(stream: &mut TcpStream, beginning: &str) -> std::io::Result<()> {
    stream.write_all(beginning.as_bytes())?;
    loop {
        stream.write_all(b"x")?;
        sleep(SLOW);
    }
}
