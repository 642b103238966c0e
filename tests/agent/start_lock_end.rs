//! How an agent begins, locks and ends.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::agent::{Connection, command, socket_folder};
use crate::support::*;

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o777
}

#[test]
fn lock_forgets_and_the_same_agent_is_unlocked_again() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::unlocked(&work, &[]);
    let key = agent.key();
    let (status, body) = agent.request("POST", "/v1/lock", "");
    assert_eq!(
        (status, &body["state"], &body["sessions"]),
        (200, &"locked".into(), &0.into())
    );
    let (status, body) = agent.unwrap(&key, &[1; 256]);
    assert_eq!(
        (status, &body["error"]["code"]),
        (423, &"agent-not-available".into())
    );
    assert_eq!(agent.get("/v1/keys").1["keys"], serde_json::json!([]));
    assert_eq!(agent.unlock(&keyed.token.pin).0, 200);
    assert_eq!(agent.unwrap(&key, &[1; 256]).0, 200);
}

#[test]
fn sighup_locks_and_does_not_end_it() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let mut agent = Agent::unlocked(&work, &[]);
    agent.signal(Signal::HUP);
    agent.until("it is locked", |agent| agent.state() == "locked");
    assert_eq!(agent.status()["reason"], "it got the signal SIGHUP");
}

#[test]
fn it_locks_when_nobody_uses_it() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let mut agent = Agent::unlocked(&work, &["--idle", "1s"]);
    // To ask how it is, is no use of it.
    agent.until("it is locked", |agent| agent.state() == "locked");
    assert_eq!(agent.status()["reason"], "nobody used it");
}

#[test]
fn it_locks_at_the_end_of_its_lifetime_even_when_it_is_used() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let mut agent = Agent::unlocked(&work, &["--max-lifetime", "1s", "--idle", "0"]);
    let key = agent.key();
    agent.until("it is locked", |agent| agent.unwrap(&key, &[1; 9]).0 == 423);
    let reason = agent.status()["reason"].clone();
    assert_eq!(reason, "its longest time without a lock is over");
}

#[test]
fn the_configuration_may_say_when_it_locks_and_what_it_uses() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let file = work.home().join(".config/iexec-hsm/config.toml");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let audit = work.path("audit");
    let settings = format!(
        "idle = \"1s\"\nmax-lifetime = \"2h\"\nsessions = 1\nrequest-timeout = \"30s\"\naudit-log = {:?}\n",
        audit.display().to_string()
    );
    fs::write(file, settings).unwrap();
    let mut agent = Agent::unlocked(&work, &[]);
    agent.until("it is locked", |agent| agent.state() == "locked");
    assert_eq!(agent.status()["reason"], "nobody used it");
    drop(agent);

    // Without the one of the environment.
    let cmd = command(&work, &["--idle", "0"]).without_env("IEXEC_HSM_AUDIT_LOG");
    let mut agent = Agent::start(cmd.pin());
    let status = agent.status();
    assert_eq!(status["sessions"], 1);
    // What is left of two hours.
    let left = status["locksInSeconds"].as_u64().unwrap();
    assert!((5400..=7200).contains(&left), "{status}");
    let has_lines = || fs::read_to_string(&audit).is_ok_and(|it| !it.is_empty());
    agent.until("it is written down", |_| has_lines());
}

#[test]
fn it_ends_when_it_is_idle_if_it_is_told_to() {
    let keyed = Keyed::new();
    let work = keyed.work();
    for unlocked in [true, false] {
        let args = ["--idle", "1s", "--exit-when-idle"];
        let agent = match unlocked {
            true => Agent::unlocked(&work, &args),
            false => Agent::locked(&work, &args),
        };
        let socket = agent.socket.clone();
        agent.wait().ok();
        assert!(!socket.exists());
    }
}

#[test]
fn sigterm_and_its_like_end_it_well() {
    let Some(spy) = Spy::find() else { return };
    let keyed = Keyed::new();
    let work = keyed.work();
    for signal in [Signal::TERM, Signal::INT, Signal::QUIT] {
        let cmd = spy.watch(command(&work, &[]).pin(), &keyed.token);
        let agent = Agent::start(cmd);
        let socket = agent.socket.clone();
        agent.signal(signal);
        agent.wait().ok();
        assert!(!socket.exists());
        let calls = spy.calls();
        let (logged_in, logged_out) = ("C_Login", "C_Logout");
        assert_eq!(
            spy::count(&calls, logged_in),
            spy::count(&calls, logged_out),
            "{calls:?}"
        );
        let (opened, closed) = ("C_OpenSession", "C_CloseSession");
        assert_eq!(spy::count(&calls, opened), spy::count(&calls, closed));
        let (begun, ended) = ("C_Initialize", "C_Finalize");
        assert_eq!(spy::count(&calls, begun), spy::count(&calls, ended));
        assert_eq!(calls.last().map(String::as_str), Some("C_Finalize"));
    }
}

#[test]
fn a_stale_socket_is_replaced() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::unlocked(&work, &[]);
    let socket = agent.socket.clone();
    agent.signal(Signal::KILL);
    assert_eq!(agent.wait().signal, Some(Signal::KILL.as_raw()));
    assert!(socket.exists(), "it is left behind");
    let agent = Agent::unlocked(&work, &[]);
    assert_eq!(agent.state(), "unlocked");
}

#[test]
fn what_is_no_socket_is_left_alone() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let (_folder, socket) = socket_folder();
    fs::write(&socket, "precious").unwrap();
    let cmd = work
        .cmd(["agent", "start"])
        .env("IEXEC_HSM_AGENT_SOCK", &socket);
    cmd.run().fails(1);
    assert_eq!(fs::read(&socket).unwrap(), b"precious");
}

#[test]
fn a_socket_that_somebody_else_listens_at_is_left_alone() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let (_folder, socket) = socket_folder();
    let listener = UnixListener::bind(&socket).unwrap();
    let inode = fs::symlink_metadata(&socket).unwrap().ino();
    let cmd = work
        .cmd(["agent", "start"])
        .env("IEXEC_HSM_AGENT_SOCK", &socket);
    let run = cmd.run().fails(1);
    assert!(run.err().contains("running already"), "{}", run.err());
    assert_eq!(fs::symlink_metadata(&socket).unwrap().ino(), inode);
    drop(listener);
}

#[test]
fn of_many_that_start_at_once_one_runs() {
    let keyed = Keyed::new();
    let work = keyed.work();
    // A stale socket must not make two of them think that it is theirs.
    let first = Agent::locked(&work, &[]);
    first.signal(Signal::KILL);
    first.wait();
    let socket = work.folder().join("../agent/agent.sock");
    let cmds: Vec<_> = (0..6).map(|_| command(&work, &[]).pin()).collect();
    let start = |cmd: Cmd| Agent::of(cmd.start(), socket.clone());
    let mut agents: Vec<Agent> = cmds.into_iter().map(start).collect();
    let mut ended = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(30);
    while ended.len() < 5 {
        assert!(Instant::now() < deadline, "more than one runs");
        match agents.iter_mut().position(|agent| !agent.runs()) {
            Some(number) => ended.push(agents.swap_remove(number).wait()),
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    }
    for run in ended {
        let run = run.fails(1);
        assert!(run.err().contains("running already"), "{}", run.err());
    }
    let mut agent = agents.remove(0);
    agent.until("it answers", |agent| {
        UnixStream::connect(&agent.socket).is_ok()
    });
    agent.cmd(&work, ["agent", "stop"]).run().ok();
    agent.wait().ok();
}

#[test]
fn folder_and_socket_are_its_users_alone() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let (folder, _) = socket_folder();
    let cmd = || {
        work.cmd(["agent", "start", "--detach"])
            .env("XDG_RUNTIME_DIR", folder.path())
    };
    let run = cmd().arg("--raw").run().ok().raw();
    let socket = folder.path().join("iexec-hsm/agent.sock");
    assert_eq!(run["socket"], socket.to_str().unwrap());
    assert_eq!(mode(&socket), 0o600);
    assert_eq!(mode(socket.parent().unwrap()), 0o700);
    let stop = || {
        work.cmd(["agent", "stop"])
            .env("XDG_RUNTIME_DIR", folder.path())
    };
    stop().run().ok();
    for open in [0o755, 0o770, 0o701] {
        fs::set_permissions(socket.parent().unwrap(), Permissions::from_mode(open)).unwrap();
        let run = cmd().run().fails(1);
        assert!(run.err().contains("must belong to you"), "{}", run.err());
        // For /tmp that would be bad advice.
        assert!(!run.err().contains("chmod"), "{}", run.err());
        assert!(!socket.exists());
    }
}

#[test]
fn without_a_folder_for_sockets_it_says_what_to_set() {
    let work = Work::without_token();
    let run = work.cmd(["agent", "start"]).run().fails(2);
    assert!(run.err().contains("IEXEC_HSM_AGENT_SOCK"), "{}", run.err());
    let run = work.cmd(["agent", "status"]).run().fails(2);
    assert!(run.err().contains("XDG_RUNTIME_DIR"), "{}", run.err());
}

#[test]
fn print_socket_starts_nothing() {
    let work = Work::without_token();
    let cmd = work.cmd(["agent", "start", "--print-socket"]);
    let run = cmd.env("XDG_RUNTIME_DIR", "/run/user/7").run().ok();
    assert_eq!(run.out(), "/run/user/7/iexec-hsm/agent.sock\n");
}

#[test]
fn in_the_background_it_answers_when_the_command_is_done() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let start = command(&work, &["--detach", "--raw"])
        .pin()
        .run()
        .ok()
        .raw();
    assert_eq!(start["state"], "unlocked");
    let pid = start["pid"].as_u64().unwrap();
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let after_name: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    assert_eq!(
        after_name[3],
        pid.to_string(),
        "it has a session of its own"
    );
    let socket = start["socket"].as_str().unwrap();
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    let cmd = work.cmd(["result", "decrypt", "a.zip", "--no-input"]);
    cmd.env("IEXEC_HSM_AGENT_SOCK", socket).run().ok();
    let stop = work
        .cmd(["agent", "stop"])
        .env("IEXEC_HSM_AGENT_SOCK", socket);
    stop.run().ok();
    // One that nobody has waited for yet is gone all the same.
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    assert!(
        stat.is_err() || stat.is_ok_and(|it| it.contains(") Z ")),
        "it has ended"
    );
}

#[test]
fn in_the_background_it_fails_as_in_the_foreground() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let detach = || command(&work, &["--detach", "--raw"]);
    let error = detach()
        .arg("--module")
        .arg("/none.so")
        .run()
        .fails(10)
        .raw_error();
    assert_eq!(error["code"], "token-not-usable");
    let wrong = keyed.token.secret_file("wrong", "9999");
    let error = detach()
        .arg("--pin-file")
        .arg(wrong)
        .run()
        .fails(12)
        .raw_error();
    assert_eq!(error["code"], "pin-wrong");
    assert!(
        !work.folder().join("../agent/agent.sock").exists(),
        "none is left"
    );
}

#[test]
fn systemd_passes_the_socket_and_is_told_when_it_answers() {
    if Command::new("systemd-socket-activate")
        .arg("--version")
        .output()
        .is_err()
    {
        println!("skipped: systemd-socket-activate is not installed");
        return;
    }
    let keyed = Keyed::new();
    let work = keyed.work();
    let (folder, socket) = socket_folder();
    let notified = folder.path().join("notify");
    let notify = UnixDatagram::bind(&notified).unwrap();
    let listen = format!("--listen={}", socket.display());
    let setenv = format!("--setenv=NOTIFY_SOCKET={}", notified.display());
    let keep = ["IEXEC_HSM_MODULE", "IEXEC_HSM_PIN_FILE", "HOME"];
    let mut wrapper = vec!["systemd-socket-activate".to_owned(), listen, setenv];
    let tokens = keyed.token.env().into_iter().map(|(name, _)| name);
    wrapper.extend(tokens.chain(keep).map(|name| format!("--setenv={name}")));
    let cmd = work.cmd(["agent", "start"]).pin().under(wrapper);
    let mut agent = Agent::of(cmd.start(), socket.clone());
    // The socket is there a moment before anybody listens on it.
    agent.until("somebody listens", |agent| {
        UnixStream::connect(&agent.socket).is_ok()
    });
    // It is started by the first who connects, who is answered as if it had been there.
    let answer = Connection::open(&socket)
        .send("GET", "/v1/status", "")
        .json();
    assert_eq!((answer.0, &answer.1["state"]), (200, &"unlocked".into()));
    let mut word = [0; 64];
    let len = notify.recv(&mut word).unwrap();
    assert_eq!(&word[..len], b"READY=1\n");
    agent.cmd(&work, ["agent", "stop"]).run().ok();
    let len = notify.recv(&mut word).unwrap();
    assert_eq!(&word[..len], b"STOPPING=1\n");
    agent.wait().ok();
    assert!(socket.exists(), "it belongs to systemd");
}

#[test]
fn started_by_systemd_a_wrong_pin_costs_one_attempt_and_no_more() {
    let Some(spy) = Spy::find() else { return };
    if Command::new("systemd-socket-activate")
        .arg("--version")
        .output()
        .is_err()
    {
        println!("skipped: systemd-socket-activate is not installed");
        return;
    }
    let keyed = Keyed::new();
    let work = keyed.work();
    let (_folder, socket) = socket_folder();
    let wrong = keyed.token.secret_file("wrong", "9999");
    let listen = format!("--listen={}", socket.display());
    let keep = ["IEXEC_HSM_MODULE", "PKCS11SPY", "PKCS11SPY_OUTPUT", "HOME"];
    let mut wrapper = vec!["systemd-socket-activate".to_owned(), listen];
    let tokens = keyed.token.env().into_iter().map(|(name, _)| name);
    wrapper.extend(tokens.chain(keep).map(|name| format!("--setenv={name}")));
    let cmd = work.cmd([
        "agent",
        "start",
        "--idle=1s",
        "--exit-when-idle",
        "--pin-file",
    ]);
    let cmd = spy.watch(cmd.arg(wrong), &keyed.token).under(wrapper);
    let mut agent = Agent::of(cmd.start(), socket.clone());
    // The socket is there a moment before anybody listens on it.
    agent.until("somebody listens", |agent| {
        UnixStream::connect(&agent.socket).is_ok()
    });
    let answer = Connection::open(&socket)
        .send("GET", "/v1/status", "")
        .json();
    assert_eq!(answer.1["state"], "locked");
    assert_eq!(answer.1["reason"], "the token refused the PIN");
    // Longer than the idle time: if it ended, the next connection would start it again.
    std::thread::sleep(Duration::from_millis(1500));
    assert!(agent.runs());
    agent.cmd(&work, ["agent", "stop"]).run().ok();
    agent.wait().ok();
    assert_eq!(spy::count(&spy.calls(), "C_Login"), 1);
}
