use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::cid::{Cid, CidError};

/// Bytes of a location that are looked at.
const LONGEST: usize = 1024;
/// The most names behind the CID.
const DEEPEST: usize = 8;

/// The place of a file in IPFS: `/ipfs/`, a CID and, where that is a folder, the names that lead from it to the file.
///
/// What was read from a chain was written by others. So nothing else is a location, above all no URL: it would say
/// which server to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    cid: Cid,
    names: Vec<String>,
}

/// Why a text was not taken for the place of a file in IPFS.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LocationError {
    /// More than any is long.
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
    /// A URL, which names a server.
    #[error("it is a URL, not a path that begins with `/ipfs/`")]
    Url,
    /// A name that can mean another file tomorrow.
    #[error("it is a name of IPNS, which can point to another file later")]
    Ipns,
    /// Something else.
    #[error("it does not begin with `/ipfs/`")]
    NoPath,
    /// The CID is not one, or not known.
    #[error("{0}")]
    Cid(#[from] CidError),
    /// A character that a URL or a terminal would take for something else.
    #[error("it has the character {0:?} in it")]
    Character(char),
    /// `.`, `..` or nothing between slashes.
    #[error("it has {0:?} for a name in it")]
    Name(String),
    /// More names than any has.
    #[error("it has more than {DEEPEST} names in it")]
    TooDeep,
}

impl Location {
    /// A file by its CID alone.
    pub fn of(cid: Cid) -> Self {
        Self {
            cid,
            names: Vec::new(),
        }
    }

    /// The CID: of the file, or of the folder that the names begin in.
    pub fn cid(&self) -> &Cid {
        &self.cid
    }

    /// The names that lead from a folder to the file; none where the CID is the file's own.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        if text.len() > LONGEST {
            return Err(LocationError::TooLong);
        }
        let Some(path) = text.strip_prefix("/ipfs/") else {
            return Err(instead(text));
        };
        let bad = |char: &char| {
            char.is_control() || matches!(char, '?' | '#' | '%' | '\\') || turns_around(*char)
        };
        if let Some(char) = path.chars().find(bad) {
            return Err(LocationError::Character(char));
        }
        let (cid, names) = match path.split_once('/') {
            Some((cid, names)) => (cid, names.split('/').collect()),
            None => (path, Vec::new()),
        };
        let cid = cid.parse()?;
        if let Some(name) = names.iter().find(|name| matches!(**name, "" | "." | "..")) {
            return Err(LocationError::Name((*name).to_owned()));
        }
        if names.len() > DEEPEST {
            return Err(LocationError::TooDeep);
        }
        let names = names.into_iter().map(str::to_owned).collect();
        Ok(Self { cid, names })
    }
}

/// What a text is that does not begin as a location does.
fn instead(text: &str) -> LocationError {
    let text = text.trim_start();
    // `//host/path` takes its scheme from where it stands, `scheme:` needs no slashes.
    let scheme = text.split(['/', '?', '#']).next().unwrap_or_default();
    if text.starts_with("//") || text.starts_with("\\\\") || scheme.contains(':') {
        LocationError::Url
    } else if text.starts_with("/ipns/") {
        LocationError::Ipns
    } else {
        LocationError::NoPath
    }
}

/// Whether it can turn the rest of a line around, or hide in it.
fn turns_around(char: char) -> bool {
    matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/ipfs/{}", self.cid)?;
        self.names.iter().try_for_each(|name| write!(f, "/{name}"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const CID: &str = "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o";

    fn refused(text: &str) -> LocationError {
        text.parse::<Location>().unwrap_err()
    }

    #[test]
    fn a_file_is_named_by_its_cid_or_in_a_folder() {
        for (text, names) in [
            (format!("/ipfs/{CID}"), vec![]),
            (format!("/ipfs/{CID}/result.zip"), vec!["result.zip"]),
            (format!("/ipfs/{CID}/a b/é"), vec!["a b", "é"]),
        ] {
            let location: Location = text.parse().unwrap();
            assert_eq!(location.cid().to_string(), CID);
            assert_eq!(location.names(), names);
            assert_eq!(location.to_string(), text);
        }
    }

    #[test]
    fn nothing_names_a_server() {
        for text in [
            "https://evil.test/ipfs/",
            "HTTP://evil.test/",
            "//evil.test/ipfs/",
            "\\\\evil.test\\ipfs\\",
            " https://evil.test/",
            "javascript:alert(1)",
            "ipfs:",
            "file:///etc/passwd",
        ] {
            assert_eq!(
                refused(&format!("{text}{CID}")),
                LocationError::Url,
                "{text}"
            );
        }
    }

    #[test]
    fn nothing_else_is_a_location() {
        assert_eq!(refused(""), LocationError::NoPath);
        assert_eq!(refused(CID), LocationError::NoPath);
        assert_eq!(refused(&format!("ipfs/{CID}")), LocationError::NoPath);
        assert_eq!(refused(&format!("/IPFS/{CID}")), LocationError::NoPath);
        assert_eq!(refused(&format!(" /ipfs/{CID}")), LocationError::NoPath);
        assert_eq!(
            refused(&format!("/api/v0/cat/{CID}")),
            LocationError::NoPath
        );
        assert_eq!(refused("/ipns/evil.test"), LocationError::Ipns);
        assert_eq!(refused("/ipfs/"), CidError::Empty.into());
        assert_eq!(refused("/ipfs//x"), CidError::Empty.into());
        assert_eq!(refused("/ipfs/../api/v0"), CidError::Base('.').into());
        assert_eq!(
            refused(&format!("/ipfs/{CID}{}", "/x".repeat(9))),
            LocationError::TooDeep
        );
        assert_eq!(
            refused(&format!("/ipfs/{CID}/{}", "x".repeat(1000))),
            LocationError::TooLong
        );
    }

    #[test]
    fn no_name_means_more_than_itself() {
        for name in ["", ".", ".."] {
            for text in [
                format!("/ipfs/{CID}/{name}"),
                format!("/ipfs/{CID}/a/{name}/b"),
            ] {
                assert_eq!(
                    refused(&text),
                    LocationError::Name(name.to_owned()),
                    "{text}"
                );
            }
        }
        for char in [
            '?', '#', '%', '\\', '\0', '\n', '\u{1b}', '\u{202e}', '\u{feff}',
        ] {
            for text in [
                format!("/ipfs/{CID}{char}x"),
                format!("/ipfs/{CID}/a{char}b"),
            ] {
                assert_eq!(refused(&text), LocationError::Character(char), "{text:?}");
            }
        }
    }
}
