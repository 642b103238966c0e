use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::agent::wire::Status;
use crate::cli::agent_beside::holder;
use crate::cli::context::Context;
use crate::text::escape::Shown as _;
use crate::token::{TokenInfo, Uri};

/// The token that this user's agent holds, by the agent's words: a device that lets in one process only is
/// not seen beside it.
pub(super) struct Held {
    status: Status,
    uri: Uri,
}

impl Held {
    /// That of the agent that runs, unless it is among `shown`.
    pub(super) fn unless_among(context: &Context, shown: &[(PathBuf, TokenInfo)]) -> Option<Self> {
        let status = holder(context)?.status;
        let is_it = |token: &TokenInfo| token.uri().to_string() == status.token;
        if status.sessions == 0 || shown.iter().any(|(_, token)| is_it(token)) {
            return None;
        }
        let uri = status.token.parse().ok()?;
        Some(Self { status, uri })
    }

    pub(super) fn module(&self) -> &Path {
        Path::new(&self.status.module)
    }

    pub(super) fn json(&self) -> Value {
        let (status, uri) = (&self.status, &self.uri);
        json!({
            "token": status.token,
            "label": status.label,
            "serial": uri.serial.as_deref().unwrap_or_default(),
            "manufacturer": uri.manufacturer.as_deref().unwrap_or_default(),
            "model": uri.model.as_deref().unwrap_or_default(),
            "slotId": null,
            "initialised": true,
            "pin": status.pin,
            "loginRequired": status.login_required,
            "pinPad": status.pin_pad,
            "writeProtected": null,
            "module": status.module,
            "agentPid": status.pid,
        })
    }

    pub(super) fn text(&self) -> String {
        let (status, module) = (&self.status, self.module().shown());
        let serial = self.uri.serial.as_deref().unwrap_or_default();
        format!(
            "{:?} (serial {}), held by your agent (process {})\n  {}\n  module {module}",
            status.label,
            serial.shown(),
            status.pid,
            status.token,
        )
    }
}
