//! The layout of texts where they are printed: safe for a terminal, in its width, and in colours if it has them.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::os::fd::AsFd;

use rustix::termios::tcgetwinsize;

use crate::text::escape::escape;

/// A terminal that is narrower is not fitted: one word on each line helps nobody.
const NARROWEST: usize = 40;

fn set(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Whether a terminal here draws what sequences tell it to.
pub(crate) fn knows_sequences() -> bool {
    set("TERM").is_some_and(|term| term != "dumb")
}

/// The layout that suits the place that something is printed to.
pub(crate) struct TextLayout {
    /// Columns of a terminal that is wide enough.
    pub(crate) width: Option<usize>,
    pub(crate) colour: bool,
}

impl TextLayout {
    pub(crate) fn of(stream: &(impl IsTerminal + AsFd)) -> Self {
        let terminal = stream.is_terminal();
        let size = terminal.then(|| tcgetwinsize(stream).ok()).flatten();
        Self {
            width: size
                .map(|size| size.ws_col.into())
                .filter(|width| *width >= NARROWEST),
            colour: terminal && set("NO_COLOR").is_none() && knows_sequences(),
        }
    }

    /// `text` as a person may see it (see [`escape`]), with its lines broken where they would not fit;
    /// what is broken off stands two columns further in than its line.
    pub(crate) fn fitted(&self, text: &str) -> String {
        let broken = |line: &str| {
            let lead = line.len() - line.trim_start_matches(' ').len();
            self.line(line, 0, lead + 2)
        };
        let lines: Vec<String> = escape(text).split('\n').map(broken).collect();
        lines.join("\n")
    }

    /// The lines of a text that begins in the column `indent`, and stays there.
    pub(crate) fn column(&self, text: &str, indent: usize) -> String {
        let lines: Vec<String> = escape(text)
            .lines()
            .map(|line| self.line(line, indent, indent))
            .collect();
        lines.join(&format!("\n{:indent$}", ""))
    }

    /// Breaks a line that begins in the column `start` where it would not fit; all but the first
    /// piece are indented.
    fn line(&self, line: &str, start: usize, indent: usize) -> String {
        let Some(width) = self.width else {
            return line.to_owned();
        };
        let mut text = String::new();
        let mut at = start;
        let mut is_first = true;
        for word in words(line) {
            let bare = word.trim_start_matches(' ');
            if !is_first && at + word.chars().count() > width {
                text.push_str(&format!("\n{:indent$}{bare}", ""));
                at = indent + bare.chars().count();
            } else {
                text.push_str(word);
                at += word.chars().count();
            }
            is_first = is_first && bare.is_empty();
        }
        text
    }
}

/// The words of a line, each with the spaces before it. What stands between backticks is one word:
/// a command or a URI that is broken could not be copied.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut begin, mut quoted, mut in_word) = (0, false, false);
    for (at, c) in line.char_indices() {
        if c == ' ' && in_word && !quoted {
            words.push(&line[begin..at]);
            begin = at;
        }
        in_word = quoted || c != ' ';
        quoted ^= c == '`';
    }
    words.push(&line[begin..]);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_width(width: usize) -> TextLayout {
        TextLayout {
            width: Some(width),
            colour: false,
        }
    }

    #[test]
    fn a_line_is_broken_at_its_spaces() {
        let layout = of_width(12);
        let text = "  one two three four\nfive  six";
        assert_eq!(
            layout.fitted(text),
            "  one two\n    three\n    four\nfive  six"
        );
        assert_eq!(layout.column("one two three", 4), "one two\n    three");
        let wide = TextLayout {
            width: None,
            colour: false,
        };
        assert_eq!(wide.fitted(text), text);
    }

    #[test]
    fn what_is_copied_stays_whole() {
        let uri = "pkcs11:token=a;object=a%20long%20one";
        let layout = of_width(20);
        assert_eq!(layout.fitted(uri), uri);
        assert_eq!(
            layout.fitted(&format!("opens  with {uri} (current)")),
            format!("opens  with\n  {uri}\n  (current)")
        );
        let text = "-> `iexec-hsm key adopt 'pkcs11:id=%01'` writes it.";
        assert_eq!(
            layout.column(text, 4),
            "->\n    `iexec-hsm key adopt 'pkcs11:id=%01'`\n    writes it."
        );
    }
}
