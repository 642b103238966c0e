//! What to do about an agent: one that refuses, and one that does not start or answer.

use super::token::{KEEP_PIN, token};
use crate::agent::client::ClientError;
use crate::agent::server::{AgentError, ConfirmError, NotConfirmed, SocketError};

/// The hint where an agent is locked.
pub(crate) const UNLOCK: &str = "Unlock it with `iexec-hsm agent unlock`.";

/// The hint where the program that asks is of no use.
const ASKER: &str = "Try the program of --confirm-with (or SSH_ASKPASS) by hand. In the environment of the agent it needs DISPLAY or WAYLAND_DISPLAY, or, if it is a pinentry for terminals, GPG_TTY.";

pub(crate) fn confirm(error: &ConfirmError) -> &'static str {
    match error {
        ConfirmError::Exposed(_) => {
            "It and the folders above must belong to you or to root, and nobody else may write to them."
        }
        _ => "Name another one with --confirm-with, or with SSH_ASKPASS.",
    }
}

pub(crate) fn agent(error: &AgentError) -> String {
    let hint = match error {
        AgentError::Request { .. } => "Correct the request.",
        AgentError::Locked(_) => UNLOCK,
        AgentError::Unlocking | AgentError::Busy => "Try again.",
        AgentError::RefusedPin => "If you have corrected it, restart the agent.",
        AgentError::Recovering => {
            "Check that the token is plugged in and its service runs, then try again."
        }
        AgentError::Hung(_) => {
            "Check the token. The agent continues when the call returns. If it does not, end the agent with `iexec-hsm agent stop`."
        }
        AgentError::Overdue(_) => {
            "Check the token; `iexec-hsm agent status` says whether it still hangs."
        }
        AgentError::BackingOff(_) => "Wait, or open the archives without the agent (--no-agent).",
        AgentError::NotConfirmed(NotConfirmed::NotAsked { .. }) => ASKER,
        AgentError::NotConfirmed(_) => {
            "Try again, and allow it when the agent asks. An agent without --confirm asks nobody."
        }
        AgentError::PinNotKept => KEEP_PIN,
        AgentError::NoWallet(_) => "`/v1/keys` lists the wallets that are there.",
        AgentError::Token(error) => return token(error),
        AgentError::Wallet(_) | AgentError::PublicKey(_) | AgentError::Failed(_) => "",
    };
    hint.into()
}

pub(crate) fn client(error: &ClientError) -> &str {
    match error {
        ClientError::NotThere(_) => "Start one with `iexec-hsm agent start`.",
        ClientError::Io { pin_sent: true, .. } => {
            "It is not known whether a PIN attempt was spent: check with `iexec-hsm token info` before the next one."
        }
        ClientError::Io { .. } => "Look at `iexec-hsm agent status`, then try again.",
        ClientError::Silent(_) => {
            "Look at its process. If it was stopped, `kill -CONT` continues it; `kill -9` ends it."
        }
        ClientError::Foreign(_) | ClientError::OutOfReach(_) => {
            "Name the socket of your own agent with --agent-sock."
        }
        ClientError::Replaceable(_) => {
            "Its folder must belong to you or to root, and nobody else may write to it: name another with --agent-sock."
        }
        ClientError::NoAgent(_) => {
            "Name the agent's socket with --agent-sock; after an update, restart the agent."
        }
        ClientError::Locked(refusal) | ClientError::Refused(refusal) => &refusal.hint,
    }
}

pub(crate) fn socket(error: &SocketError) -> &'static str {
    match error {
        SocketError::InUse(_) => {
            "`iexec-hsm agent status` shows it; `iexec-hsm agent stop` ends it. For a second agent, name another socket with --agent-sock."
        }
        SocketError::Folder(_) => {
            "Make a folder for the socket alone, with `mkdir -m 700`, and name the socket in it with --agent-sock."
        }
        SocketError::NotASocket(_) => "Move it away, or name another socket with --agent-sock.",
        SocketError::Io { .. } => "Check the folder, or name another socket with --agent-sock.",
        SocketError::Passed(_) => "The unit needs one ListenStream= with the path of a socket.",
    }
}

#[cfg(test)]
mod tests;
