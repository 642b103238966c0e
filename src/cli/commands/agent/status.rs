use std::time::Duration;

use clap::Args;

use crate::agent::wire::{self, State};
use crate::cli::agent_link::Link;
use crate::cli::context::Context;
use crate::cli::options::parse_limit;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::pin_state;
use crate::cli::ui::reply::Reply;
use crate::code::Code;
use crate::text::escape::Shown as _;
use crate::token::{PinState, Uri};

const HANGS: &str = "a call hangs in the token's module";

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  iexec-hsm agent status\n  iexec-hsm agent status --check --timeout 2s"
)]
pub(crate) struct Status {
    /// Fail unless a result key can be used now
    #[arg(long)]
    check: bool,
    /// Wait so long for an answer: 2s, 1m
    // With an id of its own: the setting of that name is for services.
    #[arg(id = "status-timeout", long = "timeout", value_name = "TIME", default_value = "5s", value_parser = parse_limit)]
    timeout: Duration,
}

pub(super) fn run(context: &Context, command: &Status) -> Result<Reply, Failure> {
    let link = Link::connect_within(context, command.timeout)?;
    if command.check {
        check(&link.status)?;
    }
    reply(&link.status)
}

/// Fails unless a key can be used, with the code that a use of it would have.
fn check(status: &wire::Status) -> Result<(), Failure> {
    let (code, hint) = match status.state {
        _ if status.hung => (
            Code::DeviceFailed,
            "Check the token. `iexec-hsm agent stop` ends the agent.",
        ),
        State::Recovering => (
            Code::DeviceFailed,
            "Check that the token is plugged in and its service runs.",
        ),
        State::Locked => (
            Code::AgentNotAvailable,
            "Unlock it with `iexec-hsm agent unlock`.",
        ),
        State::Unlocking => (Code::AgentNotAvailable, "Try again."),
        State::Unlocked if status.usable_keys == 0 => (
            Code::KeyNotFound,
            "`iexec-hsm key list` shows the keys; one that needs the PIN for each use needs an agent with --keep-pin.",
        ),
        State::Unlocked => return Ok(()),
    };
    let what = match status.hung {
        true => HANGS.to_owned(),
        false => state(status),
    };
    let message = format!("no key of the agent can be used: {what}");
    Err(Failure::new(code, message).hint(hint))
}

/// The reply of every command that leaves an agent behind.
pub(super) fn reply(status: &wire::Status) -> Result<Reply, Failure> {
    let json = serde_json::to_value(status).map_err(|error| Failure::new(Code::Failed, error))?;
    Ok(Reply::new(json).text(sentence(status)))
}

fn sentence(status: &wire::Status) -> String {
    let hung = match status.hung {
        true => format!("\n  {HANGS}"),
        false => String::new(),
    };
    let ended = match status.workers_ended {
        0 => String::new(),
        1 => "\n  1 worker crashed or hung; the audit log says in which call".to_owned(),
        count => format!("\n  {count} workers crashed or hung; the audit log says in which calls"),
    };
    let confirms = match status.confirm_seconds {
        Some(_) => "\n  asks a person before each use of a key",
        None => "",
    };
    let (token, label, state) = (&status.token, &status.label, state(status));
    let confinement = confinement(status);
    let serial = token.parse::<Uri>().ok().and_then(|uri| uri.serial);
    let serial = serial.map_or_else(String::new, |it| format!(" (serial {})", it.shown()));
    format!("{label:?}{serial}, {state}{confirms}{hung}{ended}\n  {confinement}\n  {token}")
}

/// The walls around the processes with the token's module, or the agent's where there is none yet.
pub(in crate::cli::commands) fn confinement(status: &wire::Status) -> String {
    let walls = match &status.confinement.workers {
        none if none.is_empty() => &status.confinement.agent,
        workers => workers,
    };
    match walls.as_slice() {
        [] => "not confined".to_owned(),
        walls => format!("confined by {}", walls.join(", ")),
    }
}

/// The state, in words.
fn state(status: &wire::Status) -> String {
    match status.state {
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
        State::Recovering => "unlocked; its device failed and is being brought back".to_owned(),
        State::Unlocking => "being unlocked".to_owned(),
        State::Locked => {
            let reason = status.reason.as_deref().unwrap_or_default();
            match pin_state::told(&status.pin) {
                None | Some(PinState::Ok) => format!("locked: {reason}"),
                Some(pin) => format!("locked: {reason}, {}", pin_state::in_words(pin)),
            }
        }
    }
}

fn time(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}
