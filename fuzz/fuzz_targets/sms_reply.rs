//! Whatever answers in the place of an SMS: no success without its word for it, no more questions than allowed, and no
//! message with a piece of the signature, which the answer may send back.
#![no_main]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};
use std::thread;
use std::time::Duration;

use iexec_hsm::http::HttpOptions;
use iexec_hsm::sms::{Authorization, SmsClient, SmsError};
use iexec_hsm::wallet::address::Address;
use libfuzzer_sys::fuzz_target;
use properties::check_message;

const NAME: &str = "iexec-result-encryption-public-key";
const ATTEMPTS: usize = 2;
/// What a redirect may cost: its own request, and three more.
const HOPS: usize = 4;

static REPLIES: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
static CONNECTIONS: AtomicUsize = AtomicUsize::new(0);
static CLIENT: LazyLock<SmsClient> = LazyLock::new(client);

fuzz_target!(|input: (bool, &[u8])| {
    let (push, reply) = input;
    CONNECTIONS.store(0, Ordering::SeqCst);
    let says = |status: &[u8]| reply.windows(status.len()).any(|it| it == status);
    let error = if push {
        // There is no key yet, and from then on the answer is the fuzzer's.
        set_replies(vec![
            reply.to_vec(),
            b"HTTP/1.1 404 Not Found\r\n\r\n".to_vec(),
        ]);
        match publish() {
            Ok(()) => return assert!(says(b"204"), "nobody said that it is stored"),
            Err(error) => error,
        }
    } else {
        set_replies(vec![reply.to_vec()]);
        match CLIENT.exists(owner(), NAME) {
            Ok(true) => return assert!(says(b"204")),
            Ok(false) => return assert!(says(b"404")),
            Err(error) => error,
        }
    };
    assert!(CONNECTIONS.load(Ordering::SeqCst) <= 1 + 2 * ATTEMPTS * HOPS);
    check_refusal(&error);
});

fn publish() -> Result<(), SmsError> {
    let authorization = Authorization::new(signature().into()).expect("it has the form of one");
    let prepared = CLIENT.prepare(owner(), NAME, true)?;
    prepared.push("a value", &authorization).map(drop)
}

fn owner() -> Address {
    Address::from([0x7e; 20])
}

fn signature() -> String {
    format!("0x{}", "5eb1".repeat(32) + "1c")
}

fn check_refusal(error: &SmsError) {
    check_message(error);
    let text = error.to_string();
    assert!(text.chars().count() < 1000, "{text}");
    let mut numbers = text.split(|it: char| !it.is_ascii_hexdigit());
    assert!(!numbers.any(|it| it.len() > 40), "{text}");
}

fn client() -> SmsClient {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it listens"));
    thread::spawn(move || {
        for stream in listener.incoming() {
            CONNECTIONS.fetch_add(1, Ordering::SeqCst);
            // A client that has gone has its reasons.
            let _ = stream.and_then(answer);
        }
    });
    let mut options = HttpOptions::default();
    options.limits.attempts = ATTEMPTS as u32;
    options.limits.first_wait = Duration::ZERO;
    // Below the shortest wait that an answer can ask for.
    options.limits.total = Duration::from_millis(900);
    SmsClient::new(&url, options).expect("the address is good")
}

fn set_replies(replies: Vec<Vec<u8>>) {
    *REPLIES.lock().expect("nobody panics with it") = replies;
}

/// Answers with the last reply; the first one is for all who come after.
fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !is_whole(&request) {
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

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    match text.split_once("\r\n\r\n") {
        Some((head, body)) if head.starts_with("HEAD") => body.is_empty(),
        Some((_, body)) => body.ends_with("a value"),
        None => false,
    }
}
