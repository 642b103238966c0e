//! PEM text (RFC 7468), as leniently as files come: any line ends, columns and white space, and any text around a block.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;
use zeroize::Zeroizing;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
const PRIVATE_KEY: &str = "PRIVATE KEY";
const COLUMNS: usize = 64;

/// Why a text is not one PEM block. Nothing of it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum PemError {
    #[error("it is not PEM")]
    None,
    #[error("its PEM text is cut off")]
    CutOff,
    #[error("it holds more than one PEM text")]
    Several,
    #[error("its base64 is broken")]
    Base64,
}

/// A block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block<'a> {
    pub(crate) label: &'a str,
    /// The text up to the last line of the block, or up to the end of all where it has none.
    pub(crate) body: &'a str,
    /// The text behind the block; none where it is cut off.
    pub(crate) rest: Option<&'a str>,
}

impl Block<'_> {
    /// The bytes of the body.
    pub(crate) fn decode(&self) -> Result<Zeroizing<Vec<u8>>, PemError> {
        self.rest.ok_or(PemError::CutOff)?;
        // With all the room it needs, the text never moves and leaves no copy behind.
        let mut digits = Zeroizing::new(String::with_capacity(self.body.len()));
        digits.extend(self.body.split_ascii_whitespace());
        let bytes = STANDARD.decode(&*digits).map_err(|_| PemError::Base64)?;
        Ok(Zeroizing::new(bytes))
    }
}

/// The blocks in a text, in their order.
pub(crate) fn blocks(text: &str) -> impl Iterator<Item = Block<'_>> {
    let mut left = Some(text);
    std::iter::from_fn(move || {
        let (_, begun) = left?.split_once(BEGIN)?;
        let (label, begun) = begun.split_once(DASHES).unwrap_or((begun, ""));
        let (body, end) = begun.split_once(END).unwrap_or((begun, ""));
        let rest = end.strip_prefix(label);
        let rest = rest.and_then(|rest| rest.strip_prefix(DASHES));
        left = rest.or(Some(begun));
        Some(Block { label, body, rest })
    })
}

/// The only block in a text.
pub(crate) fn only_block(text: &str) -> Result<Block<'_>, PemError> {
    let block = blocks(text).next().ok_or(PemError::None)?;
    match block.rest {
        None => Err(PemError::CutOff),
        Some(rest) if rest.contains(BEGIN) => Err(PemError::Several),
        Some(_) => Ok(block),
    }
}

/// A block of 64 columns.
pub(crate) fn encode(label: &str, bytes: &[u8]) -> String {
    let digits = STANDARD.encode(bytes);
    let mut text = format!("{BEGIN}{label}{DASHES}\n");
    let mut rest = digits.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(COLUMNS));
        text = text + line + "\n";
        rest = after;
    }
    text + END + label + DASHES + "\n"
}

/// Whether a content holds a PEM private key of any kind, be it damaged: a line of dashes says so.
pub(crate) fn holds_private_key(content: &[u8]) -> bool {
    let mut lines = content.split(|byte| b"\n\r".contains(byte));
    lines.any(|line| contains(line, "----") && contains(line, PRIVATE_KEY))
}

/// Whether a content holds the first line of a block with this label, be the rest damaged.
pub(crate) fn holds(content: &[u8], label: &str) -> bool {
    contains(content, &format!("{BEGIN}{label}{DASHES}"))
}

fn contains(content: &[u8], text: &str) -> bool {
    let mut windows = content.windows(text.len());
    windows.any(|window| window == text.as_bytes())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn any_length_survives_a_round_trip() {
        for length in 0..200 {
            let bytes = vec![7; length];
            let text = encode("A", &bytes);
            assert!(text.lines().all(|line| (1..=COLUMNS).contains(&line.len())));
            for text in [&text, &text.replace('\n', "\r\n"), &text.replace('\n', " ")] {
                assert_eq!(*only_block(text).unwrap().decode().unwrap(), bytes);
            }
        }
    }

    #[test]
    fn what_is_not_one_whole_block_is_told_apart() {
        let text = encode("A", b"bytes");
        for (other, error) in [
            (String::new(), PemError::None),
            (text.replace(BEGIN, ""), PemError::None),
            (text.replace(END, ""), PemError::CutOff),
            (text.replace("END A", "END B"), PemError::CutOff),
            (text.repeat(2), PemError::Several),
        ] {
            assert_eq!(only_block(&other).unwrap_err(), error, "{other}");
        }
        for broken in ["*", "A", "_"] {
            let text = text.replacen("\n", &format!("\n{broken}"), 1);
            assert_eq!(only_block(&text).unwrap().decode(), Err(PemError::Base64));
        }
    }

    #[test]
    fn blocks_come_in_their_order_and_the_last_may_be_cut_off() {
        let text = format!(
            "before{}between{}",
            encode("A", b"a"),
            "-----BEGIN B-----\nAAAA"
        );
        let found: Vec<_> = blocks(&text)
            .map(|it| (it.label, it.rest.is_some()))
            .collect();
        assert_eq!(found, [("A", true), ("B", false)]);
    }

    #[test]
    fn a_private_key_is_seen_in_any_state() {
        for text in [
            "-----BEGIN RSA PRIVATE KEY-----",
            "---- PRIVATE KEY",
            "a\r----END PRIVATE KEY",
        ] {
            assert!(holds_private_key(text.as_bytes()), "{text}");
        }
        for text in [
            "PRIVATE KEY",
            "----\nPRIVATE KEY",
            "-----BEGIN PUBLIC KEY-----",
        ] {
            assert!(!holds_private_key(text.as_bytes()), "{text}");
        }
    }
}
