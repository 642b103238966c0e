//! The program that is run for each result.

use std::io;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::job::Job;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::status_line::aside;
use crate::code::Code;
use crate::text::escape::Shown as _;

/// Runs `program` with what it needs to know of a result in its environment, and waits for its end. No shell is in
/// between, and what it prints goes to stderr: the standard output is for JSON.
pub(super) fn run(program: &Path, job: &Job, place: &Path) -> Result<(), Failure> {
    let deal = &job.deal.deal;
    let failed = |what: String| {
        let what = format!("{} {what}", program.shown());
        Failure::new(Code::Failed, what)
            .hint("The result is in its place. The program is run again next time.")
    };
    let output = io::stderr().as_fd().try_clone_to_owned();
    let output = output.map_or_else(|_| Stdio::null(), Stdio::from);
    let mut command = Command::new(program);
    command
        .env("IEXEC_TASK_ID", job.id.to_string())
        .env("IEXEC_DEAL_ID", deal.id.to_string())
        .env("IEXEC_APP", deal.app.address.to_string())
        .env("IEXEC_REQUESTER", deal.requester.to_string())
        .env("IEXEC_RESULT_DIR", place)
        .stdin(Stdio::null())
        .stdout(output);
    // What it says may be for the terminal.
    let status = aside(|| command.status());
    let status = status.map_err(|error| failed(format!("cannot be run: {error}")))?;
    match status.success() {
        true => Ok(()),
        false => Err(failed(format!("failed for this result ({status})"))),
    }
}
