//! The text of a key file: a PEM block with a label of its own around the URI of the key.
//!
//! It looks like a PEM file so that a program which expects a private key there fails cleanly.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const BEGIN: &str = "-----BEGIN IEXEC-HSM KEY REFERENCE-----";
const END: &str = "-----END IEXEC-HSM KEY REFERENCE-----";
const COLUMNS: usize = 64;

/// Wraps a URI, after two lines that tell whoever opens the file what it is.
pub(super) fn encode(uri: &str) -> String {
    let mut text = format!(
        "This file holds no secret: the private key stays on its token.\n\
         It names the key {uri} on its token.\n\
         {BEGIN}\n"
    );
    let mut rest = STANDARD.encode(uri);
    while rest.len() > COLUMNS {
        let tail = rest.split_off(COLUMNS);
        text += &rest;
        text.push('\n');
        rest = tail;
    }
    text + &rest + "\n" + END + "\n"
}

/// The URI in a key file's text; `None` unless there is exactly one whole block.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut lines = text.lines().map(str::trim_end);
    lines.find(|line| *line == BEGIN)?;
    let mut encoded = String::new();
    loop {
        match lines.next()? {
            END => break,
            line => encoded += line,
        }
    }
    if lines.any(|line| !line.is_empty()) {
        return None;
    }
    String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
}

/// Whether a file was a key reference once, even if it is damaged now.
pub(super) fn is_reference(content: &[u8]) -> bool {
    super::software_key::contains(content, BEGIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_as_documented() {
        let text = encode("pkcs11:token=a;serial=0042;type=private;id=%01%02;object=iexec");
        assert_eq!(
            text,
            "This file holds no secret: the private key stays on its token.\n\
             It names the key pkcs11:token=a;serial=0042;type=private;id=%01%02;object=iexec on its token.\n\
             -----BEGIN IEXEC-HSM KEY REFERENCE-----\n\
             cGtjczExOnRva2VuPWE7c2VyaWFsPTAwNDI7dHlwZT1wcml2YXRlO2lkPSUwMSUw\n\
             MjtvYmplY3Q9aWV4ZWM=\n\
             -----END IEXEC-HSM KEY REFERENCE-----\n"
        );
    }

    #[test]
    fn any_length_survives_a_round_trip() {
        for length in 0..200 {
            let uri = "u".repeat(length);
            let text = encode(&uri);
            assert!(text.lines().skip(2).all(|line| line.len() <= COLUMNS));
            assert!(length == 0 || !text.contains("\n\n"));
            assert_eq!(decode(&text), Some(uri.clone()));
            assert_eq!(decode(&text.replace('\n', "\r\n")), Some(uri));
        }
    }

    #[test]
    fn damaged_texts_are_refused() {
        let text = encode("pkcs11:");
        for damaged in [
            String::new(),
            "pkcs11:".to_owned(),
            text.replace(BEGIN, ""),
            text.replace(END, ""),
            text.replace("cGtj", "c*tj"),
            text.replace("cGtj", "cGt"),
            text.clone() + "more",
            text.clone() + &text,
        ] {
            assert_eq!(decode(&damaged), None, "{damaged}");
        }
    }
}
