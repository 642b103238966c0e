//! The settings of a configuration file with their places in it.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One setting of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    /// As it would stand after an option's name.
    pub(crate) value: String,
    /// From 1.
    pub(crate) line: usize,
    /// Where the value is, in bytes.
    pub(super) place: Range<usize>,
}

/// The settings in the text of a configuration that is right, in the order of its lines.
pub(crate) fn entries(text: &str) -> Vec<Entry> {
    let Ok(table) = DeTable::parse(text) else {
        return Vec::new();
    };
    let table = table.into_inner();
    let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let key_text: &std::borrow::Cow<'_, str> = key.get_ref();
        Entry {
            key: key_text.to_string(),
            value: plain(value.get_ref()),
            line: super::position(text.as_bytes(), key.span().start).0,
            place: value.span(),
        }
    };
    let mut entries: Vec<Entry> = table.iter().map(entry).collect();
    entries.sort_by_key(|entry| entry.place.start);
    entries
}

fn plain(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.as_str().to_owned(),
        DeValue::Boolean(it) => it.to_string(),
        // No setting is of another kind.
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "# mine\nmodule = \"/a.so\" # why\n\nmax-size = 1_000\n no-agent=true";

    #[test]
    fn settings_have_their_values_and_lines() {
        let found: Vec<_> = entries(OLD)
            .into_iter()
            .map(|it| (it.key, it.value, it.line))
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
        assert_eq!(entries("not = = toml"), []);
    }
}
