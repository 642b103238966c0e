//! The names of entries, and where they may be written.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::ResultZipError;

/// Characters of a name that are shown: a zip lets it have 65535 bytes.
const LONGEST: usize = 200;

/// The name of an entry, as its bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryName<'a>(pub &'a [u8]);

impl EntryName<'_> {
    /// Whether the entry is a folder.
    pub fn is_folder(&self) -> bool {
        self.0.ends_with(b"/")
    }

    /// The path to extract the entry to, below some folder.
    pub fn safe_path(&self) -> Result<PathBuf, ResultZipError> {
        safe_path(self.0).map_err(|reason| self.refused(reason))
    }

    /// The name for people: nothing in it can move a terminal's cursor.
    pub fn shown(&self) -> String {
        let name = String::from_utf8_lossy(self.0);
        let mut shown: String = name.escape_debug().take(LONGEST).collect();
        if name.escape_debug().nth(LONGEST).is_some() {
            shown.push('…');
        }
        shown
    }

    /// The refusal of this name, for `reason`.
    pub fn refused(&self, reason: &'static str) -> ResultZipError {
        ResultZipError::UnsafeName {
            name: self.shown(),
            reason,
        }
    }

    pub(super) fn damaged(&self, reason: &str) -> ResultZipError {
        ResultZipError::damaged(format!("{}: {reason}", self.shown()))
    }
}

/// Turns the name of an entry into a path below the folder that is extracted to, or says what is
/// wrong with it. The slash at the end of a folder's name is dropped.
pub fn safe_path(name: &[u8]) -> Result<PathBuf, &'static str> {
    if name.is_empty() {
        return Err("has no name");
    }
    if name.starts_with(b"/") {
        return Err("is an absolute path");
    }
    if matches!(name, [letter, b':', ..] if letter.is_ascii_alphabetic()) {
        return Err("begins with a drive letter");
    }
    if name.contains(&b'\\') {
        return Err("has a backslash in its name");
    }
    if has_control(name) {
        return Err("has a control character in its name");
    }
    let name = name.strip_suffix(b"/").unwrap_or(name);
    name.split(|byte| *byte == b'/').map(component).collect()
}

fn component(bytes: &[u8]) -> Result<&OsStr, &'static str> {
    match bytes {
        b"" => Err("has an empty folder name in its path"),
        b"." | b".." => Err("has dots for a folder in its path"),
        bytes => Ok(OsStr::from_bytes(bytes)),
    }
}

fn has_control(name: &[u8]) -> bool {
    match std::str::from_utf8(name) {
        Ok(text) => text.chars().any(char::is_control),
        Err(_) => name.iter().any(u8::is_ascii_control),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn ordinary_names_become_paths() {
        let cases: [(&[u8], &[u8]); 6] = [
            (b"computed.json", b"computed.json"),
            (b"a/b/c.txt", b"a/b/c.txt"),
            (b"folder/", b"folder"),
            (b"..hidden/x...", b"..hidden/x..."),
            (
                "r\u{e9}sultat \u{1f4c4}".as_bytes(),
                "r\u{e9}sultat \u{1f4c4}".as_bytes(),
            ),
            (b"latin1-\xe9", b"latin1-\xe9"),
        ];
        for (name, path) in cases {
            assert_eq!(safe_path(name).unwrap().as_os_str().as_bytes(), path);
        }
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let cases: [&[u8]; 19] = [
            b"",
            b"/",
            b"//",
            b"/etc/passwd",
            b"..",
            b"../x",
            b"a/../x",
            b"a/..",
            b".",
            b"./x",
            b"a//b",
            b"a/./b",
            b"a//",
            b"C:x",
            b"c:/x",
            b"a\\b",
            b"a\0b",
            b"a\x1b[2Jb",
            "a\u{9b}2Jb".as_bytes(),
        ];
        for name in cases {
            assert!(safe_path(name).is_err(), "{:?}", EntryName(name).shown());
        }
    }

    #[test]
    fn a_refusal_tells_the_name_and_a_folder_is_known_by_its_slash() {
        let good = EntryName(b"a/b/");
        assert!(good.is_folder());
        assert_eq!(good.safe_path().unwrap(), PathBuf::from("a/b"));
        let bad = EntryName(b"a/../b");
        assert!(!bad.is_folder());
        let error = bad.safe_path().unwrap_err();
        assert!(error.to_string().contains("\"a/../b\""), "{error}");
    }

    #[test]
    fn shown_names_cannot_move_the_cursor() {
        assert_eq!(EntryName(b"a\x1b[2J\n").shown(), "a\\u{1b}[2J\\n");
    }

    #[test]
    fn of_a_long_name_the_beginning_is_shown() {
        let whole = "n".repeat(LONGEST);
        assert_eq!(EntryName(whole.as_bytes()).shown(), whole);
        let longer = "n".repeat(60_000);
        assert_eq!(EntryName(longer.as_bytes()).shown(), whole + "…");
    }
}
