//! Tokens that answer a bad padding with success and invented bytes give the same picture as those that fail.

use crate::support::*;

/// All that can be seen of an archive that is not opened: the words, what is left, and the calls to the token.
#[derive(Debug, PartialEq)]
struct Picture {
    code: Option<i32>,
    stdout: Vec<u8>,
    stderr: String,
    files: Vec<String>,
    calls: Vec<String>,
}

fn plain() -> Vec<u8> {
    plain_zip(&[("result.txt", b"Hello, world!"), ("data/x.bin", &[7; 5000])])
}

fn picture(keyed: &Keyed, rule: &str, archive: &[u8]) -> Picture {
    let faulty = Faulty::before(&keyed.token).rule(rule);
    let work = keyed.work();
    work.write("encryptedResults.zip", archive);
    let run = faulty.drive(work.cmd(["result", "decrypt"]).pin()).run();
    work.is_tidy();
    Picture {
        code: run.code,
        stderr: run.err(),
        stdout: run.stdout,
        files: work.files(),
        calls: faulty
            .ledger()
            .names()
            .into_iter()
            .map(str::to_owned)
            .collect(),
    }
}

/// An archive whose wrapped key holds `len` bytes, which are no key for its body.
fn wrapped(public: &str, len: usize) -> Vec<u8> {
    Sealed {
        key: openssl::rsa_wrap(public, &vec![0x42; len]),
        ..Sealed::current(public, &plain())
    }
    .archive()
}

/// An archive whose last block is another one.
fn changed(public: &str) -> Vec<u8> {
    let mut sealed = Sealed::current(public, &plain());
    let len = sealed.body.len();
    sealed.body[len - 1] ^= 1;
    sealed.archive()
}

#[test]
fn every_bad_archive_and_every_token_give_one_picture() {
    for keys in [1, 2] {
        let keyed = Keyed::new();
        for _ in 1..keys {
            keyed.add_key(2048);
        }
        let (_, stranger) = openssl::rsa_key(2048);
        let bad = Sealed::current(&stranger, &plain()).archive();
        let reference = picture(&keyed, "# no fault", &bad);
        assert_eq!(reference.code, Some(20), "{reference:?}");
        assert_eq!(reference.stdout, b"");
        assert_eq!(reference.files, ["encryptedResults.zip"]);
        let decrypts = reference.calls.iter().filter(|it| *it == "C_Decrypt");
        assert_eq!(
            decrypts.count(),
            4 * keys,
            "three tries and a proof for each key"
        );

        // The tries come first, the proofs last.
        let tries = 3 * keys;
        for rv in [
            "CKR_ENCRYPTED_DATA_INVALID",
            "CKR_DEVICE_ERROR",
            "CKR_TOKEN_NOT_RECOGNIZED",
        ] {
            let rule = format!("C_Decrypt 1-{tries} then {rv}");
            assert_eq!(picture(&keyed, &rule, &bad), reference, "{rv}");
        }
        for len in [0, 16, 31, 32, 33, 245] {
            let rule = format!("C_Decrypt 1-{tries} answer {len}");
            assert_eq!(
                picture(&keyed, &rule, &bad),
                reference,
                "{len} bytes invented"
            );
            let wrapped = wrapped(&keyed.public, len);
            assert_eq!(
                picture(&keyed, "", &wrapped),
                reference,
                "{len} bytes wrapped"
            );
        }
        // A right key for a body that was changed.
        assert_eq!(picture(&keyed, "", &changed(&keyed.public)), reference);
    }
}
