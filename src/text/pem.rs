//! PEM text (RFC 7468), as leniently as files come: any line ends, columns and white space, the
//! escapes of JSON and of environment files, and any text around a block.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;
use zeroize::Zeroizing;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
const PRIVATE_KEY: &[u8] = b"PRIVATE KEY";
const COLUMNS: usize = 64;

/// Why a text is not one PEM block. Nothing of it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PemError {
    /// There is no block in the text.
    #[error("it is not PEM")]
    None,
    /// The content is no text.
    #[error("it is binary, perhaps DER, and not PEM")]
    Binary,
    /// The last line of the block is missing.
    #[error("its PEM text is cut off")]
    CutOff,
    /// The first or the last line is damaged, or they are those of two blocks.
    #[error("the BEGIN and the END line of its PEM text do not match")]
    Lines,
    /// There are several blocks, and nothing says which is meant.
    #[error("it holds more than one key")]
    Several,
    /// The lines between are damaged.
    #[error("the base64 of its PEM text is damaged")]
    Base64,
}

/// A block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block<'a> {
    /// The words of its first line; none where these are no text.
    pub(crate) label: &'a str,
    /// The text up to the last line of the block, or up to the end of all where it has none.
    pub(crate) body: &'a [u8],
    /// The text behind the block.
    pub(crate) rest: Result<&'a [u8], PemError>,
}

impl Block<'_> {
    /// The bytes of the body.
    pub(crate) fn decode(&self) -> Result<Zeroizing<Vec<u8>>, PemError> {
        self.rest?;
        let digits = digits(self.body).ok_or(PemError::Base64)?;
        // With all the room they need, the bytes never move and leave no copy behind.
        let mut bytes = Zeroizing::new(vec![0; digits.len().div_ceil(4) * 3]);
        let length = STANDARD.decode_slice(&*digits, &mut bytes);
        bytes.truncate(length.map_err(|_| PemError::Base64)?);
        Ok(bytes)
    }

    /// Whether its lines say that it is encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.label.contains("ENCRYPTED") || contains(self.body, b"ENCRYPTED")
    }
}

/// The blocks in a text, in their order.
pub(crate) fn blocks(text: &[u8]) -> impl Iterator<Item = Block<'_>> {
    let mut left = Some(text);
    std::iter::from_fn(move || {
        let (_, begun) = split(left?, BEGIN)?;
        let (label, after) = split(begun, DASHES).unwrap_or((begun, b""));
        let (body, end) = split(after, END).map_or((after, None), |(body, end)| (body, Some(end)));
        let rest = match end {
            _ if !label.iter().copied().all(is_of_label) => Err(PemError::Lines),
            None => Err(PemError::CutOff),
            Some(_) if contains(body, BEGIN) => Err(PemError::CutOff),
            Some(end) => strip(end, label).ok_or(PemError::Lines),
        };
        left = Some(rest.unwrap_or(begun));
        let label = str::from_utf8(label).unwrap_or_default();
        Some(Block { label, body, rest })
    })
}

fn is_of_label(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" #-./_".contains(&byte)
}

/// The text behind the last line of a block.
fn strip<'a>(end: &'a [u8], label: &[u8]) -> Option<&'a [u8]> {
    end.strip_prefix(label)?.strip_prefix(DASHES)
}

/// The only block in a text with a label that `counts`, else the first one of all.
pub(crate) fn only_block(text: &[u8], counts: fn(&str) -> bool) -> Result<Block<'_>, PemError> {
    let mut counted = blocks(text).filter(|block| counts(block.label));
    let block = match (counted.next(), counted.next()) {
        (Some(only), None) => only,
        (Some(_), Some(_)) => return Err(PemError::Several),
        (None, _) => blocks(text).next().ok_or_else(|| without_block(text))?,
    };
    match block.rest {
        // With damaged lines the label means nothing.
        Err(PemError::Lines) => Err(PemError::Lines),
        _ => Ok(block),
    }
}

fn without_block(content: &[u8]) -> PemError {
    match str::from_utf8(content) {
        Ok(text) if !text.contains('\0') => PemError::None,
        _ => PemError::Binary,
    }
}

/// The base64 digits of a body. Line ends and slashes may be escaped, as in JSON; once more for
/// each time that it went through it.
fn digits(body: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    // With all the room it needs, the text never moves and leaves no copy behind.
    let mut digits = Zeroizing::new(Vec::with_capacity(body.len()));
    let mut escaped = false;
    for character in str::from_utf8(body).ok()?.chars() {
        match character {
            '\\' => escaped = true,
            'n' | 'r' if escaped => escaped = false,
            // The blanks without width are those of web pages and of joined files.
            '\u{200b}' | '\u{feff}' => {}
            it if it.is_whitespace() => escaped = false,
            '/' => {
                escaped = false;
                digits.push(b'/');
            }
            it if escaped || !it.is_ascii() => return None,
            it => digits.push(it as u8),
        }
    }
    Some(digits)
}

/// A block of 64 columns.
pub(crate) fn encode(label: &str, bytes: &[u8]) -> String {
    let digits = STANDARD.encode(bytes);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = digits.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(COLUMNS));
        text = text + line + "\n";
        rest = after;
    }
    text + "-----END " + label + "-----\n"
}

/// Whether a content holds a PEM private key of any kind, be it damaged: a line of dashes says so.
pub(crate) fn holds_private_key(content: &[u8]) -> bool {
    let mut lines = content.split(|byte| b"\n\r".contains(byte));
    lines.any(|line| contains(line, b"----") && contains(line, PRIVATE_KEY))
}

/// Whether a content holds the first line of a block with this label, be the rest damaged.
pub(crate) fn holds(content: &[u8], label: &str) -> bool {
    contains(content, format!("-----BEGIN {label}-----").as_bytes())
}

fn contains(content: &[u8], words: &[u8]) -> bool {
    split(content, words).is_some()
}

/// What is before and behind the first place of `words`.
fn split<'a>(content: &'a [u8], words: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let mut windows = content.windows(words.len());
    let at = windows.position(|window| window == words)?;
    Some((&content[..at], &content[at + words.len()..]))
}

#[cfg(test)]
mod tests;
