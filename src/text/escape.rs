//! Texts for a terminal.

use std::borrow::Cow;

/// `text` as it goes to a person: labels, names of files and what others say may hold what would
/// move a terminal, and have escapes in its place. Ends of lines and tabs stay.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(moves) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if moves(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown.into()
}

/// Whether a terminal obeys it: control characters, and those that turn the rest of a line around.
fn moves(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
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
    }

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        assert_eq!(escape("a\x1b[2J\rb"), r"a\u{1b}[2J\u{d}b");
        // DEL, CSI in one character, and the characters that reorder a line.
        assert_eq!(escape("\x7f\u{9b}m"), r"\u{7f}\u{9b}m");
        assert_eq!(escape("\u{202e}fdp\u{2069}"), r"\u{202e}fdp\u{2069}");
    }
}
