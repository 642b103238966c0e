//! The other hands that tests rely on agree among themselves, before our program is held against them.

use std::io::Cursor;
use std::io::Read;

use crate::support::*;

#[test]
fn sealed_by_openssl_opens_with_openssl() {
    let (private, public) = openssl::rsa_key(2048);
    let plain = plain_zip(&[("result.txt", b"Hello, world!")]);
    let sealed = Sealed::current(&public, &plain);
    for archive in [sealed.archive(), sealed.java_archive()] {
        assert_eq!(openssl::open_current(&private, &archive), plain);
    }
    let legacy = Sealed::legacy_ecb(&public, &plain).java_archive();
    assert_eq!(openssl::open_legacy_ecb(&private, &legacy), plain);
    let old = Sealed::guide_2019(&public, &plain);
    assert_eq!(openssl::open_guide_2019(&private, &old.archive()), plain);
    assert_eq!(openssl::unzip(&plain, "result.txt"), b"Hello, world!");
}

#[test]
fn sealed_by_openssl_opens_with_the_sdk() {
    let Some(sdk) = Sdk::find(Sdk::V8) else {
        return;
    };
    let (private, public) = openssl::rsa_key(4096);
    let plain = plain_zip(&[("result.txt", b"Hello, world!"), ("sub/x", &[7; 100_000])]);
    for sealed in [
        Sealed::current(&public, &plain),
        Sealed::legacy_ecb(&public, &plain),
    ] {
        for archive in [sealed.archive(), sealed.java_archive()] {
            assert!(sdk.decrypt(&private, &archive).unwrap() == plain);
        }
    }
    let old = Sealed::guide_2019(&public, &plain);
    assert!(sdk.decrypt(&private, &old.archive()).is_err());
}

#[test]
fn every_way_of_packing_reads_the_same() {
    let data = b"Hello, world! Hello, world! Hello, world!";
    let deflated = Entry::new("result.txt", data);
    for entry in [deflated.clone(), deflated.stored()] {
        for descriptor in [Descriptor::None, Descriptor::Signed, Descriptor::Bare] {
            for zip64 in [false, true] {
                let mut entry = entry.clone().described(descriptor);
                entry.zip64 = zip64;
                let mut zip = Zip::of([entry, Entry::java("other", b"")]);
                zip.zip64_end = zip64;
                let bytes = zip.bytes();

                let mut read = Vec::new();
                zip::ZipArchive::new(Cursor::new(&bytes))
                    .unwrap()
                    .by_name("result.txt")
                    .unwrap()
                    .read_to_end(&mut read)
                    .unwrap();
                assert_eq!(read, data);
                assert_eq!(openssl::unzip(&bytes, "result.txt"), data);
            }
        }
    }
}

#[test]
fn a_token_is_fresh_and_alone() {
    let (one, other) = (Token::new(), Token::new());
    one.pkcs11_tool(&["--keypairgen", "--key-type", "rsa:2048", "--id", "0001"]);
    assert!(one.objects().contains("Private Key Object"));
    assert!(!other.objects().contains("Private Key Object"));
    if other_than_softhsm("its own tool lists its slots") {
        return;
    }
    assert!(
        !Token::uninitialised()
            .softhsm2_util(&["--show-slots"])
            .contains("Label:            test")
    );
}

/// A shell script in the place of the program.
fn script(work: &Work, script: &str) -> Cmd {
    work.cmd(["unused"]).under(["sh", "-c", script])
}

#[test]
fn a_pseudo_terminal_tells_what_happens_on_it() {
    let work = Work::without_token();
    let asks = script(
        &work,
        "exec </dev/tty; stty -echo; printf 'PIN: '; read pin; stty echo; echo; echo \"got $pin\"; exit 7",
    );
    let mut pty = Pty::spawn(&asks);
    assert!(!pty.expect("PIN: ").until_echo(false).echoes());
    pty.send("12ab\n").expect("got 12ab");
    let (code, shown) = pty.wait();
    assert_eq!(code, 7);
    assert_eq!(shown, "PIN: \r\ngot 12ab\r\n");
    assert!(pty.echoes());
}

#[test]
fn control_c_reaches_the_program_on_a_pseudo_terminal() {
    let work = Work::without_token();
    let waits = script(&work, "stty -echo; echo ready; exec sleep 60");
    let mut pty = Pty::spawn(&waits);
    pty.expect("ready").ctrl_c();
    assert_eq!(pty.wait().0, 130);
    assert!(!pty.echoes(), "nobody turned it on again");
}

#[test]
fn a_run_has_no_terminal_and_only_the_named_environment() {
    let token = Token::new();
    let work = Work::new(&token);
    let run = script(
        &work,
        "env; cat; (: </dev/tty) 2>/dev/null && exit 9; exit 3",
    )
    .pin()
    .stdin("typed")
    .run()
    .fails(3);
    let names: Vec<_> = run
        .out()
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0.to_owned()))
        .collect();
    for name in ["PATH", "HOME", "IEXEC_HSM_MODULE", "IEXEC_HSM_PIN_FILE"] {
        assert!(names.iter().any(|known| known == name), "{name}");
    }
    assert!(!names.iter().any(|name| name.starts_with("CARGO")));
    assert!(run.out().ends_with("typed"));
}
