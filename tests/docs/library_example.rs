//! The library's documented example, run against a token.

#[allow(dead_code)]
#[path = "../../docs/examples/open_archive.rs"]
mod example;
use std::cell::Cell;
use std::convert::Infallible;
use std::path::Path;

use iexec_hsm::archive::{Archive, Limits, WrappedKey};
use iexec_hsm::decrypt::{Options, Target, decrypt};
use iexec_hsm::envelope::{Candidate, KeyName, Proof, Unwrap};
use zeroize::Zeroizing;

use crate::support::*;

/// The example's arguments, for the test that runs it.
const ARGUMENTS: &str = "IEXEC_HSM_TEST_EXAMPLE";

/// Runs the example in a process of its own, because SoftHSM2 finds its tokens by the environment. Returns whether it
/// succeeded, and all that it printed.
fn run_example(token: &Token, archive: &Path, output: &Path) -> (bool, String) {
    let arguments = [
        token.module.to_str().unwrap(),
        &token.label,
        token.pin_file().to_str().unwrap(),
        archive.to_str().unwrap(),
        output.to_str().unwrap(),
    ]
    .join("\n");
    let output = test_alone(module_path!(), "the_example")
        .envs(token.env())
        .env(ARGUMENTS, arguments)
        .output()
        .unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&printed).into_owned(),
    )
}

/// Does nothing unless another test asks for it.
#[test]
fn the_example() {
    let Ok(arguments) = std::env::var(ARGUMENTS) else {
        return;
    };
    let arguments: Vec<&str> = arguments.lines().collect();
    let [module, label, pin_file, archive, output] = arguments[..] else {
        unreachable!("five arguments")
    };
    let opened = example::open(module, label, pin_file, archive, output);
    println!("opened with {}", opened.unwrap());
}

#[test]
fn the_documented_example_opens_an_archive() {
    let token = Token::labelled("library");
    token.add("another");
    let work = Work::new(&token);
    let options = ["--token", "library", "--wallet-address", ADDRESS];
    let generate = ["result", "generate-keys", "--bits", "2048", "--raw"];
    let made = work.run([&generate[..], &options].concat()).ok().raw();
    let public = work.read(format!(".secrets/beneficiary/{ADDRESS}_key.pub"));
    let public = String::from_utf8(public).unwrap();
    let plain = plain_zip(&[("result.txt", b"Hello, world!")]);
    let archive = work.write("sealed.zip", Sealed::current(&public, &plain).archive());

    let output = work.path("results.zip");
    let (ok, printed) = run_example(&token, &archive, &output);
    assert!(ok, "{printed}");
    assert!(printed.contains(made["key"].as_str().unwrap()), "{printed}");
    assert!(work.read("results.zip") == plain);

    // What is there already is not replaced.
    let (ok, printed) = run_example(&token, &archive, &output);
    assert!(!ok && printed.contains("Exists"), "{printed}");
    assert!(work.read("results.zip") == plain);
}

#[test]
fn the_documented_example_says_what_is_wrong() {
    let token = Token::labelled("library");
    let work = Work::new(&token);
    let (_, public) = openssl::rsa_key(2048);
    let archive = work.write("sealed.zip", Sealed::current(&public, b"PK").archive());
    let output = work.path("results.zip");

    let (ok, printed) = run_example(&token, &archive, &output);
    assert!(!ok && printed.contains("NoKey"), "{printed}");
    token.pkcs11_tool(&["--keypairgen", "--key-type", "rsa:2048", "--id", "0001"]);
    let (ok, printed) = run_example(&token, &archive, &output);
    assert!(!ok && printed.contains("CannotDecrypt"), "{printed}");
    // A public key alone, though it is the right one, opens nothing.
    let pem = work.write("public.pem", &public);
    token.pkcs11_tool(&[
        "--write-object",
        pem.to_str().unwrap(),
        "--type=pubkey",
        "--id=0002",
    ]);
    assert_eq!(token.objects().matches("Public Key Object").count(), 2);
    let (ok, printed) = run_example(&token, &archive, &output);
    assert!(!ok && printed.contains("CannotDecrypt"), "{printed}");
    let (ok, printed) = run_example(&token, &work.write("not.zip", "text"), &output);
    assert!(!ok && printed.contains("NotAZip"), "{printed}");
    assert!(!output.exists());
    work.is_tidy();
}

/// A holder whose key is a PEM in memory.
struct Software(String);

impl Unwrap for Software {
    type Error = Infallible;

    fn candidates(&mut self, _: usize) -> Result<Vec<Candidate>, Infallible> {
        let name = KeyName {
            uri: "pkcs11:".into(),
            label: "software".into(),
        };
        Ok(vec![Candidate {
            name,
            may_repeat: true,
        }])
    }

    fn unwrap(
        &mut self,
        _: &KeyName,
        wrapped: &WrappedKey,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Infallible> {
        let unwrapped = openssl::rsa_unwrap(&self.0, wrapped.ciphertext());
        Ok(Some(Zeroizing::new(unwrapped)))
    }

    fn prove(&mut self, _: &[Candidate]) -> Result<Proof<Infallible>, Infallible> {
        Ok(Proof::Works)
    }
}

#[test]
fn progress_tells_every_byte_of_the_result_and_the_archive_how_many_there_are() {
    let work = Work::without_token();
    let (private, public) = openssl::rsa_key(2048);
    let plain = plain_zip(&[("noise", &[7; 700_000])]);
    for sealed in [
        Sealed::current(&public, &plain),
        Sealed::legacy_ecb(&public, &plain),
    ] {
        let path = work.write("sealed.zip", sealed.archive());
        let archive = Archive::open(path, &Limits::default()).unwrap();
        let told = Cell::new(0);
        let output = work.path("results.zip");
        let target = Target::File {
            path: &output,
            force: true,
        };
        let progress = |bytes| told.set(told.get() + bytes);
        let mut keys = Software(private.clone());
        let report = decrypt(&archive, &mut keys, target, &Options::default(), &progress).unwrap();
        assert_eq!(
            (told.get(), report.bytes),
            (plain.len() as u64, plain.len() as u64)
        );
        // An IV and the padding.
        let len = archive.result_len();
        assert!((told.get()..told.get() + 40).contains(&len), "{len}");
    }
}
