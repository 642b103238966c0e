//! A result on the standard output is released after all checks, whole, and alone.

use crate::support::*;

/// Larger than what a pipe holds.
fn plain() -> Vec<u8> {
    let noise: Vec<u8> = (0..300_000_u32)
        .map(|i| (i.wrapping_mul(i) >> 5) as u8)
        .collect();
    Zip::of([Entry::new("noise", noise).stored()]).bytes()
}

/// An archive that is good but for its last block.
fn broken_at_the_end(keyed: &Keyed) -> Vec<u8> {
    let key = [0x42; 32];
    let mut body = openssl::cbc_body(&key, &plain());
    body.truncate(body.len() - 16);
    let key = openssl::rsa_wrap(&keyed.public, &key);
    let sealed = Sealed::current(&keyed.public, b"");
    Sealed {
        key,
        body,
        ..sealed
    }
    .archive()
}

/// `decrypt --output -` by a shell script that has the command line as `"$0" "$@"`.
fn script(work: &Work, script: &str) -> Run {
    let args = ["result", "decrypt", "a.zip", "--output", "-"];
    work.cmd(args).pin().under(["bash", "-c", script]).run()
}

#[test]
fn a_good_result_is_on_stdout_byte_for_byte_with_nothing_beside_it() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain()));
    let args = ["result", "decrypt", "a.zip", "--output", "-"];
    let run = unchanged(&work.folder(), || work.run(args)).ok();
    assert!(run.stdout == plain());
    assert!(
        run.err()
            .starts_with("Results successfully decrypted in the standard output\n")
    );

    let raw = work.cmd(args).pin().arg("--raw").run().ok();
    assert!(raw.stdout == plain());
    assert_eq!(raw.err(), "");
}

#[test]
fn of_a_bad_result_no_byte_is_released() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", broken_at_the_end(&keyed));
    let args = ["result", "decrypt", "a.zip", "--output", "-"];
    let run = unchanged(&work.folder(), || work.run(args)).fails(20);
    assert_eq!(run.stdout, b"");
    let raw = work.cmd(args).pin().arg("--raw").run();
    assert_eq!(raw.raw_error()["exit"], 20);

    let wrong_crc = Zip::of([Entry {
        crc: Some(7),
        ..Entry::new("noise", plain()).stored()
    }]);
    work.write("a.zip", keyed.archive(&wrong_crc.bytes()));
    let run = work.run(args).fails(20);
    assert_eq!(run.stdout, b"");
}

#[test]
fn a_reader_that_goes_away_is_a_failure_to_write() {
    let keyed = Keyed::new();
    let work = keyed.work();
    // More than any pipe holds: a reader that is slow to go away must not get it all.
    let large = Entry::new("noise", vec![7; 4 << 20]).stored();
    work.write("a.zip", keyed.archive(&Zip::of([large]).bytes()));
    let pipe = r#""$0" "$@" | head -c 4; exit "${PIPESTATUS[0]}""#;
    let run = unchanged(&work.folder(), || script(&work, pipe)).fails(23);
    assert_eq!(run.stdout, b"PK\x03\x04");
    assert!(run.err().contains("writing - failed"), "{}", run.err());
}

#[test]
fn a_full_device_on_stdout_is_a_failure_to_write() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    let run = script(&work, r#"exec "$0" "$@" >/dev/full"#).fails(23);
    assert!(run.err().contains("Make room"), "{}", run.err());
}

#[test]
fn the_limit_on_size_holds_for_stdout() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain()));
    let args = ["result", "decrypt", "a.zip", "--output", "-", "--max-size"];
    let run = work.run([&args[..], &["300005"]].concat()).fails(24);
    assert_eq!(run.stdout, b"");
}

#[test]
fn several_archives_do_not_mix_on_stdout() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain()));
    work.write("b.zip", keyed.archive(&plain()));
    let run = work.run(["result", "decrypt", "a.zip", "b.zip", "--output", "-"]);
    assert_eq!(run.fails(2).stdout, b"");
}
