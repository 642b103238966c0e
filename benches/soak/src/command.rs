//! Running the program, and judging how it ended.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::troubles::Met;
use crate::world::World;

/// No command takes so long, whatever goes wrong around it.
const PATIENCE: Duration = Duration::from_secs(120);

/// `iexec-hsm` with these arguments; the environment has the rest.
pub fn program(args: &[&str]) -> Command {
    let mut command = Command::new("iexec-hsm");
    command.args(args).stdin(Stdio::null());
    command
}

/// How a command ended.
pub struct Ended {
    pub what: &'static str,
    pub line: String,
    pub status: ExitStatus,
    pub out: String,
    pub err: String,
    pub from: Instant,
    /// Whether it was sent a signal.
    pub signalled: bool,
    /// How it uses the token, which says what troubles it meets.
    pub by: By,
}

/// How a command uses the token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum By {
    Agent,
    Itself,
}

impl By {
    /// The options and the environment that make a command do so.
    pub fn set(self, command: &mut Command, folder: &Path) {
        match self {
            Self::Agent => command.arg("--require-agent"),
            Self::Itself => command
                .arg("--no-agent")
                .env("IEXEC_HSM_PIN_FILE", folder.join("pin")),
        };
    }
}

/// Runs `command` to its end; a signal is sent after a time, if one is given.
pub fn run(
    world: &World,
    (what, by): (&'static str, By),
    mut command: Command,
    signal: Option<(Duration, Signal)>,
) -> Option<Ended> {
    let scratch = world.path(&format!("scratch/{}", world.number()));
    let [out, err] = ["out", "err"].map(|end| scratch.with_extension(end));
    let line = format!("{command:?}");
    let from = Instant::now();
    let ended = (|| {
        command
            .stdout(File::create(&out)?)
            .stderr(File::create(&err)?);
        let mut child = command.spawn()?;
        let signalled = signal.is_some_and(|(time, signal)| interrupt(&mut child, time, signal));
        let status = wait(&mut child, PATIENCE)?;
        let text = |path| fs::read(path).map(|it| String::from_utf8_lossy(&it).into_owned());
        Ok::<_, io::Error>((status, signalled, text(&out)?, text(&err)?))
    })();
    let _ = [fs::remove_file(&out), fs::remove_file(&err)];
    match ended {
        Ok((Some(status), signalled, out, err)) => Some(Ended {
            what,
            line,
            status,
            out,
            err,
            from,
            signalled,
            by,
        }),
        Ok((None, ..)) => {
            world
                .report
                .finding(format!("{line} did not end in {} s", PATIENCE.as_secs()));
            None
        }
        Err(error) => {
            world.report.finding(format!("{line}: {error}"));
            None
        }
    }
}

/// Sends `signal` after a time, where it still runs; whether it did.
fn interrupt(child: &mut Child, time: Duration, signal: Signal) -> bool {
    thread::sleep(time);
    matches!(child.try_wait(), Ok(None)) && send(child, signal)
}

pub fn send(child: &Child, signal: Signal) -> bool {
    kill_process(Pid::from_child(child), signal).is_ok()
}

/// Waits for the end; after so long the child is killed, and there is none.
pub fn wait(child: &mut Child, patience: Duration) -> io::Result<Option<ExitStatus>> {
    let since = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if since.elapsed() > patience {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(3));
    }
}

impl Ended {
    pub fn code(&self) -> Option<u8> {
        self.status.code().and_then(|code| u8::try_from(code).ok())
    }

    /// Counts it, if its exit code is `expected`, or a trouble that it met excuses it; else it is a finding. Whether the
    /// exit code is the expected one.
    pub fn judge(&self, world: &World, expected: u8) -> bool {
        self.judge_one(world, self.what, self.code(), expected)
    }

    /// The same for one of several things that it did.
    pub fn judge_one(&self, world: &World, what: &str, code: Option<u8>, expected: u8) -> bool {
        if self.err.contains("panicked") {
            self.is_finding(world, "has panicked");
            return false;
        }
        let Some(code) = code else {
            if self.signalled {
                world.report.count(what, "ended by a signal of ours");
            } else {
                self.is_finding(
                    world,
                    &format!("was ended by signal {:?}", self.status.signal()),
                );
            }
            return false;
        };
        if code == expected {
            world
                .report
                .count(what, format!("exit code {code}, as it should"));
            return true;
        }
        match world.troubles.met(self.from).excuse(self.by, code) {
            Some(trouble) => world
                .report
                .count(what, format!("exit code {code}: {trouble}")),
            None => self.is_finding(world, &format!("{what} has {code} in place of {expected}")),
        }
        false
    }

    /// What it met.
    pub fn met(&self, world: &World) -> Met {
        world.troubles.met(self.from)
    }

    pub fn is_finding(&self, world: &World, what: &str) {
        let (out, err) = (self.out.trim(), self.err.trim());
        let met = world.troubles.met(self.from);
        world.report.finding(format!(
            "{}: {what}; it met {met}, and {}\n    {}\n    stdout: {out}\n    stderr: {err}",
            self.what, self.status, self.line
        ));
    }
}
