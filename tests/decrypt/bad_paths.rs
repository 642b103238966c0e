//! Folders, pipes and paths that lead to no archive are refused before the token is looked for.

use std::process::Command;

use crate::support::*;

/// Runs `decrypt` with a module that is not there; it must fail for another reason, and change nothing.
#[track_caller]
fn refused(work: &Work, args: &[&str], exit: i32) -> Run {
    let cmd = work.cmd([&["result", "decrypt"], args].concat());
    let cmd = cmd.env("IEXEC_HSM_MODULE", "/nowhere/module.so");
    let run = unchanged(&work.folder(), || cmd.run()).fails(exit);
    assert_eq!(run.out(), "");
    run
}

#[test]
fn a_folder_needs_both_halves() {
    let (_, public) = openssl::rsa_key(2048);
    let sealed = Sealed::current(&public, &plain_zip(&[("a", b"b")]));
    let work = Work::without_token();
    std::fs::create_dir(work.path("folder")).unwrap();
    let run = refused(&work, &["folder"], 21);
    assert!(
        run.err().contains("not an encrypted result"),
        "{}",
        run.err()
    );
    work.write("folder/stdout.txt", "Hello");
    refused(&work, &["folder"], 21);

    work.write("folder/iexec_out.zip.aes", &sealed.body);
    let run = refused(&work, &["folder"], 21);
    assert!(run.err().contains("not aes-key.rsa"), "{}", run.err());
    let run = refused(&work, &["folder/iexec_out.zip.aes"], 21);
    assert!(
        run.err().contains("aes-key.rsa is not beside it"),
        "{}",
        run.err()
    );

    std::fs::create_dir(work.path("folder/aes-key.rsa")).unwrap();
    refused(&work, &["folder"], 21);
    std::fs::remove_dir(work.path("folder/aes-key.rsa")).unwrap();
    work.write("folder/aes-key.rsa", [1; 300]);
    refused(&work, &["folder"], 21);
    work.write("folder/aes-key.rsa", &sealed.key);
    refused(&work, &["folder"], 10);

    work.write("folder/iexec_out/result.zip.aes", &sealed.body);
    work.write("folder/iexec_out/encrypted_key", &sealed.key);
    let run = refused(&work, &["folder"], 21);
    assert!(run.err().contains("more than one result"), "{}", run.err());

    work.write("other/mine.aes", &sealed.body);
    refused(&work, &["other/mine.aes"], 21);
}

#[test]
fn pipes_devices_and_what_is_not_there_are_no_archives() {
    let work = Work::without_token();
    let made = Command::new("mkfifo").arg(work.path("pipe.zip")).status();
    assert!(made.unwrap().success());
    for path in ["pipe.zip", "/dev/null", "/dev/zero"] {
        let run = refused(&work, &[path], 21);
        assert!(
            run.err().contains("neither a file nor a folder"),
            "{}",
            run.err()
        );
    }
    let run = refused(&work, &["missing.zip"], 23);
    assert!(run.err().contains("missing.zip"), "{}", run.err());
    let run = refused(&work, &[], 23);
    assert!(run.err().contains("encryptedResults.zip"), "{}", run.err());
}
