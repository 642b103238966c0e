//! A task with its result.

use serde_json::Value;

use super::download::{Undone, Wanted};
use super::told::Told;
use crate::cli::context::Context;
use crate::cli::node::Place;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::cli::verification::Verification;

/// Puts the result of a task into its place. `json` and `lines` are what is said of the task.
pub(in crate::cli::commands) fn fetched(
    context: &Context,
    place: &Place,
    told: &Told,
    wanted: &Wanted,
    (json, lines): (Value, Vec<String>),
) -> Result<Reply, Failure> {
    let tell = |lines: &[String]| lines.iter().for_each(|line| context.tell(line));
    match wanted.get(context, place, told) {
        Ok(done) => {
            let verification = done.verification.as_ref();
            let checked = verification
                .map(|it| it.in_full(context))
                .unwrap_or_default();
            if done.is_stream {
                // Nothing else may be on it.
                tell(&lines);
                tell(&checked);
                context.tell(done.note);
                return Ok(Reply::done(None));
            }
            let of_checks = verification.map_or(Value::Null, Verification::json);
            let reply = Reply::new(json).with(done.json).with(of_checks);
            let reply = lines.iter().chain(&checked).fold(reply, Reply::text);
            Ok(reply.note(done.note))
        }
        Err(Undone { failure, checks }) => {
            tell(&lines);
            tell(&checks);
            Err(failure.with(json))
        }
    }
}
