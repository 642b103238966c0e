//! What a YubiKey and a YubiHSM 2 certify of a key, read and held against all that could be wrong with it.

use std::time::{Duration, SystemTime};

use iexec_hsm::attestation::{
    Attestation, AttestationError, Certificate, ChainFault, Device, Origin, PinPolicy, TouchPolicy,
    verify,
};
use iexec_hsm::envelope::PublicKey;

use crate::support::maker::{Maker, YUBIHSM, YUBIKEY};
use crate::support::openssl;

const SLOT: &str = "YubiKey PIV Attestation 9d";
const OBJECT: &str = "YubiHSM Attestation id 0x1234";

fn certificates(maker: &Maker, names: &[&str]) -> Vec<Certificate> {
    let all = names
        .iter()
        .map(|name| Certificate::all_in(&maker.pem(name)).unwrap());
    all.flatten().collect()
}

/// Verifies what is in `leaf`, with all that a person would give.
fn verified(maker: &Maker, public: &str, leaf: &str) -> Result<Attestation, AttestationError> {
    verified_with(maker, public, &[leaf, "device", "authority"])
}

fn verified_with(
    maker: &Maker,
    public: &str,
    given: &[&str],
) -> Result<Attestation, AttestationError> {
    let key = PublicKey::from_pem(public).unwrap();
    let roots = certificates(maker, &["root"]);
    verify(&key, &certificates(maker, given), &roots, SystemTime::now())
}

#[track_caller]
fn chain_fault(found: Result<Attestation, AttestationError>) -> (String, ChainFault) {
    match found {
        Err(AttestationError::Chain { subject, fault }) => (subject, fault),
        other => panic!("{other:?}"),
    }
}

/// The fields with one of them changed, or without it.
fn changed<'a>(
    fields: &[(&'a str, &'a str)],
    number: &str,
    to: Option<&'a str>,
) -> Vec<(&'a str, &'a str)> {
    let fields = fields.iter().filter_map(|(name, value)| match to {
        _ if *name != number => Some((*name, *value)),
        Some(to) => Some((*name, to)),
        None => None,
    });
    fields.collect()
}

#[test]
fn what_a_yubikey_says_of_its_key_is_told() {
    let (_, public) = openssl::rsa_key(2048);
    let maker = Maker::yubikey();
    maker.attest("leaf", &public, SLOT, &YUBIKEY);
    let found = verified(&maker, &public, "leaf").unwrap();
    let chain = [
        "CN=YubiKey PIV Attestation 9d",
        "CN=Yubico PIV Attestation",
        "CN=Maker Authority",
        "CN=Maker Root",
    ];
    assert_eq!(found.chain, chain);
    let Device::YubiKey(device) = found.device else {
        panic!("{found:?}")
    };
    assert_eq!(device.slot, "9d");
    assert_eq!(
        (device.firmware, device.serial),
        ([5, 4, 3], Some(12_345_678))
    );
    assert_eq!(device.pin_policy, PinPolicy::Once);
    assert_eq!(device.touch_policy, TouchPolicy::Never);
    assert!(!device.fips);

    // One that tells neither its serial number nor its form; and one of the series that came without basic constraints.
    let fewer = changed(&changed(&YUBIKEY, "3.7", None), "3.9", None);
    maker.authority(
        "device",
        "authority",
        "Yubico PIV Attestation",
        "nsComment=x",
    );
    maker.attest("leaf", &public, SLOT, &fewer);
    let found = verified(&maker, &public, "leaf").unwrap();
    assert_eq!(found.device.serial(), None);
}

#[test]
fn what_a_yubihsm_says_of_its_key_is_told() {
    let (_, public) = openssl::rsa_key(2048);
    let maker = Maker::yubihsm();
    maker.attest("leaf", &public, OBJECT, &YUBIHSM);
    let found = verified(&maker, &public, "leaf").unwrap();
    let Device::YubiHsm(device) = &found.device else {
        panic!("{found:?}")
    };
    assert_eq!((device.firmware, device.serial), ([2, 4, 1], 8_067_128));
    assert_eq!((device.origin, device.object), (Origin::Generated, 0x1234));
    assert_eq!(
        (device.domains.as_slice(), device.label.as_str()),
        (&[1, 3][..], "iexe")
    );
    assert!(!device.is_exportable());
    maker.attest(
        "leaf",
        &public,
        OBJECT,
        &changed(&YUBIHSM, "4.5", Some("0309000000000000010600")),
    );
    let Device::YubiHsm(device) = verified(&maker, &public, "leaf").unwrap().device else {
        panic!()
    };
    assert!(device.is_exportable());
    // Of a key that came from outside, or was outside once, nothing is proven.
    for (bits, origin) in [
        ("03020002", Origin::Imported),
        ("03020011", Origin::GeneratedAndWrapped),
        ("03020012", Origin::ImportedAndWrapped),
    ] {
        maker.attest(
            "leaf",
            &public,
            OBJECT,
            &changed(&YUBIHSM, "4.3", Some(bits)),
        );
        let refused = verified(&maker, &public, "leaf").unwrap_err();
        assert_eq!(refused, AttestationError::NotMadeInside { origin });
    }
}

#[test]
fn a_field_that_is_not_as_documented_is_refused() {
    let (_, public) = openssl::rsa_key(2048);
    let (yubikey, yubihsm) = (Maker::yubikey(), Maker::yubihsm());
    let of_yubikey = [
        ("3.3", Some("0504"), "firmware"),
        ("3.3", None, "firmware"),
        ("3.7", Some("0403bc614e"), "serial number"),
        ("3.7", Some("0201ff"), "serial number"),
        ("3.8", Some("02"), "PIN and touch policy"),
        ("3.8", Some("0901"), "PIN and touch policy"),
        ("3.8", Some("0109"), "PIN and touch policy"),
        ("3.8", None, "PIN and touch policy"),
        ("3.9", Some("0101"), "form factor"),
    ];
    let of_yubihsm = [
        ("4.1", Some("04020204"), "firmware"),
        ("4.1", None, "firmware"),
        ("4.2", Some("0201ff"), "serial number"),
        ("4.2", None, "serial number"),
        ("4.3", Some("03020000"), "origin"),
        ("4.3", Some("03020004"), "origin"),
        ("4.3", None, "origin"),
        ("4.4", Some("0304000000 05ff"), "domains"),
        ("4.5", None, "capabilities"),
        ("4.6", Some("0203012345"), "object"),
        ("4.9", Some("0401ff"), "label"),
    ];
    let of_yubikey = of_yubikey.map(|it| (&yubikey, SLOT, &YUBIKEY[..], it));
    let of_yubihsm = of_yubihsm.map(|it| (&yubihsm, OBJECT, &YUBIHSM[..], it));
    for (maker, subject, fields, (number, to, name)) in of_yubikey.into_iter().chain(of_yubihsm) {
        maker.attest("leaf", &public, subject, &changed(fields, number, to));
        let refused = verified(maker, &public, "leaf").unwrap_err();
        let subject = format!("CN={subject}");
        let field = AttestationError::Field {
            field: name,
            subject,
        };
        assert_eq!(refused, field, "{number} {to:?}");
    }
    yubikey.attest("leaf", &public, "YubiKey PIV Attestation nine", &YUBIKEY);
    let refused = verified(&yubikey, &public, "leaf").unwrap_err();
    assert!(matches!(
        refused,
        AttestationError::Field { field: "slot", .. }
    ));
}

#[test]
fn a_certificate_of_another_key_or_of_none_proves_nothing() {
    let [(_, public), (_, other)] = [(); 2].map(|()| openssl::rsa_key(2048));
    let maker = Maker::yubikey();
    maker.attest("leaf", &other, SLOT, &YUBIKEY);
    let refused = verified(&maker, &public, "leaf").unwrap_err();
    assert!(
        matches!(refused, AttestationError::OtherKey { .. }),
        "{refused}"
    );
    // One for the key that is no device's.
    maker.certify("leaf", "device", &public, "My key", "nsComment=x");
    for given in [&["leaf", "device", "authority"][..], &[]] {
        let refused = verified_with(&maker, &public, given).unwrap_err();
        assert_eq!(refused, AttestationError::None);
    }
    for bad in [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    ] {
        let refused = Certificate::all_in(bad.as_bytes()).unwrap_err();
        assert!(matches!(refused, AttestationError::NotACertificate(_)));
    }
}

#[test]
fn only_a_chain_that_ends_at_a_root_counts() {
    let (_, public) = openssl::rsa_key(2048);
    let maker = Maker::yubikey();
    maker.attest("leaf", &public, SLOT, &YUBIKEY);
    let key = PublicKey::from_pem(&public).unwrap();
    let given = certificates(&maker, &["leaf", "device", "authority", "root"]);
    let now = SystemTime::now();
    // The root is not believed for being given, and one of the same name is another.
    let (subject, fault) = chain_fault(verify(&key, &given, &[], now));
    assert_eq!(
        (subject.as_str(), fault),
        ("CN=Maker Root", ChainFault::NoIssuer)
    );
    let other = certificates(&Maker::yubikey(), &["root"]);
    let (subject, fault) = chain_fault(verify(&key, &given[..3], &other, now));
    assert_eq!(
        (subject.as_str(), fault),
        ("CN=Maker Authority", ChainFault::Signature)
    );
    let roots = certificates(&maker, &["root"]);
    let (subject, fault) = chain_fault(verify(&key, &given[..2], &roots, now));
    assert_eq!(
        (subject.as_str(), fault),
        ("CN=Yubico PIV Attestation", ChainFault::NoIssuer)
    );
    // An authority that is named as a root is one.
    verify(
        &key,
        &given[..2],
        &certificates(&maker, &["authority"]),
        now,
    )
    .unwrap();

    let years = Duration::from_secs(20 * 365 * 86_400);
    for time in [now - years, now + years] {
        let (_, fault) = chain_fault(verify(&key, &given, &roots, time));
        assert_eq!(fault, ChainFault::Time);
    }
    // A device of the same name, with another key.
    let liar = Maker::yubikey();
    liar.attest("leaf", &public, SLOT, &YUBIKEY);
    let forged = [certificates(&liar, &["leaf"]), given[1..].to_vec()].concat();
    let (subject, fault) = chain_fault(verify(&key, &forged, &roots, SystemTime::now()));
    assert_eq!(
        (subject.as_str(), fault),
        ("CN=YubiKey PIV Attestation 9d", ChainFault::Signature)
    );
    maker.certify(
        "leaf",
        "device",
        &public,
        SLOT,
        "1.3.6.1.4.1.41482.3.3=critical,DER:050403\n1.3.6.1.4.1.41482.3.8=DER:0201",
    );
    let (_, fault) = chain_fault(verified(&maker, &public, "leaf"));
    assert_eq!(fault, ChainFault::Extension);
}

/// Whoever has a key in a genuine device could certify any other key with it, if it were taken for an authority.
#[test]
fn an_attested_key_attests_no_other() {
    let (_, public) = openssl::rsa_key(2048);
    let policies = "1.3.6.1.4.1.41482.3.3=DER:050403\n1.3.6.1.4.1.41482.3.8=DER:0201\n";
    for (subject, constraints) in [
        ("YubiKey PIV Attestation 9c", ""),
        (
            "YubiKey PIV Attestation 9c",
            "basicConstraints=critical,CA:FALSE\n",
        ),
        (
            "Yubico PIV Attestation",
            "basicConstraints=critical,CA:FALSE\n",
        ),
        (
            "Yubico PIV Attestation",
            "keyUsage=critical,digitalSignature\n",
        ),
    ] {
        let maker = Maker::yubikey();
        let extensions = format!("{policies}{constraints}");
        maker.authority("mine", "device", subject, &extensions);
        maker.certify("leaf", "mine", &public, SLOT, policies);
        let given = ["leaf", "mine", "device", "authority"];
        let (at, fault) = chain_fault(verified_with(&maker, &public, &given));
        assert_eq!(
            (at, fault),
            (format!("CN={subject}"), ChainFault::NotAnAuthority)
        );
    }
    // An authority may say how many are below it.
    let maker = Maker::yubikey();
    let short = "basicConstraints=critical,CA:TRUE,pathlen:0\n";
    maker.authority("authority", "root", "Maker Authority", short);
    maker.authority("device", "authority", "Yubico PIV Attestation", short);
    maker.attest("leaf", &public, SLOT, &YUBIKEY);
    let (at, fault) = chain_fault(verified(&maker, &public, "leaf"));
    assert_eq!(
        (at.as_str(), fault),
        ("CN=Maker Authority", ChainFault::TooLong)
    );
}
