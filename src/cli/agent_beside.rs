//! This user's own agent, where a command works beside it: some devices allow one process at a time.

use std::path::Path;
use std::time::Duration;

use super::agent_link::Link;
use super::context::Context;
use super::key_records::KeyRecords;
use super::ui::failure::Failure;
use super::ui::status_line;
use crate::agent::client::{ClientError, Waits};
use crate::agent::wire::{Key, State};
use crate::code::Code;

/// An agent that does not tell its state within this time is not spoken of.
const PATIENCE: Duration = Duration::from_secs(2);

/// The unlocked agent that holds the token that is wanted, for a command that only reads: no PIN is
/// needed, and a device that lets in one process only is not asked twice. Where it fails, the token is
/// asked.
pub(crate) fn to_read_by(context: &Context, recorded: &KeyRecords) -> Option<Link> {
    if context.settings.no_agent {
        return None;
    }
    let link = Link::find_within(context, recorded, PATIENCE)?;
    if !drives_named_module(context, &link) {
        return None;
    }
    let passed = match link.status.state {
        State::Unlocked if link.status.hung => "its token has not answered for a long time",
        State::Unlocked => return Some(link),
        State::Recovering if !can_do_without(context) => return Some(link),
        State::Recovering => "its token is being brought back",
        State::Locked | State::Unlocking => "it is locked",
    };
    context.note_passed_agent(passed.to_owned());
    None
}

/// The keys of an agent [`to_read_by`]. Where only the agent can tell them, it is waited for while it brings its
/// token back.
pub(crate) fn keys_of(context: &Context, link: &mut Link) -> Result<Vec<Key>, ClientError> {
    if can_do_without(context) {
        return link.client.keys_of_login();
    }
    let waits = Waits {
        say: || status_line::say("Waiting for the agent to bring its token back ..."),
        ..Waits::default()
    };
    link.client.keys_of_login_within(waits)
}

/// Whether there is a PIN for the token itself, or somebody to ask for one.
fn can_do_without(context: &Context) -> bool {
    context.has_pin() || context.can_ask()
}

/// Tells of the agent where it is the reason of a failure: one that is named and not there, so that a PIN is
/// needed; or one that holds the device, which is busy.
pub(crate) fn mind_agent(context: &Context, failure: Failure) -> Failure {
    if failure.code == Code::PinNeeded
        && !context.can_ask()
        && let Some(missed) = context.take_missed_agent()
    {
        return missed.and_hint("Without the agent the PIN is needed: a file with it is named with --pin-file or IEXEC_HSM_PIN_FILE.");
    }
    match context.take_passed_agent() {
        Some(reason) if failure.code == Code::PinNeeded => {
            failure.and_hint(&format!("Your agent was not asked: {reason}."))
        }
        _ => name_holder(context, failure),
    }
}

/// Names the agent as the holder of the token, where a command failed that found the device busy, as
/// far as that can be told.
pub(crate) fn name_holder(context: &Context, failure: Failure) -> Failure {
    let is_of_device = matches!(failure.code, Code::DeviceFailed | Code::TokenNotUsable);
    if !is_of_device || context.asks_agent() {
        return failure;
    }
    let Some(link) = holder(context) else {
        return failure;
    };
    let (pid, label) = (link.status.pid, &link.status.label);
    failure.and_hint(&format!(
        "Your own agent (process {pid}) holds {label:?}, and some devices allow one process at a time: `iexec-hsm agent stop` ends it."
    ))
}

/// The agent that runs, where its module can be the one that a command uses.
pub(crate) fn holder(context: &Context) -> Option<Link> {
    let link = Link::beside(context, PATIENCE)?;
    drives_named_module(context, &link).then_some(link)
}

/// Whether the agent's module is the one that is named, where one is.
fn drives_named_module(context: &Context, link: &Link) -> bool {
    let theirs = Path::new(&link.status.module);
    let is_it = |named: &Path| {
        let file = |path: &Path| path.canonicalize().ok();
        named == theirs || (file(named).is_some() && file(named) == file(theirs))
    };
    context.named_module().is_none_or(|named| is_it(&named))
}
