//! `pin-source`: the file that holds the PIN.

use std::path::PathBuf;

use super::{Uri, UriError};

impl Uri {
    /// The file that `pin-source` names: `file:/path`, `file:///path` or a plain absolute path.
    ///
    /// The value was percent-decoded once with the rest of the URI, and is not decoded again: other
    /// PKCS#11 programs do not either.
    ///
    /// # Errors
    /// [`UriError::PinCommand`] for a command, [`UriError::PinSource`] for anything else that is no
    /// local file.
    pub fn pin_file(&self) -> Result<Option<PathBuf>, UriError> {
        let Some(source) = &self.pin_source else {
            return Ok(None);
        };
        if source.starts_with('|') {
            return Err(UriError::PinCommand);
        }
        let path = match strip_file_scheme(source) {
            Some(rest) => local_path(rest),
            None => Some(source.as_str()),
        };
        match path {
            Some(path) if path.starts_with('/') && !path.contains('\0') => Ok(Some(path.into())),
            _ => Err(UriError::PinSource),
        }
    }
}

fn strip_file_scheme(source: &str) -> Option<&str> {
    let (scheme, rest) = source.split_at_checked("file:".len())?;
    scheme.eq_ignore_ascii_case("file:").then_some(rest)
}

/// The path of a `file:` URI, unless it names another host.
fn local_path(rest: &str) -> Option<&str> {
    let Some(authority) = rest.strip_prefix("//") else {
        return Some(rest);
    };
    let path = authority.strip_prefix("localhost").unwrap_or(authority);
    path.starts_with('/').then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin_file(source: &str) -> Result<Option<PathBuf>, UriError> {
        let uri = Uri {
            pin_source: Some(source.to_owned()),
            ..Uri::default()
        };
        uri.pin_file()
    }

    #[test]
    fn local_files_are_accepted() {
        for source in [
            "file:/run/my pin",
            "FILE:/run/my pin",
            "file:///run/my pin",
            "file://localhost/run/my pin",
            "/run/my pin",
        ] {
            assert_eq!(pin_file(source), Ok(Some("/run/my pin".into())), "{source}");
        }
        assert_eq!(Uri::default().pin_file(), Ok(None));
    }

    #[test]
    fn commands_are_never_run() {
        assert_eq!(pin_file("|/usr/bin/echo 1234"), Err(UriError::PinCommand));
    }

    #[test]
    fn anything_else_is_refused_without_showing_it() {
        for source in [
            "",
            "1234",
            "pin.txt",
            "file:pin.txt",
            "file://other/pin",
            "file:",
            "https://host/pin",
            "/a\0b",
        ] {
            let error = pin_file(source);
            assert_eq!(error, Err(UriError::PinSource), "{source}");
            assert!(!format!("{error:?}").contains("1234"));
        }
    }
}
