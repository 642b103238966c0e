//! The settings in the text of a configuration file.

use std::ffi::OsStr;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use crate::cli::options::{Form, Kind, SETTINGS, Setting};
use crate::text::escape::Shown as _;

/// A setting of the file.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) setting: &'static Setting,
    /// The value as it would stand after the option.
    pub(crate) text: String,
    /// The line, from 1.
    pub(crate) line: usize,
    /// The place of the value, in bytes.
    pub(super) place: Range<usize>,
}

/// Reads all settings, in the order of their lines; or says at which byte something is wrong.
pub(super) fn parse(text: &str) -> Result<Vec<Entry>, (usize, String)> {
    let table = DeTable::parse(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        (offset, error.message().shown().into_owned())
    })?;
    let mut entries = Vec::new();
    for (key, value) in table.get_ref() {
        let at_key = |problem| (key.span().start, problem);
        let at_value = |problem| (value.span().start, problem);
        let setting = find(key.get_ref()).map_err(at_key)?;
        let plain = plain(setting, value.get_ref()).map_err(at_value)?;
        entries.push(Entry {
            setting,
            text: plain,
            line: position(text.as_bytes(), key.span().start).0,
            place: value.span(),
        });
    }
    entries.sort_by_key(|entry| entry.place.start);
    Ok(entries)
}

/// The line and column of an offset, each from 1.
pub(super) fn position(content: &[u8], offset: usize) -> (usize, usize) {
    let before = &content[..offset.min(content.len())];
    let line = before.split(|&byte| byte == b'\n').count();
    let last_line = before
        .rsplit(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default();
    (line, String::from_utf8_lossy(last_line).chars().count() + 1)
}

/// The setting of this name that may stand in the file.
fn find(name: &str) -> Result<&'static Setting, String> {
    let known = || SETTINGS.iter().filter(|it| it.kind == Kind::Anywhere);
    known().find(|it| it.name() == name).ok_or_else(|| {
        let known: Vec<_> = known().map(|it| format!("`{}`", it.name())).collect();
        let known = known.join(", ");
        format!("unknown field `{}`, expected one of {known}", name.shown())
    })
}

/// The value as it would stand after the option. What is wrong is told without the value.
fn plain(setting: &Setting, value: &DeValue<'_>) -> Result<String, String> {
    let Some(of) = &setting.value else {
        return Err("a secret has no place in the file".into());
    };
    let text = match (of.form, value) {
        (Form::Text | Form::Path | Form::Size, DeValue::String(text)) => Some(text.to_string()),
        (Form::Switch, DeValue::Boolean(it)) => Some(it.to_string()),
        (Form::Number | Form::Positive | Form::Size, DeValue::Integer(number)) => {
            let number = u64::from_str_radix(number.as_str(), number.radix()).ok();
            let number = number.filter(|number| *number > 0 || of.form != Form::Positive);
            number.map(|number| number.to_string())
        }
        _ => None,
    };
    let text = text.ok_or_else(|| {
        let expected = of.form.expected();
        format!("wrong kind of value, expected {expected}")
    })?;
    // More is said behind it.
    let check = (of.check)(OsStr::new(&text));
    check.map_err(|problem| problem.trim_end_matches('.').to_owned())?;
    Ok(text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const OLD: &str = "# mine\nmodule = \"/a.so\" # why\n\nmax-size = 1_000\n no-agent=true";

    #[test]
    fn settings_have_their_values_and_lines() {
        let found: Vec<_> = parse(OLD)
            .unwrap()
            .into_iter()
            .map(|it| (it.setting.name(), it.text, it.line))
            .collect();
        let wanted = [
            ("module", "/a.so", 2),
            ("max-size", "1000", 4),
            ("no-agent", "true", 5),
        ];
        assert_eq!(
            found,
            wanted.map(|(key, value, line)| (key.to_owned(), value.to_owned(), line))
        );
        assert!(parse("not = = toml").is_err());
    }
}
