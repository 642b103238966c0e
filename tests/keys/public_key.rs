//! Where the public key of a private key is found, and what is done where the token shows none.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support;
use crate::support::publish::OTHER;
use crate::support::*;

const URI: &str = "pkcs11:id=%03";

/// A token with a key that another tool made, and its public key as PEM.
fn with_key() -> (Token, String) {
    let token = Token::new();
    let public = add_key(&token, "rsa:2048", "03");
    (token, public)
}

fn add_key(token: &Token, kind: &str, id: &str) -> String {
    let make = ["--keypairgen", "--key-type", kind, "--usage-decrypt"];
    token.pkcs11_tool(
        &[
            &make[..],
            &["--id", id, "--label", "card key", "--sensitive"],
        ]
        .concat(),
    );
    let folder = tempfile::tempdir().unwrap();
    let der = folder.path().join("public.der");
    let path = der.to_str().unwrap();
    token.pkcs11_tool(&["--read-object", "--type", "pubkey", "--id", id, "-o", path]);
    openssl(
        folder.path(),
        &["pkey", "-pubin", "-inform", "DER", "-in", path],
    )
}

fn openssl(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("openssl")
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Puts a certificate for `pem` beside the key.
fn certify(token: &Token, pem: &str) {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("public.pem"), pem).unwrap();
    let request = "req -newkey rsa:2048 -nodes -keyout ca.key -subj /CN=mine -out a.csr";
    let authority = "req -x509 -key ca.key -subj /CN=ca -out ca.pem";
    let sign = "x509 -req -in a.csr -CA ca.pem -CAkey ca.key -CAcreateserial -force_pubkey public.pem -outform DER -out a.der";
    for line in [request, authority, sign] {
        let words: Vec<&str> = line.split(' ').collect();
        openssl(at, &words);
    }
    let path = at.join("a.der");
    token.pkcs11_tool(&[
        "--write-object",
        path.to_str().unwrap(),
        "--type",
        "cert",
        "--id",
        "03",
    ]);
}

fn adopt(work: &Work<'_>, args: &[&str]) -> Cmd {
    let all = ["key", "adopt", URI, "--wallet-address", ADDRESS];
    work.cmd(all.iter().chain(args)).pin()
}

fn public_file(work: &Work<'_>) -> String {
    let file = work.read(format!(".secrets/beneficiary/{ADDRESS}_key.pub"));
    String::from_utf8(file).unwrap()
}

/// An archive for the key of the address is opened behind `faulty`.
fn opens(work: &Work<'_>, faulty: &Faulty<'_>) {
    let plain = plain_zip(&[("result.txt", b"Hello, world!")]);
    work.write(
        "a.zip",
        Sealed::current(&public_file(work), &plain).archive(),
    );
    let open = work.cmd(["result", "decrypt", "a.zip", "--force"]).pin();
    faulty.drive(open).run().ok();
    assert_eq!(work.read("results.zip"), plain);
}

#[test]
fn it_is_taken_from_wherever_the_token_shows_it() {
    let (token, pem) = with_key();
    certify(&token, &pem);
    let no_public = "hide CKO_PUBLIC_KEY";
    let no_certificate = "hide CKO_CERTIFICATE";
    let no_modulus = "private-attribute CKA_MODULUS missing";
    let no_exponent = "private-attribute CKA_PUBLIC_EXPONENT missing";
    for rules in [
        &[no_public, no_certificate][..],
        &[no_modulus, no_certificate],
        &[no_modulus, no_public],
        &[no_exponent, no_public],
        &[no_exponent, no_public, no_certificate],
        &["private-attribute CKA_MODULUS untouched", no_public],
    ] {
        let work = Work::new(&token);
        let faulty = rules.iter().fold(Faulty::before(&token), Faulty::rule);
        faulty.drive(adopt(&work, &[])).run().ok();
        assert_eq!(public_file(&work), pem, "{rules:?}");
        opens(&work, &faulty);
    }
}

#[test]
fn where_the_token_shows_none_it_is_given_and_proved() {
    let (token, pem) = with_key();
    let work = Work::new(&token);
    let faulty = Faulty::before(&token)
        .rule("hide CKO_PUBLIC_KEY")
        .rule("private-attribute CKA_MODULUS missing");
    faulty.drive(adopt(&work, &[])).run().fails(15);
    let (_, stranger) = support::openssl::rsa_key(2048);
    work.write("wrong.pem", &stranger);
    let run = faulty
        .drive(adopt(&work, &["--public-key=wrong.pem"]))
        .run();
    assert!(run.err().contains("wrong.pem"), "{}", run.err());
    run.fails(16);
    assert!(!work.exists(".secrets"));
    work.write("right.pem", &pem);
    faulty
        .drive(adopt(&work, &["--public-key=right.pem"]))
        .run()
        .ok();
    assert_eq!(public_file(&work), pem);
    opens(&work, &faulty);
    let listed = faulty
        .drive(work.cmd(["key", "show", "--raw"]).pin())
        .run()
        .ok();
    assert_eq!(listed.raw()["bits"], 2048, "{}", listed.out());
}

#[test]
fn an_agent_knows_it_from_the_key_files() {
    let (token, pem) = with_key();
    let work = Work::new(&token);
    let faulty = Faulty::before(&token)
        .rule("hide CKO_PUBLIC_KEY")
        .rule("private-attribute CKA_MODULUS missing");
    work.write("own.pem", &pem);
    let adopt = adopt(&work, &["--public-key=own.pem"]);
    faulty.drive(adopt).run().ok();
    // In a folder without key files it has nothing to go by.
    let elsewhere = Work::new(&token);
    let cmd = support::agent::command(&elsewhere, &[]).pin();
    faulty.drive(cmd).run().fails(15);

    let cmd = support::agent::command(&work, &[]).pin();
    let agent = support::agent::Agent::start(faulty.drive(cmd));
    let wrapped = support::openssl::rsa_wrap(&pem, &[7; 32]);
    assert_eq!(agent.unwrap(&agent.key(), &wrapped).0, 200);
    let plain = plain_zip(&[("result.txt", b"Hello, world!")]);
    work.write("a.zip", Sealed::current(&pem, &plain).archive());
    agent.cmd(&work, ["result", "decrypt", "a.zip"]).run().ok();
    assert_eq!(work.read("results.zip"), plain);
}

#[test]
fn a_public_key_that_the_token_contradicts_is_refused() {
    let (token, _) = with_key();
    let work = Work::new(&token);
    let (_, stranger) = support::openssl::rsa_key(2048);
    work.write("wrong.pem", &stranger);
    let run = adopt(&work, &["--public-key=wrong.pem"]).run().fails(16);
    assert!(run.err().contains("--public-key"), "{}", run.err());
    assert!(!work.exists(".secrets"));
}

#[test]
fn another_keys_public_key_with_the_same_id_is_not_taken_for_it() {
    let (token, pem) = with_key();
    token.pkcs11_tool(&["--delete-object", "--type=pubkey", "--id=03"]);
    let work = Work::new(&token);
    let (_, stranger) = support::openssl::rsa_key(2048);
    let stranger = work.write("stranger.pem", stranger);
    token.pkcs11_tool(&[
        "--write-object",
        stranger.to_str().unwrap(),
        "--type=pubkey",
        "--id=03",
    ]);
    // The modulus of the private key alone tells.
    let faulty = Faulty::before(&token).rule("private-attribute CKA_PUBLIC_EXPONENT missing");
    let uri = "pkcs11:id=%03;object=card%20key";
    let adopt = ["key", "adopt", uri, "--wallet-address", ADDRESS];
    faulty.drive(work.cmd(adopt).pin()).run().ok();
    assert_eq!(public_file(&work), pem);
    opens(&work, &faulty);
}

#[test]
fn each_key_has_the_public_key_of_its_own_file() {
    let (token, small) = with_key();
    let large = add_key(&token, "rsa:3072", "04");
    let work = Work::new(&token);
    let faulty = Faulty::before(&token)
        .rule("hide CKO_PUBLIC_KEY")
        .rule("private-attribute CKA_MODULUS missing");
    let plain = plain_zip(&[("result.txt", b"Hello, world!")]);
    for (uri, pem, address) in [(URI, &small, ADDRESS), ("pkcs11:id=%04", &large, OTHER)] {
        work.write("own.pem", pem);
        let adopt = ["key", "adopt", uri, "--public-key=own.pem"];
        let adopt = work.cmd(adopt).args(&["--wallet-address", address]).pin();
        faulty.drive(adopt).run().ok();
    }
    for pem in [&large, &small] {
        work.write("a.zip", Sealed::current(pem, &plain).archive());
        let open = work.cmd(["result", "decrypt", "a.zip", "--force"]).pin();
        faulty.drive(open).run().ok();
    }
}
