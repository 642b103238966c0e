use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use serde_json::json;

use crate::cli::agent_link::Link;
use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::code::Code;

/// Longest time for an agent to end: what runs may take its time.
const LONGEST_END: Duration = Duration::from_secs(120);

pub(super) fn run(context: &Context) -> Result<Reply, Failure> {
    let mut link = Link::connect(context)?;
    // Held before it is told, so that no other process can have its number by then.
    let agent = i32::try_from(link.status.pid).ok().and_then(Pid::from_raw);
    let agent = agent.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
    let status = link.client.stop()?;
    if let Some(agent) = agent {
        let deadline = Instant::now() + LONGEST_END;
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
