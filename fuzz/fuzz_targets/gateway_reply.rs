//! Whatever answers in the place of an IPFS gateway: nothing but the file is called verified, and there are no more
//! questions than allowed.
#![no_main]

use std::io::{Read as _, Seek as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};
use std::thread;
use std::time::Duration;

use iexec_hsm::ipfs::{CidCheck, FetchError, GatewayOptions, Gateways, Location};
use libfuzzer_sys::fuzz_target;
use properties::check_message;

const FILE: &[u8] = b"hello world\n";
const LOCATION: &str = "/ipfs/QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o";
const MAX_SIZE: u64 = 1000;
const ATTEMPTS: usize = 2;
/// What a redirect may cost: its own request, and three more.
const HOPS: usize = 4;

static REPLIES: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
static CONNECTIONS: AtomicUsize = AtomicUsize::new(0);
static GATEWAYS: LazyLock<Gateways> = LazyLock::new(gateways);

fuzz_target!(|input: (&[u8], &[u8])| {
    let (first, others) = input;
    CONNECTIONS.store(0, Ordering::SeqCst);
    *REPLIES.lock().expect("nobody panics with it") = vec![others.to_vec(), first.to_vec()];
    let location: Location = LOCATION.parse().expect("it is one");
    let mut file = tempfile::tempfile().expect("there is room");
    let fetched = GATEWAYS.fetch(&location, &file, false, &|_| {});

    let mut found = Vec::new();
    file.rewind().expect("it is a file");
    file.read_to_end(&mut found).expect("it is a file");
    assert!(found.len() as u64 <= MAX_SIZE);
    match fetched {
        Ok(fetched) => {
            assert_eq!(fetched.bytes, found.len() as u64);
            let is_verified = fetched.check == CidCheck::Verified;
            assert_eq!(is_verified, found == FILE);
        }
        Err(FetchError::Write(error)) => panic!("{error}"),
        Err(error) => check_message(error),
    }
    // A CAR, and the file as it is. What brings more of it does not count as an attempt, but there is not much of it.
    assert!(CONNECTIONS.load(Ordering::SeqCst) <= 2 * (ATTEMPTS + 1) * HOPS);
});

fn gateways() -> Gateways {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it listens"));
    thread::spawn(move || {
        for stream in listener.incoming() {
            CONNECTIONS.fetch_add(1, Ordering::SeqCst);
            // A client that has gone has its reasons.
            let _ = stream.and_then(answer);
        }
    });
    let mut options = GatewayOptions::default();
    options.max_size = MAX_SIZE;
    options.http.limits.attempts = ATTEMPTS as u32;
    options.http.limits.first_wait = Duration::ZERO;
    // Below the shortest wait that an answer can ask for.
    options.http.limits.total = Duration::from_millis(900);
    Gateways::new([url.as_str()], options).expect("the address is good")
}

/// Answers with the last reply; the first one is for all who come after.
fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut some = [0; 4096];
        match stream.read(&mut some)? {
            0 => return Ok(()),
            count => request.extend_from_slice(&some[..count]),
        }
    }
    let reply = {
        let mut replies = REPLIES.lock().expect("nobody panics with it");
        match replies.len() {
            1 => replies[0].clone(),
            _ => replies.pop().unwrap_or_default(),
        }
    };
    stream.write_all(&reply)
}
