use crate::agent::wire::{State, Status};
use crate::cli::agent_link::Link;
use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::code::Code;

pub(super) fn run(context: &Context) -> Result<Reply, Failure> {
    let link = Link::connect(context)?;
    reply(&link.status)
}

/// The reply of every command that leaves an agent behind.
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
        State::Recovering => "unlocked; its device failed and is being brought back".to_owned(),
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
    format!("{}\n  {:?}, {state}{hung}", status.token, status.label)
}

fn time(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}
