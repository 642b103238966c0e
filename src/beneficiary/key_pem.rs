//! The text of a key file: a PEM block with a label of its own around the URI of the key.
//!
//! A key file looks like a PEM file so that a program which expects a private key there fails cleanly.

use crate::text::pem;

const LABEL: &str = "IEXEC-HSM KEY REFERENCE";

/// Wraps a URI, after two lines that tell whoever opens the file what it is.
pub(super) fn encode(uri: &str) -> String {
    format!(
        "This file holds no secret: the private key stays on its token.\n\
         It names the key {uri} on its token.\n\
         {}",
        pem::encode(LABEL, uri.as_bytes())
    )
}

/// The URI in a key file's text; `None` unless there is exactly one whole block, and nothing behind it.
pub(super) fn decode(text: &[u8]) -> Option<String> {
    let block = pem::only_block(text, |_| true).ok()?;
    if block.label != LABEL || !block.rest.ok()?.trim_ascii().is_empty() {
        return None;
    }
    String::from_utf8(block.decode().ok()?.to_vec()).ok()
}

/// Whether a file was a key reference once, even if it is damaged now.
pub(super) fn is_reference(content: &[u8]) -> bool {
    pem::holds(content, LABEL)
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
            assert!(text.lines().skip(2).all(|line| line.len() <= 64));
            assert!(length == 0 || !text.contains("\n\n"));
            assert_eq!(decode(text.as_bytes()), Some(uri.clone()));
            let text = text.replace('\n', "\r\n");
            assert_eq!(decode(text.as_bytes()), Some(uri));
        }
    }

    #[test]
    fn a_text_that_an_editor_or_another_program_saved_is_read() {
        let uri = "pkcs11:token=a;serial=0042;type=private;id=%01%02;object=iexec";
        let text = encode(uri);
        for form in [
            format!("\u{feff}{text}"),
            text.replace('\n', "\r"),
            text.replace('\n', "\n  "),
            text.replace('\n', r"\n").trim_end_matches(r"\n").to_owned(),
        ] {
            assert_eq!(decode(form.as_bytes()).as_deref(), Some(uri), "{form}");
        }
    }

    #[test]
    fn damaged_texts_are_refused() {
        let text = encode("pkcs11:");
        for damaged in [
            String::new(),
            "pkcs11:".to_owned(),
            text.replace("-----BEGIN", ""),
            text.replace("-----END", ""),
            text.replace("cGtj", "c*tj"),
            text.replace("cGtj", "cGt"),
            text.clone() + "more",
            text.clone() + &text,
        ] {
            assert_eq!(decode(damaged.as_bytes()), None, "{damaged}");
        }
    }
}
