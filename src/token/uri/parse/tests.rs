#![allow(clippy::unwrap_used)]

use super::*;

fn parse(text: &str) -> Result<Uri, UriError> {
    text.parse()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn the_examples_of_the_rfc_are_read() {
    assert_eq!(parse("pkcs11:"), Ok(Uri::default()));
    let uri = parse("pkcs11:object=my-pubkey;type=public").unwrap();
    assert_eq!(
        (uri.object, uri.object_type),
        (some("my-pubkey"), Some(ObjectType::Public))
    );
    let uri = parse("pkcs11:object=my-key;type=private?pin-source=file:/etc/token").unwrap();
    assert_eq!(
        (uri.object_type, &uri.pin_source),
        (Some(ObjectType::Private), &some("file:/etc/token"))
    );
    assert_eq!(uri.pin_file(), Ok(Some("/etc/token".into())));
    let uri = parse("pkcs11:object=my-sign-key;type=private?module-name=mypkcs11").unwrap();
    assert_eq!(uri.module_name, some("mypkcs11"));
    let uri =
        parse("pkcs11:object=my-sign-key;type=private?module-path=/mnt/libmypkcs11.so.1").unwrap();
    assert_eq!(uri.module_path, some("/mnt/libmypkcs11.so.1"));
    let uri = parse("pkcs11:slot-description=Sun%20Metaslot").unwrap();
    assert_eq!(uri.slot_description, some("Sun Metaslot"));
}

#[test]
fn the_full_certificate_example_of_the_rfc_is_read() {
    let uri = parse(
        "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;model=1.0;\
         object=my-certificate;type=cert;id=%69%95%3E%5C%F4%BD%EC%91;serial=?pin-source=file:/etc/token_pin",
    );
    let expected = Uri {
        token: some("The Software PKCS#11 Softtoken"),
        manufacturer: some("Snake Oil, Inc."),
        model: some("1.0"),
        serial: some(""),
        object: some("my-certificate"),
        object_type: Some(ObjectType::Cert),
        id: Some(b"\x69\x95\x3e\x5c\xf4\xbd\xec\x91".to_vec()),
        pin_source: some("file:/etc/token_pin"),
        ..Uri::default()
    };
    assert_eq!(uri, Ok(expected));
}

#[test]
fn the_library_examples_of_the_rfc_are_read() {
    let uri = parse(
        "pkcs11:library-manufacturer=Snake%20Oil,%20Inc.;library-description=Soft%20Token%20Library;library-version=1.23",
    )
    .unwrap();
    assert_eq!(uri.library_manufacturer, some("Snake Oil, Inc."));
    assert_eq!(uri.library_description, some("Soft Token Library"));
    assert_eq!(uri.library_version, Some((1, 23)));
    let uri = parse("pkcs11:token=My%20token%25%20created%20by%20Joe;library-version=3;id=%01%02%03%Ba%dd%Ca%fe%04%05%06").unwrap();
    assert_eq!(uri.token, some("My token% created by Joe"));
    assert_eq!(uri.library_version, Some((3, 0)));
    assert_eq!(
        uri.id,
        Some(b"\x01\x02\x03\xba\xdd\xca\xfe\x04\x05\x06".to_vec())
    );
}

#[test]
fn the_escaping_and_vendor_examples_of_the_rfc_are_read() {
    let uri = parse(
        "pkcs11:token=A%20name%20with%20a%20substring%20%25%3B;object=my-certificate;type=cert",
    )
    .unwrap();
    assert_eq!(uri.token, some("A name with a substring %;"));
    let uri = parse("pkcs11:token=Name%20with%20a%20small%20A%20with%20acute:%20%C3%A1;object=my-certificate;type=cert").unwrap();
    assert_eq!(uri.token, some("Name with a small A with acute: á"));
    let uri = parse(
        "pkcs11:token=my-token;object=my-certificate;type=cert;vendor-aaa=value-a?pin-source=file:/etc/token_pin&vendor-bbb=value-b",
    )
    .unwrap();
    assert!(uri.matches_nothing());
    assert_eq!(uri.pin_file(), Ok(Some("/etc/token_pin".into())));
    assert_eq!(
        uri.to_string(),
        "pkcs11:token=my-token;object=my-certificate;type=cert;vendor-aaa=value-a?pin-source=file:/etc/token_pin"
    );
}

#[test]
fn every_reserved_character_may_stand_as_itself() {
    let uri = parse("pkcs11:token=:[]@!$'()*+,=&?module-path=:[]@!$'()*+,=/?|&x-y=1").unwrap();
    assert_eq!(uri.token, some(":[]@!$'()*+,=&"));
    assert_eq!(uri.module_path, some(":[]@!$'()*+,=/?|"));
}

#[test]
fn a_pin_in_the_uri_is_refused_and_never_shown() {
    for text in [
        "pkcs11:token=Software%20PKCS%2311%20softtoken;manufacturer=Snake%20Oil,%20Inc.?pin-value=the-pin",
        "pkcs11:pin-value=the-pin",
        "pkcs11:token=a?PIN-Value=the-pin",
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!(error, UriError::PinValue);
        assert!(!format!("{error} {error:?}").contains("the-pin"));
        assert!(error.to_string().contains("pin-source"));
    }
}

#[test]
fn the_scheme_is_demanded_in_any_letter_case() {
    assert!(parse("PkCs11:token=a").is_ok());
    for text in [
        "",
        "pkcs11",
        "pkcs1:token=a",
        "token=a",
        "http://x",
        "é",
        "pkcs1é:",
        " pkcs11:",
    ] {
        assert_eq!(parse(text), Err(UriError::Scheme), "{text}");
    }
}

#[test]
fn what_is_not_an_attribute_is_refused() {
    for text in [
        "pkcs11:token",
        "pkcs11:;",
        "pkcs11:token=a;",
        "pkcs11:?a&b=1",
        "pkcs11:token=a?&",
    ] {
        assert_eq!(parse(text), Err(UriError::NotAnAttribute), "{text}");
    }
    for text in [
        "pkcs11:=a",
        "pkcs11:to%6ben=a",
        "pkcs11: token=a",
        "pkcs11:?x.y=1",
    ] {
        assert_eq!(parse(text), Err(UriError::Name), "{text}");
    }
    assert_eq!(parse("pkcs11:token=a?"), parse("pkcs11:token=a"));
}

#[test]
fn duplicates_are_refused() {
    for (text, attribute) in [
        ("pkcs11:token=a;token=a", "token"),
        ("pkcs11:id=;id=", "id"),
        ("pkcs11:x-y=1;x-y=2", VENDOR),
        ("pkcs11:?module-path=/a&module-path=/b", "module-path"),
    ] {
        assert_eq!(
            parse(text),
            Err(UriError::Duplicate { attribute }),
            "{text}"
        );
    }
}

#[test]
fn values_are_checked() {
    assert_eq!(
        parse("pkcs11:token=%zz"),
        Err(UriError::Escape { attribute: "token" })
    );
    assert_eq!(
        parse("pkcs11:id=%0"),
        Err(UriError::Escape { attribute: "id" })
    );
    assert_eq!(
        parse("pkcs11:object=a b"),
        Err(UriError::Unencoded {
            attribute: "object",
            character: ' '
        })
    );
    assert_eq!(
        parse("pkcs11:token=a#b"),
        Err(UriError::Unencoded {
            attribute: "token",
            character: '#'
        })
    );
    assert_eq!(
        parse("pkcs11:token=%ff"),
        Err(UriError::NotUtf8 { attribute: "token" })
    );
    assert_eq!(
        parse("pkcs11:?pin-source=/%ff"),
        Err(UriError::NotUtf8 {
            attribute: "pin-source"
        })
    );
    assert_eq!(
        parse("pkcs11:?x-y=%"),
        Err(UriError::Escape { attribute: VENDOR })
    );
    for text in ["pkcs11:type=Private", "pkcs11:type=", "pkcs11:type=key"] {
        assert_eq!(parse(text), Err(UriError::Type), "{text}");
    }
    for text in [
        "pkcs11:slot-id=",
        "pkcs11:slot-id=-1",
        "pkcs11:slot-id=+1",
        "pkcs11:slot-id=18446744073709551616",
    ] {
        assert_eq!(parse(text), Err(UriError::SlotId), "{text}");
    }
    for version in ["", "1.", ".1", "1.2.3", "256", "+1", "1.-2"] {
        assert_eq!(
            parse(&format!("pkcs11:library-version={version}")),
            Err(UriError::LibraryVersion),
            "{version}"
        );
    }
}

#[test]
fn attributes_on_the_wrong_side_are_refused() {
    assert_eq!(
        parse("pkcs11:pin-source=file:/a"),
        Err(UriError::Misplaced {
            attribute: "pin-source"
        })
    );
    assert_eq!(
        parse("pkcs11:token=a?id=%01"),
        Err(UriError::Misplaced { attribute: "id" })
    );
}
