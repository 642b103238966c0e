//! The words on an archive that was opened, or passed over.

use std::io::{self, Write as _};
use std::path::Path;

use serde_json::{Value, json};

use super::job::{Destination, Job};
use super::tally::Passed;
use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::key_name::key_name_of;
use crate::cli::ui::reply::Reply;
use crate::cli::ui::status_line::{aside, say};
use crate::decrypt::Report;
use crate::text::escape::Shown as _;

fn to_json(context: &Context, job: &Job, report: &Report) -> Value {
    let path = job.place.path().map(|path| context.absolute(path));
    let mut json = json!({
        "resultsPath": path,
        "archive": job.archive,
        "key": report.key.uri,
        "bytes": report.bytes,
        "entries": report.entries,
    });
    if !job.only.is_empty() {
        let taken: Vec<_> = job.only.iter().map(|it| it.to_string_lossy()).collect();
        json["taken"] = json!(taken);
    }
    json
}

fn sentence(context: &Context, job: &Job, report: &Report) -> String {
    let place = match &job.place {
        Destination::Stream(stream) => stream.shown(),
        Destination::Nowhere => "memory".to_owned(),
        Destination::File(path) | Destination::Folder(path) => {
            context.absolute(path).shown().into_owned()
        }
    };
    opened_in(context, &place, report)
}

/// What people are told of a result that is opened now, and is in `place`.
pub(in crate::cli::commands) fn opened_in(
    context: &Context,
    place: &str,
    report: &Report,
) -> String {
    let key = &report.key;
    context.say(|| format!("opened with {}", key.uri));
    format!(
        "Results successfully decrypted in {place}\nOpened with {}",
        key_name_of(&key.uri, &key.label)
    )
}

/// Returns the reply of a command that opened one archive.
pub(super) fn reply(context: &Context, job: &Job, report: &Report) -> Reply {
    if matches!(job.place, Destination::Stream(_)) {
        // The result is on a stream: nothing else may be.
        if !context.global.raw {
            say(&sentence(context, job, report));
        }
        return Reply::done(None);
    }
    Reply::new(to_json(context, job, report)).note(sentence(context, job, report))
}

/// Tells of one of several archives at once, because the next may take long.
pub(super) fn tell(context: &Context, job: &Job, report: &Report) {
    if context.global.raw {
        reply(context, job, report).print(&context.global.command, true);
    } else {
        let place = context.absolute(job.place.path().unwrap_or(Path::new("-")));
        say(&format!("{} -> {}", job.archive.shown(), place.shown()));
    }
}

/// Tells of an archive that was passed over: people of the only one, and of others with `--verbose`.
pub(super) fn tell_passed(context: &Context, job: &Job, passed: Passed, is_only: bool) {
    let archive = job.archive.shown();
    let place = job.place.path().map(|path| context.absolute(path));
    let line = match passed {
        Passed::Existing => format!(
            "{archive} was not opened: {} exists",
            place.as_deref().unwrap_or(Path::new("-")).shown()
        ),
        Passed::FailedBefore(code) => format!(
            "{archive} was not opened: it failed before with exit code {} (--retry-failed tries again)",
            code.exit()
        ),
    };
    let global = &context.global;
    match passed {
        _ if !global.raw => {
            if global.verbose || (is_only && !global.quiet) {
                say(&line);
            }
        }
        Passed::Existing => {
            let json = json!({
                "resultsPath": place,
                "archive": job.archive,
                "skipped": "existed",
            });
            Reply::new(json).print(&global.command, true);
        }
        Passed::FailedBefore(code) => {
            let skipped = json!({ "archive": job.archive, "skipped": "failed-before" });
            let failure = Failure::new(code, line).with(skipped);
            failure.print(&global.command, true);
        }
    }
}

/// Prints a line of JSON.
pub(super) fn print(json: &Value) {
    // Whoever read has read enough.
    let _ = aside(|| writeln!(io::stdout(), "{json}"));
}
