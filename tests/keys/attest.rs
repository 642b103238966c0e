//! `key attest`: what is told, and what is refused.

use crate::support::maker::{Maker, YUBIHSM, YUBIKEY};
use crate::support::*;

const SLOT: &str = "YubiKey PIV Attestation 9d";

/// Writes the maker's root, and all certificates that lead to it.
fn write_certificates(work: &Work, maker: &Maker) {
    work.write("root.pem", maker.pem("root"));
    let all = ["leaf", "device", "authority"].map(|it| maker.pem(it));
    work.write("all.pem", all.concat());
}

#[test]
fn a_key_is_proven_by_certificates_in_files_and_without_its_token() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let maker = Maker::yubikey();
    maker.attest("leaf", &keyed.public, SLOT, &YUBIKEY);
    work.write("key.pub", &keyed.public);
    write_certificates(&work, &maker);
    let files = ["--attestation-root", "root.pem", "--certificate", "all.pem"];
    let of_token = [&["key", "attest"], &files[..]].concat();
    let run = work.run(&of_token).ok();
    let said = run.out();
    for words in [
        "made in a YubiKey, serial 12345678, firmware 5.4.3, USB-A keychain",
        "slot 9d, PIN once, touch never",
        "signed by \"CN=Yubico PIV Attestation\", signed by \"CN=Maker Authority\", signed by \"CN=Maker Root\"",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let json = work.cmd(&of_token).arg("--raw").run().ok().raw();
    let found = &json["attestation"];
    assert!(json["key"].as_str().unwrap().starts_with("pkcs11:"));
    assert_eq!(
        (&found["device"], &found["serial"]),
        (&"yubikey".into(), &"12345678".into())
    );
    assert_eq!(
        (&found["pinPolicy"], &found["touchPolicy"]),
        (&"once".into(), &"never".into())
    );
    assert_eq!(found["bits"], 2048);
    assert_eq!(found["chain"].as_array().unwrap().len(), 4);

    // Somebody else has the public key alone.
    let alone = [&of_token[..], &["--public-key", "key.pub", "--raw"]].concat();
    let elsewhere = Work::without_token();
    for file in ["root.pem", "all.pem", "key.pub"] {
        elsewhere.write(file, work.read(file));
    }
    let json = elsewhere.run(&alone).ok().raw();
    assert_eq!(&json["attestation"], found);
    assert_eq!(json["key"], serde_json::Value::Null);
}

#[test]
fn certificates_are_found_on_the_token() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let maker = Maker::yubihsm();
    maker.attest(
        "leaf",
        &keyed.public,
        "YubiHSM Attestation id 0x1234",
        &YUBIHSM,
    );
    for (name, id) in [("leaf", "01"), ("device", "02")] {
        let file = maker.path(name);
        let file = file.to_str().unwrap();
        let write = [
            "--write-object",
            file,
            "--type",
            "cert",
            "--id",
            id,
            "--label",
            name,
        ];
        keyed.token.pkcs11_tool(&write);
    }
    work.write(
        "roots.pem",
        [maker.pem("root"), maker.pem("authority")].concat(),
    );
    let run = work
        .run("key attest --attestation-root roots.pem".split(' '))
        .ok();
    let said = run.out();
    assert!(
        said.contains("made in a YubiHSM 2, serial 8067128, firmware 2.4.1"),
        "{said}"
    );
    assert!(said.contains("domains 1, 3, never leaves it"), "{said}");
}

#[test]
fn what_is_not_proven_is_told_from_what_is_proven_wrong() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let (maker, other) = (Maker::yubikey(), Maker::yubikey());
    maker.attest("leaf", &keyed.public, SLOT, &YUBIKEY);
    other.attest("leaf", &keyed.public, SLOT, &YUBIKEY);
    write_certificates(&work, &maker);
    work.write("leaf.pem", maker.pem("leaf"));
    let forged = [
        other.pem("leaf"),
        maker.pem("device"),
        maker.pem("authority"),
    ];
    work.write("forged.pem", forged.concat());
    work.write("other-root.pem", Maker::of("x").pem("device"));
    let attest = |root: &str, certificates: &[&str]| {
        let named = certificates.iter().flat_map(|it| ["--certificate", it]);
        let args = ["key", "attest", "--raw", "--attestation-root", root].into_iter();
        work.run(args.chain(named))
    };
    attest("root.pem", &["all.pem"]).ok();
    for (root, certificates, exit, words) in [
        (
            "root.pem",
            &[][..],
            51,
            "no certificate in which a device attests the key",
        ),
        ("root.pem", &["leaf.pem"], 51, "is issued by none"),
        ("other-root.pem", &["all.pem"], 51, "is issued by none"),
        (
            "root.pem",
            &["forged.pem"],
            50,
            "is not signed by the one that it names",
        ),
        ("none.pem", &["all.pem"], 23, "none.pem cannot be read"),
        ("root.pem", &["none.pem"], 23, "none.pem cannot be read"),
    ] {
        let error = attest(root, certificates).fails(exit).raw_error();
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(words), "{words}: {message}");
    }
    work.write("text.pem", "no certificate");
    attest("text.pem", &["all.pem"]).fails(2);
    work.run(["key", "attest"]).fails(2);
}
