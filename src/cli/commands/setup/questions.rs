use std::fs::File;

use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::terminal;
use crate::code::Code;

/// Answers that are taken before the command gives up.
const ATTEMPTS: usize = 3;

/// A person to ask, if there is one.
pub(super) struct Questions(Option<File>);

impl Questions {
    pub(super) fn of(context: &Context) -> Self {
        let nobody = context.global.raw || context.global.no_input;
        Self(if nobody { None } else { terminal::open() })
    }

    pub(super) fn can_ask(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn tell(&self, line: &str) {
        if let Some(terminal) = &self.0 {
            terminal::tell(terminal, line);
        }
    }

    /// Asks for a line that `read` takes; an empty one is the default. With nobody to ask, or no
    /// answer that fits, `without` says what to do.
    pub(super) fn line<T>(
        &self,
        question: &str,
        default: Option<&str>,
        without: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Failure> {
        let Some(terminal) = &self.0 else {
            return Err(Failure::new(Code::Usage, without));
        };
        let shown = default.map(|default| format!(" [{default}]"));
        let question = format!("{question}{}: ", shown.unwrap_or_default());
        for _ in 0..ATTEMPTS {
            let answer = terminal::ask_line(terminal, &question).map_err(|error| {
                Failure::new(Code::Usage, format!("no answer was typed: {error}"))
            })?;
            let answer = match (answer.as_str(), default) {
                ("", Some(default)) => default,
                (answer, _) => answer,
            };
            match read(answer) {
                Ok(value) => return Ok(value),
                Err(problem) => terminal::tell(terminal, &format!("  {problem}")),
            }
        }
        Err(Failure::new(Code::Usage, without))
    }

    /// Asks which of `items` is meant, the first by default.
    pub(super) fn choice(
        &self,
        title: &str,
        items: &[String],
        without: &str,
    ) -> Result<usize, Failure> {
        self.tell(title);
        for (number, item) in (1..).zip(items) {
            self.tell(&format!("  {number}  {item}"));
        }
        self.line("Number", Some("1"), without, |text| {
            let number = text.parse().unwrap_or(0);
            if (1..=items.len()).contains(&number) {
                Ok(number - 1)
            } else {
                Err(format!("a number from 1 to {} is needed", items.len()))
            }
        })
    }

    pub(super) fn yes(&self, question: &str) -> bool {
        self.0.as_ref().is_some_and(|terminal| {
            terminal::ask_line(terminal, &format!("{question} [y/N]: "))
                .is_ok_and(|answer| matches!(answer.as_str(), "y" | "Y" | "yes" | "Yes"))
        })
    }
}
