use std::io::{self, Write as _};

use serde_json::{Map, Value};

use super::failure::Failure;
use super::status_line;
use super::text_layout::TextLayout;
use crate::code::Code;

/// The exit status of a command that succeeded.
pub(crate) const DONE: u8 = 0;

/// The reply of a command that succeeded.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    /// For `--raw`: one line on stdout.
    json: Map<String, Value>,
    /// For people: what was asked for, to stdout.
    text: String,
    /// For people: what happened, to stderr.
    notes: String,
    /// For people: what there is to say of what was asked for, to stderr, below it.
    remarks: String,
    /// Whether `text` is something for another program, such as a script: printed as it is.
    exact: bool,
    /// Already printed, with this status.
    done: Option<u8>,
}

impl Reply {
    /// Makes a reply that `--raw` prints as `json`, an object, with `"ok":true` before it.
    pub(crate) fn new(json: Value) -> Self {
        let mut object = Map::from_iter([("ok".to_owned(), Value::Bool(true))]);
        if let Value::Object(fields) = json {
            object.extend(fields);
        }
        Self {
            json: object,
            ..Self::default()
        }
    }

    /// Makes the reply of a command that printed all itself; `failed` is the first failure, if any.
    pub(crate) fn done(failed: Option<Code>) -> Self {
        Self {
            done: Some(failed.map_or(DONE, Code::exit)),
            ..Self::default()
        }
    }

    /// Makes the reply of a process that was started, printed all itself and ended with this status.
    pub(crate) fn ended(status: u8) -> Self {
        Self {
            done: Some(status),
            ..Self::default()
        }
    }

    /// Adds fields of an object to what `--raw` prints.
    pub(crate) fn with(mut self, fields: Value) -> Self {
        if let Value::Object(fields) = fields {
            self.json.extend(fields);
        }
        self
    }

    /// Adds a line of what was asked for.
    pub(crate) fn text(mut self, line: impl AsRef<str>) -> Self {
        self.text.push_str(line.as_ref());
        self.text.push('\n');
        self
    }

    /// Adds a line of what happened.
    pub(crate) fn note(mut self, line: impl AsRef<str>) -> Self {
        self.notes.push_str(line.as_ref());
        self.notes.push('\n');
        self
    }

    /// Adds a line below what was asked for.
    pub(crate) fn remark(mut self, line: impl AsRef<str>) -> Self {
        self.remarks.push_str(line.as_ref());
        self.remarks.push('\n');
        self
    }

    /// Adds a text of several lines that is for another program, or to be copied as a whole.
    pub(crate) fn exact(mut self, text: impl AsRef<str>) -> Self {
        self.exact = true;
        self.text(text)
    }

    /// Names the one of several things that is told of.
    pub(crate) fn of(mut self, what: &str) -> Self {
        for lines in [&mut self.text, &mut self.notes, &mut self.remarks] {
            if !lines.is_empty() {
                lines.insert_str(0, &format!("{what}: "));
            }
        }
        self
    }

    /// Prints it and returns the status.
    pub(crate) fn print(self, command: &str, raw: bool) -> u8 {
        if let Some(exit) = self.done {
            return exit;
        }
        match status_line::aside(|| self.write(raw)) {
            // Whoever read has read enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => DONE,
            Err(error) => Failure::new(
                Code::IoFailed,
                format!("the answer cannot be written: {error}"),
            )
            .hint("The command succeeded, but its answer is lost.")
            .print(command, raw),
            Ok(()) => DONE,
        }
    }

    fn write(&self, raw: bool) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        if raw {
            writeln!(stdout, "{}", Value::Object(self.json.clone()))?;
        } else {
            let mut stderr = io::stderr().lock();
            let notes = TextLayout::of(&stderr).fitted(&self.notes);
            stderr.write_all(notes.as_bytes())?;
            let text = match self.exact {
                true => self.text.clone(),
                false => TextLayout::of(&stdout).fitted(&self.text),
            };
            stdout.write_all(text.as_bytes())?;
            stdout.flush()?;
            let remarks = TextLayout::of(&stderr).fitted(&self.remarks);
            stderr.write_all(remarks.as_bytes())?;
        }
        stdout.flush()
    }
}
