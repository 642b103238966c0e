use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;

use rustix::process::geteuid;

use super::check::{Check, State as Health};
use crate::agent::wire::State;
use crate::cli::agent_link::Link;
use crate::cli::commands::agent::confinement;
use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::code::Code;

const NAME: &str = "agent";

/// Whether the socket is this user's, as far as it is to be seen.
fn is_ours(place: &io::Result<Metadata>) -> bool {
    let owner = place.as_ref().map(MetadataExt::uid);
    owner.is_ok_and(|owner| owner == geteuid().as_raw())
}

/// The key agent, where one runs.
pub(super) fn check(context: &Context) -> Check {
    let Ok(path) = context.agent_socket() else {
        return Check::not_there(
            NAME,
            "there is no folder for its socket: XDG_RUNTIME_DIR is not set",
        );
    };
    let place = fs::symlink_metadata(&path);
    if matches!(&place, Err(error) if error.kind() == ErrorKind::NotFound) {
        return Check::not_there(
            NAME,
            "none runs; that is fine, commands then use the token directly",
        );
    }
    let status = match Link::connect(context) {
        Ok(link) => link.status,
        // Nothing is broken: each user has an agent of their own.
        Err(failure) if !is_ours(&place) => {
            return Check::failed(NAME, failure).but(Health::Warning);
        }
        Err(failure) => return Check::failed(NAME, failure),
    };
    let pid = status.pid;
    let found = format!("process {pid} holds {:?}", status.label);
    if status.hung {
        let what = format!("{found}; a call to the module has not returned");
        return Check::failed(
            NAME,
            Failure::new(Code::AgentNotAvailable, what).hint(
                "Check the token. If the call does not return, end the agent with `iexec-hsm agent stop`.",
            ),
        );
    }
    if status.version != env!("CARGO_PKG_VERSION") {
        return Check::warning(NAME, format!("{found}; it is version {}", status.version))
            .fix("Restart it: this program is another version.");
    }
    match status.state {
        State::Unlocked => Check::ok(
            NAME,
            format!(
                "{found}; unlocked, {} sessions; {}",
                status.sessions,
                confinement(&status)
            ),
        ),
        State::Recovering => Check::failed(
            NAME,
            Failure::new(Code::DeviceFailed, format!("{found}; its device failed"))
                .hint("Check that the token is plugged in and its service runs."),
        ),
        State::Unlocking => Check::ok(NAME, format!("{found}; it is being unlocked")),
        State::Locked => {
            let reason = status.reason.map(|reason| format!(": {reason}"));
            Check::ok(
                NAME,
                format!("{found}; locked{}", reason.unwrap_or_default()),
            )
            .fix("`iexec-hsm agent unlock` gives it the PIN.")
        }
    }
}
