//! An agent in the background: a new process, since a process with a PKCS#11 module must not fork.

use std::fs::OpenOptions;
use std::io::{self, Read as _, Write as _};
use std::process::{Child, ChildStderr, Command, Stdio};

use rustix::process::setsid;
use rustix::stdio::dup2_stderr;

use super::outcome::{to_json, to_text};
use crate::cli::agent_link::Link;
use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::code::Code;

/// Said on stderr by an agent that answers, behind all that it had to say before.
const READY: u8 = 0;

/// Starts the agent, and unlocks it where the PIN is in a file, a credential or the environment, or none
/// is needed.
pub(super) fn run(context: &Context) -> Result<Reply, Failure> {
    // Before there is an agent that a mistake in it would leave locked.
    let pins = context.pins()?;
    let mut agent = spawn().map_err(|error| {
        Failure::new(
            Code::Failed,
            format!("the agent cannot be started: {error}"),
        )
    })?;
    let stderr = agent.stderr.take();
    if !stderr.is_some_and(|it| is_ready(it).unwrap_or(false)) {
        let status = agent.wait().ok().and_then(|it| it.code());
        let status = status.and_then(|it| u8::try_from(it).ok());
        return Ok(Reply::ended(status.unwrap_or(Code::Failed.exit())));
    }
    let mut link = Link::connect(context)?;
    if !link.status.absent
        && (pins.are_given() || !link.status.login_required)
        && let Err(failure) = link.unlock(&pins)
    {
        // Nobody asked for an agent that is locked.
        let _ = link.client.stop();
        let _ = agent.wait();
        return Err(failure);
    }
    let (token, path) = (&link.status.token, Some(link.path.as_path()));
    let json = to_json(token, path, link.status.state, agent.id());
    Ok(Reply::new(json).note(to_text(token, path, link.status.state, link.status.absent)))
}

fn spawn() -> io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .arg("--detached")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
}

/// Passes on what the agent says while it says it, until it answers or has ended.
fn is_ready(mut stderr: ChildStderr) -> io::Result<bool> {
    let mut piece = [0; 1024];
    loop {
        let said = match stderr.read(&mut piece) {
            Ok(len) => &piece[..len],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let ready = said.last() == Some(&READY);
        io::stderr().write_all(said.strip_suffix(&[READY]).unwrap_or(said))?;
        if ready || said.is_empty() {
            return Ok(ready);
        }
    }
}

/// Says that the agent answers, and lets go of the terminal.
pub(super) fn ready() {
    // Where one of these fails the agent works all the same.
    let _ = io::stderr().write_all(&[READY]);
    if let Ok(null) = OpenOptions::new().write(true).open("/dev/null") {
        let _ = dup2_stderr(&null);
    }
    let _ = setsid();
}
