//! The agent: started, asked, ended in all ways, and brought back.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::command::{self, By, Ended, program, run, send, wait};
use crate::troubles::Kind;
use crate::world::World;

/// In so long it is well again after any trouble, or never.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Default)]
pub struct Agent {
    child: Option<Child>,
    pub started: Option<Instant>,
}

pub fn of(world: &World) -> MutexGuard<'_, Agent> {
    world.agent.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Its process, if there is one.
pub fn id(world: &World) -> Option<u32> {
    of(world).child.as_ref().map(Child::id)
}

fn start(world: &World) {
    let started = (|| {
        let log = File::options()
            .append(true)
            .create(true)
            .open(world.path("agent.log"))?;
        program(&["agent", "start", "--keep-pin"])
            .env("IEXEC_HSM_PIN_FILE", world.path("pin"))
            .env("IEXEC_HSM_AUDIT_LOG", world.path("audit/audit"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
    })();
    match started {
        Ok(child) => {
            let mut agent = of(world);
            agent.child = Some(child);
            agent.started = Some(Instant::now());
        }
        Err(error) => world.report.finding(format!("agent start: {error}")),
    }
}

/// Starts and unlocks it until a key can be used; whether that succeeds.
pub fn heal(world: &World) -> bool {
    let since = Instant::now();
    let mut starts = 0;
    while since.elapsed() < PATIENCE {
        let mut agent = of(world);
        let ended = match &mut agent.child {
            None => true,
            Some(child) => match child.try_wait() {
                Ok(None) => false,
                ended => {
                    agent.child = None;
                    world
                        .report
                        .count("agent", format!("ended by itself: {ended:?}"));
                    true
                }
            },
        };
        drop(agent);
        // One that a trouble met in its start ends, and says why.
        if ended && starts > 5 {
            break;
        }
        if ended {
            starts += 1;
            start(world);
        }
        if asked(world, &["status", "--check", "--timeout", "2s"])
            .is_some_and(|it| it.code() == Some(0))
        {
            world.report.most(
                "agent",
                "well again after, at most (ms)",
                since.elapsed().as_millis() as u64,
            );
            return true;
        }
        let status = asked(world, &["status", "--raw", "--timeout", "2s"]);
        if status.is_some_and(|it| it.out.contains(r#""state":"locked""#)) {
            asked(world, &["unlock"]);
        }
        thread::sleep(Duration::from_millis(30));
    }
    let log = fs::read_to_string(world.path("agent.log")).unwrap_or_default();
    let last: Vec<&str> = log.lines().rev().take(5).collect();
    let status = asked(world, &["status"]).map(|it| it.out + &it.err);
    world.report.finding(format!(
        "the agent is not well {} s after a trouble\n    {status:?}\n    its last lines, backwards: {last:?}",
        PATIENCE.as_secs()
    ));
    // From the beginning.
    kill(world);
    false
}

fn asked(world: &World, args: &[&str]) -> Option<Ended> {
    let mut command = program(&[&["agent"], args].concat());
    command.arg("--no-input");
    command.env("IEXEC_HSM_PIN_FILE", world.path("pin"));
    run(world, ("agent", By::Agent), command, None)
}

/// Tells it something, which is to succeed.
pub fn ask(world: &World, args: &[&str], code: u8) {
    if let Some(ended) = asked(world, args)
        && ended.code() != Some(code)
    {
        ended.is_finding(
            world,
            &format!("exit code {:?} in place of {code}", ended.code()),
        );
    }
}

/// A wrong PIN twice, of which the token may see one.
pub fn offer_wrong_pin(world: &World) {
    ask(world, &["lock"], 0);
    let wrong = match wrong_pin(world) {
        Ok(path) => path,
        Err(error) => return world.report.finding(format!("a wrong PIN: {error}")),
    };
    for _ in 0..2 {
        let mut command = program(&["agent", "unlock", "--no-input"]);
        command.env("IEXEC_HSM_PIN_FILE", &wrong);
        if let Some(ended) = run(world, ("wrong PIN for the agent", By::Agent), command, None) {
            ended.judge(world, 12);
        }
    }
    let _ = fs::remove_file(wrong);
}

/// A file with a PIN that nobody had before.
pub fn wrong_pin(world: &World) -> io::Result<std::path::PathBuf> {
    let number = world.number();
    let path = world.path(&format!("scratch/wrong-{number}"));
    fs::write(&path, format!("wrong{number}"))?;
    Ok(path)
}

pub fn signal(world: &World, signal: Signal) {
    if let Some(child) = &of(world).child {
        send(child, signal);
    }
}

/// Ends it as systemd does, and looks at its exit status.
pub fn stop(world: &World) {
    let Some(mut child) = of(world).child.take() else {
        return;
    };
    send(&child, Signal::TERM);
    match wait(&mut child, Duration::from_secs(90)) {
        Ok(Some(status)) if status.success() => {}
        ended => world
            .report
            .finding(format!("SIGTERM for the agent: {ended:?}")),
    }
}

pub fn kill(world: &World) {
    let Some(mut child) = of(world).child.take() else {
        return;
    };
    send(&child, Signal::KILL);
    let _ = command::wait(&mut child, Duration::from_secs(10));
    // Processes of its own end by themselves.
    thread::sleep(Duration::from_millis(200));
    mend_token(world);
}

/// Puts SoftHSM2's files back where it was killed while it wrote them.
pub fn mend_token(world: &World) {
    let broken = !is_whole(&world.path("kept"), &world.path("tokens"));
    if broken {
        world.troubles.begin(Kind::TokenBroken);
        world.report.count("troubles", "TokenBroken");
        let copied = Command::new("cp")
            .arg("-aT")
            .args([world.path("kept"), world.path("tokens")])
            .status();
        if !copied.is_ok_and(|it| it.success()) {
            world.report.finding("the token cannot be mended");
        }
    }
}

/// Whether each file of `kept` is in `now`, and not empty.
fn is_whole(kept: &Path, now: &Path) -> bool {
    let Ok(entries) = fs::read_dir(kept) else {
        return false;
    };
    entries.flatten().all(|entry| {
        let there = now.join(entry.file_name());
        if entry.path().is_dir() {
            return is_whole(&entry.path(), &there);
        }
        let was_empty = entry.metadata().is_ok_and(|it| it.len() == 0);
        fs::metadata(there).is_ok_and(|it| was_empty || it.len() > 0)
    })
}
