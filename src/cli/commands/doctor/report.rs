use std::io::{self, Write as _};

use serde_json::{Value, json};

use super::check::{Check, State};
use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::cli::ui::text_layout::TextLayout;
use crate::code::Code;

/// The column that the text begins in.
const INDENT: usize = 26;

/// Prints the checks and the verdict on them. The first that is broken decides how the program
/// ends.
pub(super) fn print(context: &Context, checks: Vec<Check>) -> Result<Reply, Failure> {
    let broken = checks.iter().find(|check| check.state == State::Broken);
    let verdict = verdict(&checks);
    if context.global.raw {
        let json: Vec<Value> = checks.iter().map(Check::json).collect();
        let json = json!({ "verdict": word(&checks), "checks": json });
        return match broken {
            None => Ok(Reply::new(json)),
            Some(check) => Err(failure(check, &verdict).with(json)),
        };
    }
    let layout = TextLayout::of(&io::stdout());
    let mut text: String = checks.iter().map(|check| lines(&layout, check)).collect();
    text.push_str(&format!("\n{}\n", layout.column(&verdict, 0)));
    match io::stdout().write_all(text.as_bytes()) {
        // Whoever read has read enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::new(
            Code::IoFailed,
            format!("the report cannot be written: {error}"),
        )),
        _ => Ok(Reply::done(broken.and_then(|check| check.code))),
    }
}

fn failure(check: &Check, verdict: &str) -> Failure {
    let hint = [check.found.as_str(), check.fix.as_str()].join(". ");
    Failure::new(check.code.unwrap_or(Code::Failed), verdict).hint(hint.trim_end_matches(". "))
}

/// The verdict in one word, for scripts.
fn word(checks: &[Check]) -> &'static str {
    let any = |state| checks.iter().any(|check| check.state == state);
    if any(State::Broken) {
        "broken"
    } else if any(State::Warning) {
        "warning"
    } else {
        "ok"
    }
}

/// The verdict in one sentence, for people.
fn verdict(checks: &[Check]) -> String {
    let names = |wanted: &dyn Fn(&Check) -> bool| {
        let mut names: Vec<&str> = checks
            .iter()
            .filter(|check| wanted(check))
            .map(|check| check.name)
            .collect();
        names.dedup();
        names.join(", ")
    };
    let broken = names(&|check| check.state == State::Broken);
    let warned = names(&|check| check.state == State::Warning);
    let missing = names(&|check| check.state == State::NotThere && !check.fix.is_empty());
    if !broken.is_empty() {
        return format!("Verdict: broken: {broken}");
    }
    let mut verdict = "Verdict: nothing is broken".to_owned();
    if !warned.is_empty() {
        verdict.push_str(&format!("; to be looked at: {warned}"));
    }
    if !missing.is_empty() {
        verdict.push_str(&format!("; not there yet: {missing}"));
    }
    verdict
}

/// The lines of one check.
fn lines(layout: &TextLayout, check: &Check) -> String {
    let state = format!("{:<10}", check.state.as_str());
    let state = match (layout.colour, check.state) {
        (true, State::Ok) => format!("\x1b[32m{state}\x1b[0m"),
        (true, State::Warning) => format!("\x1b[33m{state}\x1b[0m"),
        (true, State::Broken) => format!("\x1b[31m{state}\x1b[0m"),
        _ => state,
    };
    let name = check.name;
    let mut lines = format!("{state}{name:<16}{}\n", layout.column(&check.found, INDENT));
    if !check.fix.is_empty() {
        let fix = layout.column(&format!("-> {}", check.fix), INDENT);
        lines.push_str(&format!("{:INDENT$}{fix}\n", ""));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: TextLayout = TextLayout {
        width: None,
        colour: false,
    };

    #[test]
    fn lines_fit_a_narrow_terminal() {
        let narrow = TextLayout {
            width: Some(60),
            colour: false,
        };
        let check = Check::warning("clock", "one two three four five six seven eight nine ten")
            .fix("set it to what it is");
        let text = lines(&narrow, &check);
        assert!(
            text.lines().all(|line| line.chars().count() <= 60),
            "{text}"
        );
        assert_eq!(text.lines().count(), 3, "{text}");
        assert_eq!(lines(&PLAIN, &check).lines().count(), 2);
    }

    #[test]
    fn the_verdict_names_what_is_broken_and_else_what_is_to_be_done() {
        let ok = || Check::ok("clock", "right");
        let verdict_of = |more: Vec<Check>| {
            let checks: Vec<_> = [ok()].into_iter().chain(more).collect();
            (word(&checks), verdict(&checks))
        };
        assert_eq!(verdict_of(vec![]).0, "ok");
        let absent = || Check::not_there("agent", "none");
        assert_eq!(verdict_of(vec![absent()]).1, "Verdict: nothing is broken");
        let (word, text) = verdict_of(vec![absent().fix("start one"), Check::warning("PIN", "")]);
        assert_eq!(word, "warning");
        assert!(
            text.ends_with("looked at: PIN; not there yet: agent"),
            "{text}"
        );
        let failure = Failure::new(Code::PinBlocked, "locked");
        let (word, text) = verdict_of(vec![Check::failed("PIN", failure)]);
        assert_eq!((word, &*text), ("broken", "Verdict: broken: PIN"));
    }
}
