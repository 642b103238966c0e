use std::io::{self, Write as _};

use serde_json::{Map, Value, json};

use super::interrupt;
use super::status_line;
use super::text_layout::TextLayout;
use crate::code::Code;
use crate::text::escape::escape;

/// A command that failed: what is wrong, and then what to do.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    message: String,
    hint: String,
    /// More for `--raw`, beside the error. Few failures have it: it must not make all of them large.
    more: Option<Box<Map<String, Value>>>,
}

impl Failure {
    pub(crate) fn new(code: Code, message: impl std::fmt::Display) -> Self {
        Self {
            code,
            message: message.to_string(),
            hint: String::new(),
            more: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Adds to what is to be done.
    pub(crate) fn and_hint(mut self, more: &str) -> Self {
        self.hint = format!("{} {more}", self.hint).trim_start().to_owned();
        self
    }

    /// Adds fields of an object to what `--raw` prints, beside the error.
    pub(crate) fn with(mut self, fields: Value) -> Self {
        if let Value::Object(fields) = fields {
            self.more.get_or_insert_default().extend(fields);
        }
        self
    }

    /// Says what is wrong.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Says what to do about it; empty when the message says it.
    pub(crate) fn advice(&self) -> &str {
        &self.hint
    }

    /// Says what is wrong and what to do, in one text.
    pub(crate) fn in_full(&self) -> String {
        match self.hint.as_str() {
            "" => self.message.clone(),
            hint if self.message.ends_with('?') => format!("{} {hint}", self.message),
            hint => format!("{}. {hint}", self.message),
        }
    }

    /// Names the one of several things that failed.
    pub(crate) fn of(mut self, what: &str) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// Adds one more thing that happened.
    pub(crate) fn also(mut self, what: &str) -> Self {
        self.message = format!("{}; {what}", self.message);
        self
    }

    /// Prints it to stderr and returns its status.
    pub(crate) fn print(&self, command: &str, raw: bool) -> u8 {
        interrupt::let_end();
        let mut stderr = io::stderr();
        let text = if raw {
            self.json(command).to_string()
        } else {
            escape(&self.text(&TextLayout::of(&stderr))).into_owned()
        };
        // With stderr gone there is nobody to tell; the status still says it.
        let _ = status_line::aside(|| writeln!(stderr, "{text}"));
        self.code.exit()
    }

    fn text(&self, layout: &TextLayout) -> String {
        // What follows the first line is a list, or a text to be copied.
        let fitted = |text: String| match text.split_once('\n') {
            Some((first, rest)) => format!("{}\n{rest}", layout.fitted(first)),
            None => layout.fitted(&text),
        };
        let error = fitted(format!("error: {}", self.message));
        if self.hint.is_empty() {
            return error;
        }
        format!("{error}\n{}", fitted(format!(" hint: {}", self.hint)))
    }

    fn json(&self, command: &str) -> serde_json::Value {
        let mut json = json!({
            "ok": false,
            "command": format!("iexec-hsm {command}"),
            "error": {
                "name": "Error",
                "message": self.in_full(),
                "code": self.code.word(),
                "exit": self.code.exit(),
            },
        });
        for (field, value) in self.more.iter().flat_map(|more| more.iter()) {
            json[field] = value.clone();
        }
        json
    }
}

#[cfg(test)]
mod tests;
