//! A task in words.

use super::told::Told;
use crate::chain::poco::{Deal, Task, U256};
use crate::cli::context::Context;
use crate::cli::ui::command_line::CommandLine;
use crate::cli::ui::moments::{Moment, when};
use crate::task::{Cause, TaskState};
use crate::text::escape::Shown as _;
use crate::wallet::address::Address;

/// The lines about a task.
pub(super) fn lines(context: &Context, told: &Told) -> Vec<String> {
    let (task, now) = (&told.task, told.now);
    let mut lines = vec![
        row("task", task.id),
        row("state", in_words(told)),
        row("deal", format_args!("{} (task {})", task.deal, task.index)),
    ];
    if let Some(deal) = &told.deal {
        lines.extend(of_deal(context, deal));
        lines.push(row("begun", when(seconds(deal.start_time), now)));
    }
    let workers: Vec<_> = task.contributors.iter().map(ToString::to_string).collect();
    if !workers.is_empty() {
        lines.push(row("workers", workers.join(", ")));
    }
    if !told.state.is_final() {
        for (name, deadline) in [
            ("contributions", task.contribution_deadline),
            ("reveals", task.reveal_deadline),
        ] {
            if deadline != U256::ZERO {
                let until = when(seconds(deadline), now);
                lines.push(row(name, format_args!("until {until}")));
            }
        }
    }
    if told.state != TaskState::Completed {
        lines.push(row("times out", when(seconds(task.final_deadline), now)));
    } else {
        lines.push(row("result", result(task)));
    }
    lines.extend(told.causes.iter().map(|it| row("cause", cause(it))));
    let way_out = way_out(told);
    if !way_out.is_empty() {
        lines.push(way_out);
    }
    lines
}

/// The lines about a deal: who is in it.
pub(in crate::cli::commands) fn of_deal(context: &Context, deal: &Deal) -> Vec<String> {
    let nobody = Address::from([0; 20]);
    let mut lines = vec![row("app", deal.app.address)];
    if deal.dataset.address != nobody {
        lines.push(row("dataset", deal.dataset.address));
    }
    lines.push(row("workerpool", deal.workerpool.address));
    lines.push(row("requester", deal.requester));
    let whose = whose(context, deal.beneficiary);
    lines.push(row(
        "beneficiary",
        format_args!("{}{whose}", deal.beneficiary),
    ));
    if deal.callback != nobody {
        lines.push(row("callback", deal.callback));
    }
    let encryption = match deal.asks_for_encryption() {
        true => "asked for",
        false => "not asked for",
    };
    lines.push(row("encryption", encryption));
    lines
}

/// What to do about a task that came to nothing.
pub(super) fn way_out(told: &Told) -> String {
    match told.state {
        TaskState::TimedOut => {
            let claim = CommandLine::ours("task claim").operand(told.task.id.to_string());
            format!("The requester can claim the money back: `{claim}`.")
        }
        _ => String::new(),
    }
}

/// A name and what stands beside it.
pub(in crate::cli::commands) fn row(name: &str, what: impl std::fmt::Display) -> String {
    format!("{name:<14}{what}")
}

/// Seconds of the chain, which may be any number.
pub(in crate::cli::commands) fn seconds(time: U256) -> Moment {
    Moment(time.saturating_to())
}

fn in_words(told: &Told) -> String {
    let words = match told.state {
        TaskState::Unset => "no worker has started it",
        TaskState::Active => "workers compute it",
        TaskState::Revealing => "the workers have a result and have not revealed it yet",
        TaskState::Completed => "the result is there",
        TaskState::Failed => "it timed out, and the money was taken back",
        TaskState::TimedOut => "its time is over, without a result",
    };
    format!("{} ({words})", told.state.name())
}

/// Whether results for an address are ours.
pub(in crate::cli::commands) fn whose(context: &Context, beneficiary: Address) -> &'static str {
    if context.located().is_ok_and(|it| it.address == beneficiary) {
        return " (your address)";
    }
    match context.folder().key_path(&beneficiary).exists() {
        true => " (its key file is here)",
        false => "",
    }
}

/// Where the result is.
fn result(task: &Task) -> String {
    if !task.callback_data.is_empty() {
        return format!("{} bytes, in a contract", task.callback_data.len());
    }
    let results = task.results_json();
    let text = |key: &str| results[key].as_str().map(|it| it.shown().into_owned());
    match (text("storage"), text("location")) {
        (Some(storage), _) if storage == "none" => "none that can be downloaded".to_owned(),
        (Some(storage), Some(location)) => format!("{location} on {storage}"),
        _ => "in a form that is not known".to_owned(),
    }
}

/// What a scheduler told of a failure.
pub(in crate::cli::commands) fn cause(cause: &Cause) -> String {
    let why = cause.cause.as_deref().unwrap_or(&cause.status);
    let exit = cause
        .exit_code
        .map(|it| format!(", the app ended with {it}"));
    let worker = &cause.worker;
    format!(
        "{why}{} (worker {worker}, as the scheduler says)",
        exit.unwrap_or_default()
    )
}
