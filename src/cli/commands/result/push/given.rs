use std::io::{self, Read as _};

use zeroize::Zeroizing;

use crate::cli::ui::failure::Failure;
use crate::code::Code;
use crate::wallet::signature::{Signature, SignatureError};

/// The byte order mark that some systems put in front of what they pipe.
const MARK: char = '\u{feff}';

/// A signature as an option gives it.
#[derive(Debug, Clone)]
pub(super) enum GivenSignature {
    Text(Signature),
    Stdin,
}

/// Reads the option: a signature, or `-` for stdin, where other users do not see it.
pub(super) fn parse_signature(text: &str) -> Result<GivenSignature, String> {
    if text == "-" {
        return Ok(GivenSignature::Stdin);
    }
    let signature = text.parse().map(GivenSignature::Text);
    signature.map_err(|error: SignatureError| error.to_string())
}

impl GivenSignature {
    pub(super) fn get(self) -> Result<Signature, Failure> {
        match self {
            Self::Text(signature) => Ok(signature),
            Self::Stdin => {
                let mut text = Zeroizing::new(String::with_capacity(1024));
                let read = io::stdin().lock().take(1024).read_to_string(&mut text);
                let unreadable =
                    |error| Failure::new(Code::IoFailed, format!("stdin cannot be read: {error}"));
                read.map_err(unreadable)?;
                let text = text.strip_prefix(MARK).unwrap_or(&text);
                let signature = text.trim().parse();
                signature.map_err(|error: SignatureError| Failure::new(Code::Usage, error))
            }
        }
    }
}
