//! The words on an agent that answers.

use std::path::Path;

use serde_json::{Value, json};

use crate::agent::wire::State;
use crate::text::escape::Shown as _;
use crate::token::names::token_of;

pub(super) fn to_json(token: &str, path: Option<&Path>, state: State, pid: u32) -> Value {
    json!({
        "socket": path,
        "token": token,
        "state": state,
        "pid": pid,
    })
}

pub(super) fn to_text(token: &str, path: Option<&Path>, state: State, absent: bool) -> String {
    let path = path.map_or("the socket from systemd".into(), |path| path.shown());
    let state = match state {
        _ if absent => "not there yet: the agent waits for it",
        State::Unlocked => "unlocked",
        _ => "locked; `iexec-hsm agent unlock` unlocks it",
    };
    let token = token.parse().unwrap_or_default();
    format!(
        "The agent answers at {path}\nIt is for {}, which is {state}",
        token_of(&token)
    )
}
