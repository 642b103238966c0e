//! The program is replaced while clients are at work. The socket is held by who starts the agent, as systemd
//! does: who connects in between waits in its queue, and nothing is lost.

use std::fs;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::Signal;

use crate::support::agent::{Connection, command, unwrap_body};
use crate::support::*;

const ARCHIVES: usize = 40;
const UPGRADES: usize = 3;

/// Puts a program in the place of the one that runs, as a package does.
fn install(program: &Path) {
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    let new = program.with_extension("new");
    fs::copy(env!("CARGO_BIN_EXE_iexec-hsm"), &new).unwrap();
    fs::rename(&new, program).unwrap();
}

/// `cmd` by the program that is installed, with the socket that is held.
fn activated(cmd: Cmd, program: &Path, held: &UnixListener) -> Cmd {
    let (program, held) = (program.display(), held.as_raw_fd());
    // The first argument is the program that is not installed.
    let script = format!(r#"shift; LISTEN_PID=$$ LISTEN_FDS=1 exec {program} "$@" 3<&{held}"#);
    cmd.under(["sh", "-c", &script, "sh"])
}

#[test]
fn an_upgrade_with_a_socket_that_is_held_loses_nothing() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let plain = |number: usize| plain_zip(&[("number", number.to_string().as_bytes())]);
    let names: Vec<String> = (0..ARCHIVES).map(|it| format!("{it:02}.zip")).collect();
    for (number, name) in names.iter().enumerate() {
        work.write(name, keyed.archive(&plain(number)));
    }
    let program = work.path("../installed/iexec-hsm");
    install(&program);
    // Makes the folder of the socket, too.
    let faulty = Faulty::before(&keyed.token).rule("C_Decrypt * sleep 5");
    let cmd = || faulty.drive(command(&work, &[]).pin());
    let socket = cmd().folder().join("../agent/agent.sock");
    let held = UnixListener::bind(&socket).unwrap();
    fcntl_setfd(&held, FdFlags::empty()).unwrap();
    let start = || {
        let started = activated(cmd(), &program, &held).start();
        Agent::of(started, socket.clone())
    };
    let mut agent = start();
    let mut processes = vec![agent.status()["pid"].clone()];
    let wrapped = openssl::rsa_wrap(&keyed.public, &[7; 32]);
    let body = unwrap_body(&agent.key(), &wrapped).to_string();

    let (ended, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    // A client that asks once and does not ask again.
    let ask = || {
        while !ended.load(Ordering::Relaxed) {
            let mut connection = Connection(UnixStream::connect(&socket).unwrap());
            let (status, json) = connection.send("POST", "/v1/unwrap", &body).json();
            assert_eq!(status, 200, "{json}");
            answered.fetch_add(1, Ordering::Relaxed);
        }
    };
    let batch = [
        "result",
        "decrypt",
        "--no-input",
        "--require-agent",
        "--output-dir",
        "out",
    ];
    thread::scope(|scope| {
        let clients: Vec<_> = (0..2).map(|_| scope.spawn(ask)).collect();
        let batch = names.iter().fold(agent.cmd(&work, batch), Cmd::arg).start();
        for upgrade in 1..=UPGRADES {
            let enough = answered.load(Ordering::Relaxed) + 5;
            agent.until("clients are at work", |_| {
                answered.load(Ordering::Relaxed) > enough
                    || clients.iter().any(|it| it.is_finished())
            });
            install(&program);
            agent.signal(Signal::TERM);
            std::mem::replace(&mut agent, start()).wait().ok();
            processes.push(agent.status()["pid"].clone());
            assert_eq!(processes.len(), upgrade + 1);
        }
        let run = batch.wait().ok();
        ended.store(true, Ordering::Relaxed);
        for client in clients {
            client.join().unwrap();
        }
        let lines: Vec<_> = run.err().lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), ARCHIVES, "{}", run.err());
    });
    for (number, name) in names.iter().enumerate() {
        assert!(
            work.read(Path::new("out").join(name)) == plain(number),
            "{name}"
        );
    }
    agent.signal(Signal::TERM);
    agent.wait().ok();
    processes.dedup();
    assert_eq!(processes.len(), UPGRADES + 1);
    work.is_tidy();
}
