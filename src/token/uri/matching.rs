//! Matching of tokens, slots, libraries and objects with a URI.

use super::Uri;

/// The fields of a token. Padding at the end of a field does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenFields<'a> {
    /// The token's label.
    pub label: &'a str,
    /// The token's manufacturer.
    pub manufacturer: &'a str,
    /// The token's serial number.
    pub serial: &'a str,
    /// The token's model.
    pub model: &'a str,
    /// The number of the slot the token is in.
    pub slot_id: u64,
}

/// The fields of a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotFields<'a> {
    /// The slot's manufacturer.
    pub manufacturer: &'a str,
    /// The slot's description.
    pub description: &'a str,
}

/// The fields of a module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LibraryFields<'a> {
    /// `manufacturerID`.
    pub manufacturer: &'a str,
    /// `libraryDescription`.
    pub description: &'a str,
    /// The module's version, major and minor.
    pub version: (u8, u8),
}

impl Uri {
    /// Whether the URI's token attributes and `slot-id` allow this token.
    ///
    /// A token is named by the URI only if [`Uri::matches_slot`] and [`Uri::matches_library`] agree.
    pub fn matches_token(&self, token: &TokenFields<'_>) -> bool {
        !self.matches_nothing()
            && allows(&self.token, token.label)
            && allows(&self.manufacturer, token.manufacturer)
            && allows(&self.serial, token.serial)
            && allows(&self.model, token.model)
            && self.slot_id.is_none_or(|wanted| wanted == token.slot_id)
    }

    /// Whether the URI's `slot-manufacturer` and `slot-description` allow this slot.
    pub fn matches_slot(&self, slot: &SlotFields<'_>) -> bool {
        !self.matches_nothing()
            && allows(&self.slot_manufacturer, slot.manufacturer)
            && allows(&self.slot_description, slot.description)
    }

    /// Whether the URI's `library-*` attributes allow this module.
    pub fn matches_library(&self, library: &LibraryFields<'_>) -> bool {
        !self.matches_nothing()
            && allows(&self.library_manufacturer, library.manufacturer)
            && allows(&self.library_description, library.description)
            && self
                .library_version
                .is_none_or(|wanted| wanted == library.version)
    }

    /// Whether the URI's `id` and `object` allow an object with this id and label.
    ///
    /// `type` is left to the caller, who asks the token for objects of one class.
    pub fn matches_object(&self, id: &[u8], label: &[u8]) -> bool {
        !self.matches_nothing()
            && self.short_name_fits(id, label)
            && self.id.as_ref().is_none_or(|wanted| wanted == id)
            && self
                .object
                .as_ref()
                .is_none_or(|wanted| wanted.as_bytes() == label)
    }
}

fn allows(wanted: &Option<String>, actual: &str) -> bool {
    wanted
        .as_ref()
        .is_none_or(|wanted| unpadded(wanted) == unpadded(actual))
}

/// PKCS#11 pads its fields with blanks, and some modules do it with zeros.
pub(super) fn unpadded(field: &str) -> &str {
    field.trim_end_matches([' ', '\0'])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const TOKEN: TokenFields<'_> = TokenFields {
        label: "My token       ",
        manufacturer: "Snake Oil, Inc.",
        serial: "0042",
        model: "",
        slot_id: 7,
    };

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }

    #[test]
    fn a_token_must_agree_with_every_attribute_given() {
        for matching in [
            "",
            "token=My%20token",
            "serial=0042;slot-id=7",
            "model=",
            "object=any",
            "token=My%20token%20",
        ] {
            assert!(
                uri(&format!("pkcs11:{matching}")).matches_token(&TOKEN),
                "{matching}"
            );
        }
        for other in [
            "token=my%20token",
            "serial=42",
            "slot-id=8",
            "model=1",
            "serial=",
            "serial=0042;slot-id=8",
        ] {
            assert!(
                !uri(&format!("pkcs11:{other}")).matches_token(&TOKEN),
                "{other}"
            );
        }
    }

    #[test]
    fn an_object_must_agree_with_id_and_label() {
        assert!(uri("pkcs11:").matches_object(b"\x01\x02", b"key"));
        assert!(uri("pkcs11:id=%01%02;object=key").matches_object(b"\x01\x02", b"key"));
        assert!(!uri("pkcs11:id=%01%02;object=key").matches_object(b"\x01\x02", b"Key"));
        assert!(!uri("pkcs11:id=%01").matches_object(b"\x01\x02", b"key"));
        assert!(!uri("pkcs11:object=").matches_object(b"\x01\x02", b"key"));
    }

    #[test]
    fn slot_and_library_are_compared_too() {
        let slot = SlotFields {
            manufacturer: "m",
            description: "Sun Metaslot",
        };
        assert!(uri("pkcs11:slot-description=Sun%20Metaslot").matches_slot(&slot));
        assert!(!uri("pkcs11:slot-manufacturer=other").matches_slot(&slot));
        let library = LibraryFields {
            manufacturer: "m",
            description: "d",
            version: (3, 0),
        };
        assert!(uri("pkcs11:library-version=3;library-description=d").matches_library(&library));
        assert!(!uri("pkcs11:library-version=3.1").matches_library(&library));
    }

    #[test]
    fn an_unknown_path_attribute_matches_nothing() {
        let uri = uri("pkcs11:x-vendor=1");
        assert!(uri.matches_nothing());
        assert!(!uri.matches_token(&TOKEN));
        assert!(!uri.matches_slot(&SlotFields::default()));
        assert!(!uri.matches_library(&LibraryFields::default()));
        assert!(!uri.matches_object(b"", b""));
    }

    #[test]
    fn what_is_printed_for_a_key_names_it_again() {
        let printed = Uri::for_key(&TOKEN, b"\x0a\x01", "iexec result 0123abcd");
        assert_eq!(
            printed.to_string(),
            "pkcs11:token=My%20token;manufacturer=Snake%20Oil,%20Inc.;serial=0042;object=iexec%20result%200123abcd;type=private;id=%0A%01"
        );
        let read = uri(&printed.to_string());
        assert!(
            read.matches_token(&TOKEN)
                && read.matches_object(b"\x0a\x01", b"iexec result 0123abcd")
        );
        assert_eq!(
            Uri::for_key(&TokenFields::default(), b"", "").to_string(),
            "pkcs11:type=private"
        );
    }
}
