//! An agent whose computer sleeps: what it slept counts as time in which nobody used the agent.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use iexec_hsm::agent::client::{AgentClient, ClientError};
use iexec_hsm::agent::server::{Settings, Socket, Workers, serve, since_boot};
use iexec_hsm::agent::wire::{Secret, State, Unlock, Unwrap};
use iexec_hsm::archive::Scheme;
use serde_json::Value;

use crate::support::*;

/// What a test in a process of its own is told: the module, the PIN, and a folder.
const TOLD: &str = "IEXEC_HSM_TEST_ASLEEP";

/// Seconds that this computer has slept.
static SLEPT: AtomicU64 = AtomicU64::new(0);

fn clock() -> Duration {
    since_boot() + Duration::from_secs(SLEPT.load(Ordering::SeqCst))
}

fn settings(idle: Option<Duration>, max_lifetime: Option<Duration>) -> Settings {
    Settings {
        idle,
        max_lifetime,
        clock,
        exit_when_idle: false,
        sessions: None,
        keep_pin: false,
        device_timeout: Duration::from_secs(15),
        request_timeout: Duration::from_secs(30),
        confirm: None,
        allow_root: false,
        audit_log: None,
        known: vec![],
        hint: |_| String::new(),
    }
}

fn sleep(seconds: u64) {
    SLEPT.fetch_add(seconds, Ordering::SeqCst);
}

/// An agent in this process that is unlocked, sleeps for eight hours while someone is connected, and is then asked for
/// `what`; the state that it says it is in, and what it answers.
fn after_a_night<T>(
    settings: Settings,
    what: impl FnOnce(&mut AgentClient, String) -> Result<T, ClientError>,
) -> (State, Result<T, ClientError>) {
    with_agent(settings, |client, key| {
        sleep(8 * 3600);
        let answer = what(client, key);
        (client.status().unwrap().state, answer)
    })
}

/// An agent in this process that is unlocked, and stopped after `what`.
fn with_agent<T>(settings: Settings, what: impl FnOnce(&mut AgentClient, String) -> T) -> T {
    let told = std::env::var(TOLD).unwrap();
    let [module, pin, folder] = told.lines().collect::<Vec<_>>()[..] else {
        unreachable!("three lines")
    };
    let (module, home) = (module.to_owned(), folder.to_owned());
    let workers = Workers::new(move || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_iexec-hsm"));
        command.args(["agent", "start", "--worker"]);
        command.env("IEXEC_HSM_MODULE", &module).env("HOME", &home);
        command
    });
    let located = workers.locate::<Value>().unwrap();
    let path = Path::new(folder).join("agent.sock");
    let socket = Socket::bind(&path).unwrap();
    let unlock = Unlock {
        pin: Some(Secret::new(pin.as_bytes().to_vec().into())),
        final_try: false,
    };
    let (ready, is_ready) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            let ready = move |state| ready.send(state).unwrap();
            serve(located, socket, Some(unlock), settings, ready).unwrap();
        });
        assert_eq!(is_ready.recv().unwrap(), State::Unlocked);
        let mut client = AgentClient::connect(&path).unwrap();
        let key = client.keys().unwrap().keys.remove(0).key;
        let result = what(&mut client, key);
        client.stop().unwrap();
        result
    })
}

fn unwrap(client: &mut AgentClient, key: String) -> Result<(), ClientError> {
    let wrapped_key = vec![7; 256];
    let scheme = Scheme::Current;
    client
        .unwrap(&Unwrap {
            key,
            scheme,
            wrapped_key,
        })
        .map(drop)
}

/// These do nothing unless another test asks for them.
fn asked_for() -> bool {
    std::env::var_os(TOLD).is_some()
}

#[test]
fn with_idle() {
    if asked_for() {
        let idle = settings(Some(Duration::from_secs(3600)), None);
        let (state, answer) = after_a_night(idle, unwrap);
        assert!(matches!(answer, Err(ClientError::Locked(_))), "{answer:?}");
        assert_eq!(state, State::Locked);
    }
}

#[test]
fn with_max_lifetime() {
    if asked_for() {
        let lifetime = settings(None, Some(Duration::from_secs(8 * 3600)));
        let (state, answer) = after_a_night(lifetime, |client, _| client.status());
        assert_eq!(answer.unwrap().state, State::Locked);
        assert_eq!(state, State::Locked);
    }
}

#[test]
fn with_time_left() {
    if asked_for() {
        let days = settings(Some(Duration::from_secs(9 * 3600)), None);
        let (state, answer) = after_a_night(days, unwrap);
        answer.unwrap();
        assert_eq!(state, State::Unlocked);
    }
}

#[test]
fn while_its_device_is_away() {
    if asked_for() {
        let mut hour = settings(Some(Duration::from_secs(3600)), None);
        hour.keep_pin = true;
        with_agent(hour, |client, key| {
            unwrap(client, key.clone()).unwrap_err();
            // Nothing is done for the one who asks meanwhile: it is no use.
            for state in [State::Recovering, State::Locked] {
                sleep(2400);
                assert_eq!(client.status().unwrap().state, state);
                unwrap(client, key.clone()).unwrap_err();
            }
            fs::write(gate(), "").unwrap();
        });
    }
}

/// A file that lets the device be brought back.
fn gate() -> PathBuf {
    let told = std::env::var(TOLD).unwrap();
    Path::new(told.lines().last().unwrap()).join("go")
}

/// Runs one of the tests above in a process of its own: SoftHSM2 is told by the environment where its tokens are. The
/// token follows `rules`, in which `GATE` stands for that file.
fn run_alone(keyed: &Keyed, test: &str, rules: &[&str]) {
    let (_folder, socket): (_, PathBuf) = agent::socket_folder();
    let folder = socket.parent().unwrap();
    let gate = folder.join("go");
    let rules = rules
        .iter()
        .map(|it| it.replace("GATE", gate.to_str().unwrap()));
    let faulty = rules.fold(Faulty::before(&keyed.token), Faulty::rule);
    let module = Faulty::module();
    let told = [
        module.to_str().unwrap(),
        &keyed.token.pin,
        folder.to_str().unwrap(),
    ];
    let mut alone = test_alone(module_path!(), test);
    faulty.furnish(&mut alone);
    let output = alone.env(TOLD, told.join("\n")).output().unwrap();
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    assert!(output.status.success(), "{test}: {printed}");
    assert!(printed.contains("1 passed"), "{test}: {printed}");
}

#[test]
fn an_agent_that_slept_is_locked_before_the_first_request() {
    let keyed = Keyed::new();
    for test in ["with_idle", "with_max_lifetime", "with_time_left"] {
        run_alone(&keyed, test, &[]);
    }
}

#[test]
fn an_agent_that_slept_while_it_brings_its_device_back_is_locked() {
    let rules = [
        "C_Decrypt 1 remove",
        "C_Finalize 1 insert",
        "C_Initialize 2 hang GATE",
    ];
    run_alone(&Keyed::new(), "while_its_device_is_away", &rules);
}

#[test]
fn its_clock() {
    if let Some(least) = std::env::var_os("IEXEC_HSM_TEST_SINCE_BOOT") {
        let least = least.to_str().unwrap().parse().unwrap();
        assert!(since_boot() >= Duration::from_secs(least));
    }
}

/// In a namespace whose computer seems to have slept, or to run, for ten years; other clocks are as before.
#[test]
fn the_clock_counts_the_time_that_the_computer_slept() {
    let slept = (10 * 365 * 86_400_u64).to_string();
    let mut unshare = Command::new("unshare");
    unshare.args(["--time", "--boottime", &slept, "--fork"]);
    let allowed = Command::new("unshare")
        .args(["--time", "--boottime", &slept, "--fork", "true"])
        .output();
    if !allowed.is_ok_and(|it| it.status.success()) {
        println!("skipped: no namespace of clocks may be made here");
        return;
    }
    let alone = test_alone(module_path!(), "its_clock");
    let output = unshare
        .arg(alone.get_program())
        .args(alone.get_args())
        .env("IEXEC_HSM_TEST_SINCE_BOOT", &slept)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}");
    assert!(printed.contains("1 passed"), "{printed}");
}
