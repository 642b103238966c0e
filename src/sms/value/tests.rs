use super::*;

/// Written by OpenSSL, as the SDK's are.
const PEM: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAzrPbQ1IM5xpUoSgCr85Y\n\
w7+Sbu9X4doQMkoUPTjXs79tsNtsdRmZdVQG8Oy7V8T8vg0L7zykhypgbNhBPc/D\n\
3qa4dr8KeOTSDl8X+Fc+jj9PRVv+MUNI6GtaOYr6IWDWuGmJubKs/2frg9Ait0hd\n\
dad2wUkSRx/LolO2dsngkVH/1t52EqFcXuKbV8UGY/eB+ZyUNTfOnU8U5eSAD6r6\n\
ITC4g5kIscwR1XoBKcjdDdgPGZdvRiYDFmznR16bG8n52IzFTEzhu0IkiOSD/rhx\n\
1qMgUWlLc7C6y76yQ1s2j0v4sBNCILYteGbn2HngmjRfRz7GEM1T8QkFPmFcm2Et\n\
swIDAQAB\n\
-----END PUBLIC KEY-----\n";

/// The value that the SDK makes of that file: `base64 -w0`.
const VALUE: &str = "LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0KTUlJQklqQU5CZ2txaGtpRzl3MEJBUUVGQUFPQ0FROEFNSUlCQ2dLQ0FRRUF6clBi\
UTFJTTV4cFVvU2dDcjg1WQp3NytTYnU5WDRkb1FNa29VUFRqWHM3OXRzTnRzZFJtWmRWUUc4T3k3VjhUOHZnMEw3enlraHlwZ2JO\
aEJQYy9ECjNxYTRkcjhLZU9UU0RsOFgrRmMramo5UFJWditNVU5JNkd0YU9ZcjZJV0RXdUdtSnViS3MvMmZyZzlBaXQwaGQKZGFk\
MndVa1NSeC9Mb2xPMmRzbmdrVkgvMXQ1MkVxRmNYdUtiVjhVR1kvZUIrWnlVTlRmT25VOFU1ZVNBRDZyNgpJVEM0ZzVrSXNjd1Ix\
WG9CS2NqZERkZ1BHWmR2UmlZREZtem5SMTZiRzhuNTJJekZURXpodTBJa2lPU0Qvcmh4CjFxTWdVV2xMYzdDNnk3NnlRMXMyajB2\
NHNCTkNJTFl0ZUdibjJIbmdtalJmUno3R0VNMVQ4UWtGUG1GY20yRXQKc3dJREFRQUIKLS0tLS1FTkQgUFVCTElDIEtFWS0tLS0t\
Cg==";

const ELLIPTIC_CURVE: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEu6yQtuNdMlORK42gMNKRW5vjPcEP\n\
FhsQ7p5wUS39lsnP9xy9RrMkBnrn++35AMFRpGbKGRGeTtc+OPHi7rwwtg==\n\
-----END PUBLIC KEY-----\n";

const PSS_ONLY: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MIGdMAsGCSqGSIb3DQEBCgOBjQAwgYkCgYEAtBtKd175G2S8KHgAYHTmUKGljkMn\n\
DrOR3ec/sU/dc+sREual8qA8+20H2MMOLrQboPBz7b9p6eeOAXW6B31Fbcx+AYFZ\n\
4AeOerWM10hIYDis/yXx0I122TPbhvv5PWQ3anCs7+XZnLcDGTOa4SjC8GFtseIm\n\
0moEk3gtJ2zOxLUCAwEAAQ==\n\
-----END PUBLIC KEY-----\n";

const ED25519: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MCowBQYDK2VwAyEAlD0eUTG4UJDvXx4m6EqQ9Ytzf+VGPtWY19FB4wbYKNU=\n\
-----END PUBLIC KEY-----\n";

/// The key of which a text is read, and the value that is published.
fn published(text: &str) -> Result<String, ValueError> {
    value(&from_pem_text(text)?)
}

fn refusal(text: &str) -> String {
    published(text).unwrap_err().to_string()
}

fn relabelled(label: &str) -> String {
    PEM.replace("PUBLIC KEY", label)
}

/// Base64 in lines of this many columns between the first and the last line.
fn in_columns(columns: usize) -> String {
    let body: String = PEM.lines().filter(|line| !line.starts_with('-')).collect();
    let lines: Vec<_> = body
        .as_bytes()
        .chunks(columns)
        .map(|line| str::from_utf8(line).unwrap())
        .collect();
    let body = lines.join("\n");
    format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n")
}

fn of_bits(bits: usize) -> PublicKey {
    let mut modulus = vec![0xff; bits.div_ceil(8)];
    modulus[0] >>= (8 - bits % 8) % 8;
    let key = PublicKey::from_components(&modulus, &[1, 0, 1]).unwrap();
    assert_eq!(key.bits(), bits);
    key
}

#[test]
fn the_value_is_what_the_sdk_makes_of_its_own_file() {
    assert_eq!(published(PEM).unwrap(), VALUE);
}

#[test]
fn every_text_with_the_key_gives_the_one_form_that_enclaves_read() {
    let one_line = PEM.replace('\n', " ");
    for text in [
        PEM.trim_end().to_owned(),
        PEM.replace('\n', "\r\n"),
        PEM.replace('\n', "\r"),
        in_columns(1000),
        in_columns(76),
        in_columns(1),
        one_line,
        format!("Bag Attributes\n  friendlyName: a\n{PEM}"),
        format!("\u{feff}{PEM}"),
        format!("{PEM}   \n\n\n"),
        format!("{PEM}text after it\n"),
        PEM.replace('\n', "  \n   "),
    ] {
        assert_eq!(published(&text).unwrap(), VALUE, "{text}");
    }
}

#[test]
fn the_value_is_one_line_of_padded_standard_base64() {
    // Three sizes, so that every number of padding characters is seen.
    for bits in [2048, 2049, 2056, 2064, 2072, 3072, 4095, 4096] {
        let key = of_bits(bits);
        let value = value(&key).unwrap();
        assert_eq!(value.len() % 4, 0);
        let is_standard = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
        assert!(value.bytes().all(is_standard), "{bits}");
        let pem = String::from_utf8(STANDARD.decode(&value).unwrap()).unwrap();
        assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n"));
        assert!(pem.ends_with("\n-----END PUBLIC KEY-----\n"));
        assert!(pem.lines().all(|line| (1..=64).contains(&line.len())));
        assert!(!pem.contains('\r'));
        assert_eq!(from_pem_text(&pem).unwrap(), key);
    }
    assert_eq!(value(&of_bits(4096)).unwrap().len(), 1068);
}

#[test]
fn a_size_that_is_unsafe_or_unreadable_is_refused() {
    for bits in [1024, 2047] {
        let error = published(&of_bits(bits).to_pem().unwrap()).unwrap_err();
        assert!(matches!(error, ValueError::TooSmall { bits: found } if found == bits));
    }
    for bits in [4097, 8192] {
        let error = published(&of_bits(bits).to_pem().unwrap()).unwrap_err();
        assert!(matches!(error, ValueError::TooLarge { bits: found } if found == bits));
    }
}

#[test]
fn a_private_key_is_named_as_one_whatever_else_is_there() {
    for label in [
        "PRIVATE KEY",
        "RSA PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "PGP PRIVATE KEY BLOCK",
    ] {
        let private = relabelled(label);
        for text in [
            private.clone(),
            format!("{PEM}{private}"),
            format!("{private}{PEM}"),
            private.replace("-----BEGIN ", ""),
            private[..100].to_owned(),
            private.replace("-----", "---- "),
        ] {
            let error = published(&text).unwrap_err();
            assert!(matches!(error, ValueError::PrivateKey), "{text}");
            assert!(error.to_string().contains("must never be published"));
        }
    }
}

#[test]
fn other_pem_texts_are_refused_by_name() {
    for (label, named) in [
        ("RSA PUBLIC KEY", "an RSA public key in PKCS#1 form"),
        ("CERTIFICATE", "a certificate"),
        ("CERTIFICATE REQUEST", "a certificate request"),
        ("EC PARAMETERS", "an elliptic-curve key"),
        ("IEXEC-HSM KEY REFERENCE", "the name of a key on its token"),
        ("SOMETHING ELSE", "another kind of PEM text"),
        ("public key", "another kind of PEM text"),
    ] {
        let text = refusal(&relabelled(label));
        assert!(text.starts_with(&format!("this is {named}, ")), "{text}");
    }
}

#[test]
fn keys_that_are_not_rsa_are_refused_by_name() {
    for (pem, named) in [
        (ELLIPTIC_CURVE, "an elliptic-curve key"),
        (PSS_ONLY, "an RSA key for PSS signatures only"),
        (ED25519, "a key of another kind than RSA"),
    ] {
        let text = refusal(pem);
        assert!(text.starts_with(&format!("this is {named}, ")), "{text}");
    }
}

#[test]
fn damaged_texts_are_refused() {
    let end = PEM.find("-----END").unwrap();
    for (text, problem) in [
        (String::new(), "it is not PEM"),
        (
            "ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB".to_owned(),
            "it is not PEM",
        ),
        (VALUE.to_owned(), "it is not PEM"),
        (PEM[..end].to_owned(), "cut off"),
        (PEM.replace("END PUBLIC", "END RSA PUBLIC"), "cut off"),
        (PEM.repeat(2), "more than one"),
        (
            format!("{PEM}{}", relabelled("CERTIFICATE")),
            "more than one",
        ),
        (PEM.replace("MIIB", "MII*"), "its base64 is broken"),
        (PEM.replace("MIIB", "MII_"), "its base64 is broken"),
        (PEM.replace("MIIB", "MII"), "its base64 is broken"),
        (PEM.replace("MIIB", "MIIC"), "not the SPKI"),
        (PEM.replace("IDAQAB", "IDAQABAAAA"), "not the SPKI"),
    ] {
        let refusal = refusal(&text);
        assert!(refusal.contains(problem), "{refusal}");
    }
}
