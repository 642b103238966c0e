//! A service on this machine, over plain sockets, that answers as a test says and fails in the ways that a test asks for.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;

use super::sms::Request;

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    /// Header lines, each with its end.
    pub headers: String,
    pub body: Vec<u8>,
}

/// How a service fails.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Not at all.
    None,
    /// Another answer.
    Answer(Answer),
    /// The connection is closed before an answer.
    Close,
    /// The connection is reset before an answer.
    Reset,
    /// Nothing ever comes back.
    Hang,
    /// The answer is cut after so many bytes of its body.
    Cut(usize),
    /// The body has no end.
    Endless,
    /// Something else than HTTP comes back.
    NotHttp,
}

type Handler = dyn Fn(&Request) -> Answer + Send + Sync;

/// A running service; it ends when this is dropped.
pub struct Web {
    address: SocketAddr,
    shared: Arc<Mutex<State>>,
    listening: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    faults: VecDeque<Fault>,
    for_ever: Option<Fault>,
    /// Faults of requests that hold a text, by the text.
    of_some: Vec<(String, VecDeque<Fault>)>,
    requests: Vec<Request>,
    gone: bool,
}

impl Answer {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: String::new(),
            body: body.into(),
        }
    }

    pub fn json(body: &serde_json::Value) -> Self {
        Self::new(200, body.to_string()).header("Content-Type", "application/json")
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push_str(&format!("{name}: {value}\r\n"));
        self
    }
}

impl Fault {
    /// A bare status.
    pub fn status(status: u16) -> Self {
        Self::Answer(Answer::new(status, ""))
    }
}

impl Web {
    pub fn start(handler: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::<Mutex<State>>::default();
        let state = shared.clone();
        let handler: Arc<Handler> = Arc::new(handler);
        let listening = Some(thread::spawn(move || listen(&listener, &state, &handler)));
        Self {
            address,
            shared,
            listening,
        }
    }

    /// One that hands every request on to another service of this machine.
    pub fn in_front_of(url: &str) -> Self {
        let there = url.to_owned();
        Self::start(move |request| Self::handed_on(&there, request))
    }

    /// What another service of this machine answers to a request.
    pub fn handed_on(url: &str, request: &Request) -> Answer {
        let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
        let head = "POST / HTTP/1.1\r\nHost: node\r\nConnection: close\r\nContent-Type: application/json\r\n";
        let length = request.body.len();
        let head = format!("{head}Content-Length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&request.body).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        Answer::new(200, answer.split_once("\r\n\r\n").unwrap().1)
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Fails by `faults`, one for each request in turn.
    pub fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state().faults.extend(faults);
    }

    /// Fails by `fault` from when there is no other one.
    pub fn fail_for_ever(&self, fault: Fault) {
        self.state().for_ever = Some(fault);
    }

    /// Fails by `faults`, one for each request in turn that holds `text`.
    pub fn fail_where(&self, text: &str, faults: impl IntoIterator<Item = Fault>) {
        let faults = faults.into_iter().collect();
        self.state().of_some.push((text.to_owned(), faults));
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.shared)
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.state().gone = true;
        // Wakes the listener up.
        let _ = TcpStream::connect(self.address);
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

fn lock(shared: &Mutex<State>) -> MutexGuard<'_, State> {
    shared
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn listen(listener: &TcpListener, shared: &Arc<Mutex<State>>, handler: &Arc<Handler>) {
    for stream in listener.incoming() {
        if lock(shared).gone {
            return;
        }
        let Ok(mut stream) = stream else { continue };
        let (shared, handler) = (shared.clone(), handler.clone());
        // One that hangs must not hold up the next.
        thread::spawn(move || {
            let Some(request) = Request::read(&mut stream) else {
                return;
            };
            let fault = {
                let mut state = lock(&shared);
                state.requests.push(request.clone());
                let body = String::from_utf8_lossy(&request.body).into_owned();
                let of_some = state.of_some.iter_mut();
                let mut of_some = of_some.filter(|(text, _)| body.contains(text.as_str()));
                let fault = of_some.find_map(|(_, faults)| faults.pop_front());
                let fault = fault.or_else(|| state.faults.pop_front());
                fault.or_else(|| state.for_ever.clone())
            };
            // The other side may be gone by now, which is its right.
            let _ = answer(stream, &request, fault.unwrap_or(Fault::None), &*handler);
        });
    }
}

fn answer(
    mut stream: TcpStream,
    request: &Request,
    fault: Fault,
    handler: &Handler,
) -> std::io::Result<()> {
    match fault {
        Fault::None => send(&mut stream, &handler(request), usize::MAX),
        Fault::Answer(answer) => send(&mut stream, &answer, usize::MAX),
        Fault::Cut(at) => send(&mut stream, &handler(request), at),
        Fault::Close => Ok(()),
        Fault::Reset => set_socket_linger(&stream, Some(Duration::ZERO)).map_err(Into::into),
        Fault::Hang => stream.read(&mut [0]).map(drop),
        Fault::NotHttp => stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n"),
        Fault::Endless => {
            stream.write_all(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            loop {
                stream.write_all(b"4000\r\n")?;
                stream.write_all(&[b' '; 0x4000])?;
                stream.write_all(b"\r\n")?;
            }
        }
    }
}

/// Sends an answer, and of its body no more than `most` bytes.
fn send(stream: &mut TcpStream, answer: &Answer, most: usize) -> std::io::Result<()> {
    let Answer {
        status,
        headers,
        body,
    } = answer;
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(&body[..most.min(length)])?;
    stream.shutdown(Shutdown::Write)
}
