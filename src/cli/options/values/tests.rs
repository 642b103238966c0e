#![allow(clippy::unwrap_used)]

use clap::builder::TypedValueParser as _;

use super::*;

#[test]
fn sizes_have_units_of_1024() {
    for (text, size) in [
        ("0", 0),
        ("500", 500),
        ("500B", 500),
        ("64K", 64 << 10),
        ("64k", 64 << 10),
        ("64KB", 64 << 10),
        ("64KiB", 64 << 10),
        ("3M", 3 << 20),
        ("10GiB", 10 << 30),
        ("2T", 2 << 40),
        ("18446744073709551615", u64::MAX),
    ] {
        assert_eq!(parse_size(text), Ok(size), "{text}");
    }
    for text in [
        "",
        "K",
        "-1",
        "1.5G",
        "1 G",
        "1P",
        "1KK",
        "1KBiB",
        "1iB",
        "1BB",
        "0x10",
        "1K2",
        "é",
        "18446744073709551616",
        "16777216T",
    ] {
        assert!(parse_size(text).is_err(), "{text}");
    }
}

#[test]
fn ids_are_whole_bytes_in_hexadecimal() {
    for (text, id) in [
        ("01ab", vec![0x01, 0xab]),
        ("0x01AB", vec![0x01, 0xab]),
        ("0X01ab", vec![0x01, 0xab]),
        ("00", vec![0]),
        (
            "0x00112233445566778899",
            (0..10).map(|i| i * 0x11).collect(),
        ),
    ] {
        assert_eq!(parse_id(text), Ok(id), "{text}");
    }
    for text in [
        "", "0x", "1", "0x1", "012", "0g", "+1", "0x0x01", "01 02", "é0",
    ] {
        assert!(parse_id(text).is_err(), "{text}");
    }
}

#[test]
fn a_token_is_a_uri_or_else_a_label() {
    let shown = |text| parse_token(text).map(|uri| uri.to_string());
    assert_eq!(shown("my token").unwrap(), "pkcs11:token=my%20token");
    assert_eq!(shown("PKCS11:serial=1").unwrap(), "pkcs11:serial=1");
    assert_eq!(shown("größe").unwrap(), "pkcs11:token=gr%C3%B6%C3%9Fe");
    // Too short to be a URI.
    assert_eq!(shown("pkcs11").unwrap(), "pkcs11:token=pkcs11");
    assert!(shown("").is_err());
    let error = shown("pkcs11:token=a?pin-value=1234").unwrap_err();
    assert!(!error.contains("1234"), "{error}");
}

#[test]
fn labels_fit_every_token() {
    let command = clap::Command::new("test");
    let parse = |text: &str| {
        let label = label_parser().parse_ref(&command, None, text.as_ref());
        label.map_err(|error| error.kind())
    };
    let longest = "x".repeat(40);
    for label in ["a", "iexec result key 7e5f4552", "~ !", &longest] {
        assert_eq!(parse(label).as_deref(), Ok(label));
    }
    for label in ["", "größe", "a\nb", "tab\t", "\u{7f}", &"x".repeat(41)] {
        assert!(parse(label).is_err(), "{label:?}");
    }
}
