#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn the_canonical_form_is_ordered_and_encoded() {
    let uri: Uri = "PKCS11:id=ab%0c;type=private;x-more=1;object=it's%20mine;token=A/B"
        .replace("A/B", "A%2fB")
        .parse()
        .unwrap();
    assert_eq!(
        uri.to_string(),
        "pkcs11:token=A%2FB;object=it%27s%20mine;type=private;id=%61%62%0C;x-more=1"
    );
}

#[test]
fn debug_leaves_out_the_query() {
    let uri: Uri = "pkcs11:token=a?pin-source=0001password".parse().unwrap();
    assert_eq!(format!("{uri:?}"), "Uri(pkcs11:token=a)");
}

#[test]
fn the_identity_is_what_it_names_and_not_how_to_reach_it() {
    for query in ["pin-source=file:/pin", "module-path=/m.so", "module-name=m"] {
        let uri: Uri = format!("pkcs11:token=a;id=%01?{query}").parse().unwrap();
        assert_ne!(uri.to_string(), "pkcs11:token=a;id=%01");
        assert_eq!(uri.identity().to_string(), "pkcs11:token=a;id=%01");
    }
}

#[test]
fn any_uri_survives_a_round_trip() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..2000 {
        let uri = random.uri();
        let text = uri.to_string();
        assert!(text.is_ascii());
        let read: Uri = text.parse().unwrap();
        assert!(read == uri, "{text}");
        assert_eq!(read.to_string(), text);
    }
}

/// A xorshift generator: the same URIs in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }

    fn maybe<T>(&mut self, make: impl Fn(&mut Self) -> T) -> Option<T> {
        (self.below(2) == 0).then(|| make(self))
    }

    fn string(&mut self) -> String {
        const ALPHABET: &[char] = &[
            'a', 'Z', '0', '%', ';', '&', '?', '/', '=', ' ', '\'', '"', '|', '#', '+', '~', '\0',
            '\n', 'é', '鍵', '🔑',
        ];
        (0..self.below(12))
            .map(|_| ALPHABET[self.below(ALPHABET.len())])
            .collect()
    }

    fn uri(&mut self) -> Uri {
        Uri {
            token: self.maybe(Self::string),
            manufacturer: self.maybe(Self::string),
            serial: self.maybe(Self::string),
            model: self.maybe(Self::string),
            slot_id: self.maybe(Self::next),
            slot_manufacturer: self.maybe(Self::string),
            slot_description: self.maybe(Self::string),
            library_manufacturer: self.maybe(Self::string),
            library_version: self.maybe(|random| (random.byte(), random.byte())),
            library_description: self.maybe(Self::string),
            object: self.maybe(Self::string),
            object_type: self.maybe(|random| ObjectType::ALL[random.below(5)]),
            id: self.maybe(|random| (0..random.below(20)).map(|_| random.byte()).collect()),
            pin_source: self.maybe(Self::string),
            module_path: self.maybe(Self::string),
            module_name: self.maybe(Self::string),
            vendor: self
                .maybe(|random| ("x-vendor".to_owned(), random.string()))
                .into_iter()
                .collect(),
            short_name: None,
        }
    }
}
