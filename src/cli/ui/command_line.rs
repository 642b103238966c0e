//! Command lines that a person is told to run: for a POSIX shell, to be pasted as they are.

use std::ffi::OsStr;
use std::fmt::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;

use crate::text::escape::breaks_out;

/// A command line. Words that somebody else chose are quoted, and stay on one line.
#[derive(Clone, Debug)]
pub(crate) struct CommandLine {
    line: String,
    /// Whether only operands can follow.
    options_ended: bool,
}

impl CommandLine {
    /// Begins the line of a program with words that need no quotes: `shred -u`.
    pub(crate) fn new(words: &'static str) -> Self {
        Self {
            line: words.to_owned(),
            options_ended: false,
        }
    }

    /// Begins a line of this program with the words of a command: `key adopt`.
    pub(crate) fn ours(command: &'static str) -> Self {
        let mut line = Self::new("iexec-hsm ");
        line.line.push_str(command);
        line
    }

    /// Adds an option that takes no value.
    pub(crate) fn flag(mut self, name: &'static str) -> Self {
        self.push(name);
        self
    }

    /// Adds a long option and its value.
    pub(crate) fn option(mut self, name: &'static str, value: impl AsRef<OsStr>) -> Self {
        self.push(name);
        let value = value.as_ref();
        // Else the value would be taken for an option.
        let between = if begins_with_dash(value) { '=' } else { ' ' };
        self.line.push(between);
        self.line.push_str(&quoted(value));
        self
    }

    /// Adds what the command is for: a name or a URI. No option can follow.
    pub(crate) fn operand(mut self, word: impl AsRef<OsStr>) -> Self {
        let word = word.as_ref();
        if begins_with_dash(word) && !self.options_ended {
            self.push("--");
        }
        self.options_ended = true;
        self.push(&quoted(word));
        self
    }

    fn push(&mut self, word: &str) {
        self.line.push(' ');
        self.line.push_str(word);
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

fn begins_with_dash(word: &OsStr) -> bool {
    word.as_bytes().starts_with(b"-")
}

/// `word` as a POSIX shell reads it back.
fn quoted(word: &OsStr) -> String {
    match word.to_str() {
        Some(text) if is_plain_word(text) => text.to_owned(),
        // A backtick would end the command in a message.
        Some(text) if !text.contains(|it| it == '`' || breaks_out(it)) => {
            format!("'{}'", text.replace('\'', r"'\''"))
        }
        _ => with_octal_escapes(word.as_bytes()),
    }
}

/// Whether no shell sees anything in it. At its beginning `=` has zsh look for a program.
fn is_plain_word(word: &str) -> bool {
    !word.is_empty() && !word.starts_with('=') && word.bytes().all(is_plain)
}

/// Whether no shell sees anything in it, wherever it stands behind the first byte of a word.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"%+,-./:@_=".contains(&byte)
}

/// The form `$'…'`, in which any byte can be written.
fn with_octal_escapes(word: &[u8]) -> String {
    let mut line = String::from("$'");
    for chunk in word.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\'' | '\\' => line.extend(['\\', character]),
                '`' => push_octal(&mut line, b"`"),
                it if breaks_out(it) => {
                    push_octal(&mut line, it.encode_utf8(&mut [0; 4]).as_bytes());
                }
                it => line.push(it),
            }
        }
        push_octal(&mut line, chunk.invalid());
    }
    line.push('\'');
    line
}

fn push_octal(line: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(line, "\\{byte:03o}");
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::process::Command;

    use super::*;

    const NAMES: [&[u8]; 15] = [
        b"/keys/0xA_key",
        b"Copy of 0xA_key",
        b"",
        b"-rf",
        b"o'brien",
        b"$HOME `id` $(id) \\ \"q\"",
        b"pkcs11:token=a;object=it's;id=%01",
        b"~",
        b"=ls",
        b"{a,b}*?[c]!#",
        b"two\nlines\n",
        b"tab\tescape\x1b[2J'\\",
        "鍵 \u{202e}fdp".as_bytes(),
        b"not \xff\xfe UTF-8",
        b"`",
    ];

    /// What a shell makes of the words behind `printf`.
    fn read_back(shell: &str, line: &CommandLine) -> Vec<u8> {
        let out = Command::new(shell).arg("-c").arg(line.to_string()).output();
        let out = out.unwrap();
        assert!(out.status.success(), "{shell}: {line}: {out:?}");
        out.stdout
    }

    #[test]
    fn shells_read_back_every_name() {
        for shell in ["bash", "zsh"] {
            for name in NAMES {
                let line = CommandLine::new(r"printf '%s\0'").operand("first");
                let line = line.operand(OsStr::from_bytes(name));
                assert_eq!(
                    read_back(shell, &line),
                    [b"first\0", name, b"\0"].concat(),
                    "{shell}: {line}"
                );
            }
        }
    }

    #[test]
    fn a_name_stays_in_the_line_and_between_its_backticks() {
        for name in NAMES {
            let line = CommandLine::ours("key show").operand(OsStr::from_bytes(name));
            let line = line.to_string();
            assert!(!line.contains(|it| it == '`' || breaks_out(it)), "{line:?}");
        }
    }

    #[test]
    fn what_needs_no_quotes_has_none() {
        let line = CommandLine::ours("key export").option("--output", "/a/0x1_key.pub");
        assert_eq!(
            line.to_string(),
            "iexec-hsm key export --output /a/0x1_key.pub"
        );
        let line = CommandLine::new("shred -u").operand("/a/Copy of it");
        assert_eq!(line.to_string(), "shred -u '/a/Copy of it'");
    }

    #[test]
    fn a_name_with_a_dash_is_no_option() {
        let line = CommandLine::new("shred -u").operand("-n").operand("-z");
        assert_eq!(line.to_string(), "shred -u -- -n -z");
        let line = CommandLine::ours("token init").option("--token", "-a b");
        assert_eq!(
            line.flag("--force").to_string(),
            "iexec-hsm token init --token='-a b' --force"
        );
    }
}
