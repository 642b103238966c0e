//! An SMS on this machine, over plain sockets. It checks and answers as the real one does, keeps every request byte
//! for byte, and fails in the ways that a test asks for.

mod fault;
mod request;
mod rules;
mod signature;
mod tls;

pub use fault::{Fault, Text};
pub use request::Request;
pub use signature::{Wallet, challenge, check};
pub use tls::TlsFront;

use std::collections::{HashMap, VecDeque};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

/// A running SMS; it ends when this is dropped.
pub struct Sms {
    address: SocketAddr,
    shared: Arc<Mutex<State>>,
    listening: Option<JoinHandle<()>>,
}

/// What an SMS remembers.
#[derive(Default)]
pub struct State {
    /// Values by owner and name, in lower case.
    secrets: HashMap<(String, String), String>,
    faults: VecDeque<Fault>,
    ever_after: Option<Fault>,
    requests: Vec<Request>,
    /// Bytes of answers' bodies that were sent off.
    sent: usize,
    gone: bool,
}

impl Sms {
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

    /// One that fails by `faults`, one for each request in turn, and is well afterwards.
    pub fn failing(faults: impl IntoIterator<Item = Fault>) -> Self {
        let sms = Self::start();
        sms.state().faults.extend(faults);
        sms
    }

    /// One that fails by `faults`, one for each request in turn, and by `ever_after` from then on.
    pub fn failing_for_ever(faults: impl IntoIterator<Item = Fault>, ever_after: Fault) -> Self {
        let sms = Self::failing(faults);
        sms.state().ever_after = Some(ever_after);
        sms
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What is stored.
    pub fn stored(&self, owner: &str, name: &str) -> Option<String> {
        self.state().secrets.get(&key(owner, name)).cloned()
    }

    /// Stores a value as if somebody had published it.
    pub fn store(&self, owner: &str, name: &str, value: &str) -> &Self {
        self.state()
            .secrets
            .insert(key(owner, name), value.to_owned());
        self
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    /// The methods of the requests so far, in a line.
    pub fn methods(&self) -> String {
        let requests = self.requests();
        let methods: Vec<_> = requests.iter().map(|request| &*request.method).collect();
        methods.join(" ")
    }

    /// Bytes of answers' bodies that were sent off.
    pub fn sent(&self) -> usize {
        self.state().sent
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.shared)
    }
}

impl Drop for Sms {
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
        let Some(request) = Request::read(&mut stream) else {
            continue;
        };
        let fault = {
            let mut state = lock(shared);
            state.requests.push(request.clone());
            let fault = state.faults.pop_front();
            fault.or_else(|| state.ever_after.clone())
        };
        if matches!(fault, Some(Fault::Vanish(_))) {
            lock(shared).gone = true;
        }
        // One that hangs must not hold up the next.
        let connection = shared.clone();
        let answered = thread::spawn(move || fault::answer(stream, &request, fault, &connection));
        if lock(shared).gone {
            let _ = answered.join();
            return;
        }
    }
}

fn lock(shared: &Mutex<State>) -> MutexGuard<'_, State> {
    shared
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn key(owner: &str, name: &str) -> (String, String) {
    (owner.to_lowercase(), name.to_lowercase())
}
