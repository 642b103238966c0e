//! Requests to a whole agent with a SoftHSM2 token: each gets an answer in JSON, a PIN that is sent is not sent back, and
//! no key comes out of it but 32 or 16 bytes at a time.
#![no_main]

use std::fs::{self, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock, mpsc};
use std::thread;
use std::time::Duration;

use iexec_hsm::agent::wire::{Refused, Unlock, Unwrapped};
use iexec_hsm::fuzzing::{Inside, Settings, Socket, Workers, serve, since_boot, work};
use iexec_hsm::token::{Module, NewKey, Pin, TokenInfo, generate, search, well_known};
use libfuzzer_sys::{Corpus, fuzz_target};

const PIN: &str = "pin of the fuzzed token";
const PATHS: [&str; 7] = [
    "/v1/unwrap",
    "/v1/unlock",
    "/v1/wallet/sign-sms-challenge",
    "/v1/status",
    "/v1/keys",
    "/v1/lock",
    "/v2/unwrap",
];

static AGENT: LazyLock<PathBuf> = LazyLock::new(start);

/// Set in the worker processes, which are this program, too.
const WORKER: &str = "IEXEC_HSM_FUZZED_WORKER";

fuzz_target!(init: work_if_told(), |input: (u8, &[u8])| -> Corpus {
    let (choice, bytes) = input;
    // This one ends the agent, as it should.
    if bytes.windows(8).any(|it| it == b"/v1/stop") {
        return Corpus::Reject;
    }
    match PATHS.get(usize::from(choice % 8)) {
        Some(path) => well_formed(choice & 8 != 0, path, bytes),
        None => raw(bytes),
    }
    Corpus::Keep
});

/// A request whose body alone is the fuzzer's.
fn well_formed(get: bool, path: &str, body: &[u8]) {
    let method = if get { "GET" } else { "POST" };
    let len = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {len}\r\n\r\n"
    );
    let mut stream = UnixStream::connect(&*AGENT).expect("the agent is there");
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .expect("it has no other use");
    stream.write_all(&[head.as_bytes(), body].concat()).ok();
    let mut answer = Vec::new();
    // What is refused before it was read ends in a reset, behind the answer.
    let _ = stream.read_to_end(&mut answer);
    check_answer(path, &answer);
    if let Some(pin) = serde_json::from_slice::<Unlock>(body)
        .ok()
        .and_then(|it| it.pin)
    {
        let pin = pin.as_bytes();
        let leaks = pin.len() >= 16 && answer.windows(pin.len()).any(|it| it == pin);
        assert!(!leaks, "the PIN is in the answer");
    }
}

fn check_answer(path: &str, answer: &[u8]) {
    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut response = httparse::Response::new(&mut headers);
    let Ok(httparse::Status::Complete(len)) = response.parse(answer) else {
        panic!("no answer: {}", String::from_utf8_lossy(answer));
    };
    let body = &answer[len..];
    match response.code {
        Some(200) if path == PATHS[0] => {
            let key: Unwrapped = serde_json::from_slice(body).expect("a content key");
            assert!(matches!(key.content_key.as_bytes().len(), 16 | 32));
        }
        Some(200) => drop(serde_json::from_slice::<serde_json::Value>(body).expect("JSON")),
        Some(_) => {
            let refused: Refused = serde_json::from_slice(body).expect("a refusal");
            assert!(!refused.ok && !refused.error.message.is_empty());
            assert!(!refused.error.message.chars().any(char::is_control));
        }
        None => unreachable!("it was complete"),
    }
}

/// Anything at all; the agent answers the next one.
fn raw(bytes: &[u8]) {
    let mut stream = UnixStream::connect(&*AGENT).expect("the agent is there");
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let _ = stream.read_to_end(&mut Vec::new());
    well_formed(true, "/v1/status", b"");
}

/// An unlocked agent with one key, in a thread of its own.
fn start() -> PathBuf {
    let folder = tempfile::tempdir().expect("a folder").keep();
    fs::set_permissions(&folder, Permissions::from_mode(0o700)).expect("it is ours");
    let conf = folder.join("softhsm2.conf");
    fs::write(
        &conf,
        format!("directories.tokendir = {}\n", folder.display()),
    )
    .expect("it is ours");
    // SAFETY: there is no other thread yet that looks at the environment.
    unsafe { std::env::set_var("SOFTHSM2_CONF", &conf) };
    let init = [
        "--init-token",
        "--free",
        "--label",
        "fuzz",
        "--so-pin",
        "12345678",
        "--pin",
        PIN,
    ];
    let made = Command::new("softhsm2-util")
        .args(init)
        .stdout(Stdio::null())
        .status();
    assert!(made.expect("softhsm2-util is installed").success());

    let (module, token) = locate();
    let mut new = NewKey::new("fuzz");
    new.bits = Some(2048);
    new.id = Some(vec![1, 1]);
    let pin = || Pin::new(PIN.as_bytes().to_vec().into());
    drop(generate(&module, &token, &new, &mut pin()).expect("a key is made"));

    let socket = folder.join("agent.sock");
    let (ready, is_ready) = mpsc::channel();
    let listening = Socket::bind(&socket).expect("the folder is ours");
    thread::spawn(move || {
        let settings = Settings {
            idle: None,
            max_lifetime: None,
            clock: since_boot,
            exit_when_idle: false,
            sessions: None,
            keep_pin: false,
            device_timeout: Duration::ZERO,
            request_timeout: Duration::from_secs(30),
            confirm: None,
            allow_root: true,
            audit_log: Some("/dev/null".into()),
            known: Vec::new(),
            hint: |_| String::new(),
        };
        let unlock = serde_json::from_value(serde_json::json!({ "pin": base64(PIN) })).ok();
        let workers = Workers::new(|| {
            let mut worker = Command::new(std::env::current_exe().expect("it has a name"));
            worker.env(WORKER, "");
            worker
        });
        let located = workers.locate::<()>().expect("a worker finds the token");
        serve(located, listening, unlock, settings, |_| {
            ready.send(()).expect("somebody waits")
        })
        .expect("it serves");
    });
    is_ready.recv().expect("it is ready");
    socket
}

fn locate() -> (Arc<Module>, TokenInfo) {
    let module = search(well_known(), |path| Module::load(path), |_, _| Ok(()));
    let module = module.map(|(module, ())| module);
    let module = module.or_else(|_| Module::load("/usr/lib/softhsm/libsofthsm2.so"));
    let module = module.expect("SoftHSM2 is installed");
    let token = module.token(None).expect("there is one token");
    (module, token)
}

/// Does what the agent says, and ends, where this process is a worker of it.
fn work_if_told() {
    if std::env::var_os(WORKER).is_none() {
        return;
    }
    let worker = Inside::<()> {
        is_confined: false,
        locate: Box::new(|| Ok(locate())),
        watch: None,
        exit: || std::process::exit(0),
    };
    work(worker).expect("the agent has started it");
    std::process::exit(0);
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
