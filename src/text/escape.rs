//! Texts for a terminal: names and words of others cannot move it, and cannot look like lines of ours.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::Path;

/// A name or a text of others, as it is put into a message: a label, a path, what a server says.
pub(crate) trait Shown {
    /// The text in one line, with escapes in the place of what would begin another one or move a
    /// terminal.
    fn shown(&self) -> Cow<'_, str>;
}

impl Shown for str {
    fn shown(&self) -> Cow<'_, str> {
        with_escapes(self.into(), breaks_out)
    }
}

impl Shown for OsStr {
    fn shown(&self) -> Cow<'_, str> {
        with_escapes(self.to_string_lossy(), breaks_out)
    }
}

impl Shown for Path {
    fn shown(&self) -> Cow<'_, str> {
        self.as_os_str().shown()
    }
}

/// A whole text as it goes to a person, with escapes in the place of what would move a terminal.
/// Ends of lines and tabs stay: those of others were escaped where they were put in (see [`Shown`]).
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    with_escapes(text.into(), moves)
}

fn with_escapes(text: Cow<'_, str>, is_escaped: fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(is_escaped) {
        return text;
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_escaped(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown.into()
}

/// Whether a name with this character could leave its place in a line.
pub(crate) fn breaks_out(character: char) -> bool {
    matches!(character, '\n' | '\t') || moves(character)
}

/// Whether a terminal obeys it: control characters, other ends of lines, and those that turn the
/// rest of a line around.
fn moves(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            true
        }
        _ => character.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_text_stays_as_it_is() {
        for text in ["", "error: a\n hint:\tb\n", "façade 鍵 🔑", r"\x1b"] {
            assert!(matches!(escape(text), Cow::Borrowed(it) if it == text));
        }
        for name in ["", "a b", "façade 鍵 🔑", r"\x1b"] {
            assert!(matches!(name.shown(), Cow::Borrowed(it) if it == name));
            assert_eq!(Path::new(name).shown(), name);
        }
    }

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        assert_eq!(escape("a\x1b[2J\rb"), r"a\u{1b}[2J\u{d}b");
        // DEL, CSI in one character, and the characters that reorder a line.
        assert_eq!(escape("\x7f\u{9b}m"), r"\u{7f}\u{9b}m");
        assert_eq!(escape("\u{202e}fdp\u{2069}"), r"\u{202e}fdp\u{2069}");
        assert_eq!(escape("a\u{2028}b\u{85}c"), r"a\u{2028}b\u{85}c");
    }

    #[test]
    fn a_name_stays_in_its_line() {
        let name = "mine\n  made on the token\tsensitive\r\u{202e}";
        let shown = r"mine\u{a}  made on the token\u{9}sensitive\u{d}\u{202e}";
        assert_eq!(name.shown(), shown);
        assert_eq!(Path::new(name).shown(), shown);
        // Once more changes nothing.
        assert_eq!(shown.shown(), shown);
    }
}
