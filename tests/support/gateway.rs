//! An IPFS gateway on this machine, over plain sockets, with files under their true CIDs. It gives them as CARs and as they
//! are, whole or in part, keeps every request, and fails in the ways that a test asks for.

mod answer;
mod dag;
mod fault;

pub use dag::Adding;
pub use fault::Fault;

use std::collections::{HashMap, VecDeque};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::sms::Request;
use answer::Answer;
use dag::Node;

/// A running gateway; it ends when this is dropped.
pub struct Gateway {
    address: SocketAddr,
    shared: Arc<Mutex<State>>,
    listening: Option<JoinHandle<()>>,
}

/// What a gateway remembers.
#[derive(Default)]
struct State {
    files: HashMap<String, Arc<File>>,
    habits: Habits,
    faults: VecDeque<Fault>,
    ever_after: Option<Fault>,
    requests: Vec<Request>,
    gone: bool,
}

/// A file that it has.
pub struct File {
    /// The folders that it is in, the outermost first.
    path: Vec<Arc<Node>>,
    root: Arc<Node>,
    bytes: Vec<u8>,
}

/// What a gateway can do.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// Whether it gives CARs, or the status that it answers with instead; 200 for the file as it is.
    pub car: Result<(), u16>,
    /// Whether a CAR has a block as often as it is in the file.
    pub duplicates: bool,
    /// Whether it gives a part of a file.
    pub ranges: bool,
    /// Whether its answers have an ETag.
    pub etag: bool,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            car: Ok(()),
            duplicates: true,
            ranges: true,
            etag: true,
        }
    }
}

impl Gateway {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::<Mutex<State>>::default();
        let state = shared.clone();
        let listening = Some(thread::spawn(move || listen(&listener, &state)));
        Self {
            address,
            shared,
            listening,
        }
    }

    /// One that cannot do everything.
    pub fn with(habits: Habits) -> Self {
        let gateway = Self::start();
        gateway.state().habits = habits;
        gateway
    }

    /// One that gives no CARs, but the file as it is.
    pub fn plain() -> Self {
        Self::with(Habits {
            car: Err(200),
            ..Habits::default()
        })
    }

    /// Fails by `faults`, one for each request in turn, and is well afterwards.
    pub fn fail(&self, faults: impl IntoIterator<Item = Fault>) -> &Self {
        self.state().faults.extend(faults);
        self
    }

    /// Fails by `fault` at every request that has none of its own.
    pub fn fail_for_ever(&self, fault: Fault) -> &Self {
        self.state().ever_after = Some(fault);
        self
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Adds a file as `ipfs add` does. Returns its location, as a task's result names it.
    pub fn add(&self, bytes: &[u8]) -> String {
        self.add_as(bytes, Adding::V0)
    }

    /// Adds a file. Returns its location.
    pub fn add_as(&self, bytes: &[u8], adding: Adding) -> String {
        self.put(Vec::new(), "", dag::add(bytes, adding), bytes)
    }

    /// Adds a file as an entry of a folder in a folder. Returns its location, `/ipfs/<cid>/<outer>/<name>`.
    pub fn add_in_folders(&self, outer: &str, name: &str, bytes: &[u8]) -> String {
        let root = dag::add(bytes, Adding::V0);
        let other = dag::add(b"another file", Adding::V1);
        let inner = dag::folder(vec![(name, root.clone()), ("~", other.clone())]);
        let folder = dag::folder(vec![(outer, inner.clone()), ("~", other)]);
        self.put(
            vec![folder, inner],
            &format!("/{outer}/{name}"),
            root,
            bytes,
        )
    }

    fn put(&self, path: Vec<Arc<Node>>, names: &str, root: Arc<Node>, bytes: &[u8]) -> String {
        let cid = dag::text(&path.first().unwrap_or(&root).cid);
        let location = format!("/ipfs/{cid}{names}");
        let file = File {
            path,
            root,
            bytes: bytes.to_vec(),
        };
        self.state().files.insert(location.clone(), Arc::new(file));
        location
    }

    /// Forgets a file.
    pub fn remove(&self, location: &str) {
        self.state().files.remove(location);
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    /// What was asked for so far, in a line: `car`, `plain`, and the first byte of what is not the whole.
    pub fn asked(&self) -> String {
        let asked: Vec<_> = self.requests().iter().map(asked).collect();
        asked.join(" ")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.shared)
    }
}

fn asked(request: &Request) -> String {
    let is_car = request
        .header("accept")
        .unwrap_or_default()
        .contains("ipld.car");
    let bytes = request
        .parameter("entity-bytes")
        .or(request.header("range"));
    let first: String = bytes
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    format!("{}{first}", if is_car { "car" } else { "plain" })
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.state().gone = true;
        // Wakes the listener up.
        let _ = TcpStream::connect(self.address);
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

fn listen(listener: &TcpListener, shared: &Arc<Mutex<State>>) {
    for stream in listener.incoming() {
        if lock(shared).gone {
            return;
        }
        let Ok(mut stream) = stream else { continue };
        let shared = shared.clone();
        // One that hangs must not hold up the next.
        thread::spawn(move || {
            let Some(request) = Request::read(&mut stream) else {
                return;
            };
            let (answer, fault) = judge(&mut lock(&shared), request);
            // The other side may be gone by now, which is its right.
            let _ = fault::send(stream, answer, fault);
        });
    }
}

/// The answer to a request, and how it fails.
fn judge(state: &mut State, request: Request) -> (Answer, Fault) {
    let fault = state.faults.pop_front();
    let fault = fault.or_else(|| state.ever_after.clone());
    let path = request.path().replace("%20", " ");
    let file = state.files.get(&path).cloned();
    let answer = match &file {
        Some(file) => answer::answer(&request, file, &state.habits),
        None => Answer::text(404, "ipfs: no link named that"),
    };
    state.requests.push(request);
    (answer, fault.unwrap_or(Fault::None))
}

fn lock(shared: &Mutex<State>) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
