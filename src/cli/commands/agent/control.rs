use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use serde_json::json;

use crate::agent::wire::{State, Status};
use crate::cli::agent_link::Link;
use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::code::Code;

/// Longest time for an agent to end: what runs may take its time.
const ENDING: Duration = Duration::from_secs(120);

pub(super) fn status(context: &Context) -> Result<Reply, Failure> {
    let link = Link::connect(context)?;
    reply(&link.status)
}

pub(super) fn unlock(context: &mut Context) -> Result<Reply, Failure> {
    let mut link = Link::connect(context)?;
    let pins = context.pins()?;
    link.unlock(&pins)?;
    reply(&link.status)
}

pub(super) fn lock(context: &Context) -> Result<Reply, Failure> {
    let mut link = Link::connect(context)?;
    reply(&link.client.lock()?)
}

pub(super) fn stop(context: &Context) -> Result<Reply, Failure> {
    let mut link = Link::connect(context)?;
    // Held before it is told, so that no other process can have its number by then.
    let agent = i32::try_from(link.status.pid).ok().and_then(Pid::from_raw);
    let agent = agent.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
    let status = link.client.stop()?;
    if let Some(agent) = agent {
        let deadline = Instant::now() + ENDING;
        while !has_ended(&agent, deadline) {
            if Instant::now() >= deadline {
                return Err(Failure::new(
                    Code::DeviceFailed,
                    format!("the agent has not ended yet (process {})", status.pid),
                )
                .hint("A call may hang in the token's module; `kill -9` ends it."));
            }
        }
    }
    Ok(Reply::new(json!({ "pid": status.pid })).note("The agent has ended"))
}

/// Waits for the end of a process, until `deadline`.
fn has_ended(agent: &impl std::os::fd::AsFd, deadline: Instant) -> bool {
    let left = deadline.saturating_duration_since(Instant::now());
    let left = Timespec::try_from(left).ok();
    // Interrupted, it waits again.
    matches!(
        poll(&mut [PollFd::new(agent, PollFlags::IN)], left.as_ref()),
        Ok(1..)
    )
}

/// What all of these print.
pub(super) fn reply(status: &Status) -> Result<Reply, Failure> {
    let json = serde_json::to_value(status).map_err(|error| Failure::new(Code::Failed, error))?;
    Ok(Reply::new(json).text(sentence(status)))
}

fn sentence(status: &Status) -> String {
    let state = match status.state {
        State::Unlocked => {
            let sessions = match status.sessions {
                1 => "1 session".to_owned(),
                count => format!("{count} sessions"),
            };
            let until = match status.locks_in_seconds {
                Some(seconds) => format!("locks in {}", time(seconds)),
                None => "until it is locked".to_owned(),
            };
            format!("unlocked, {sessions}, {until}")
        }
        State::Away => "unlocked; its device is away and being brought back".to_owned(),
        State::Unlocking => "being unlocked".to_owned(),
        State::Locked => {
            let reason = status.reason.as_deref().unwrap_or_default();
            format!("locked: {reason}, PIN {}", status.pin)
        }
    };
    let hung = if status.hung {
        "\n  a call hangs in the token's module"
    } else {
        ""
    };
    format!("{}\n  \"{}\", {state}{hung}", status.token, status.label)
}

fn time(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}
