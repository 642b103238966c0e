//! A batch that is begun again with `--skip-existing`, as a timer does.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::*;

const RECORD: &str = "out/.iexec-hsm-failed.json";

fn plain(name: &str) -> Vec<u8> {
    plain_zip(&[("name", name.as_bytes())])
}

/// Two good archives, one for another key and one that is none.
fn furnished(keyed: &Keyed) -> Work<'_> {
    let (_, stranger) = openssl::rsa_key(2048);
    let work = keyed.work();
    for good in ["a", "d"] {
        work.write(format!("{good}.zip"), keyed.archive(&plain(good)));
    }
    let strange = Sealed::current(&stranger, &plain("b"));
    work.write("b.zip", strange.archive());
    work.write("c.zip", "no zip");
    work
}

const ALL: [&str; 4] = ["a.zip", "b.zip", "c.zip", "d.zip"];

fn again(work: &Work, args: &[&str]) -> Cmd {
    let batch = [
        "result",
        "decrypt",
        "--skip-existing",
        "--output-dir",
        "out",
    ];
    work.cmd([&batch, args].concat()).pin()
}

#[track_caller]
fn last(run: &Run) -> String {
    run.err().lines().last().unwrap_or_default().to_owned()
}

/// What `--raw` says of the whole batch.
#[track_caller]
fn summary(run: &Run) -> Value {
    let line = run.out().lines().last().unwrap().to_owned();
    serde_json::from_str::<Value>(&line).unwrap()["summary"].clone()
}

#[test]
fn nothing_new_is_wrong_and_the_token_is_left_alone() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    let faulty = Faulty::before(&keyed.token);
    let first = faulty.drive(again(&work, &ALL)).run().fails(20);
    let counts = "2 of 4 archives opened; 1 failed with exit code 20, 1 failed with exit code 21";
    assert_eq!(last(&first), counts);

    // Not even a PIN is at hand.
    let idle = |args: &[&str]| {
        let cmd = again(&work, &[&ALL, args].concat());
        faulty
            .drive(cmd.env("IEXEC_HSM_PIN_FILE", "/none"))
            .run()
            .ok()
    };
    let run = unchanged(&work.folder(), || idle(&[]));
    let counts = "0 of 4 archives opened; 2 existed, 2 failed before (--retry-failed tries again)";
    assert_eq!(run.err(), format!("{counts}\n"));
    let told = idle(&["--verbose"]);
    assert!(
        told.err()
            .contains("b.zip was not opened: it failed before with exit code 20")
    );
    assert!(
        told.err().contains("d.zip was not opened: "),
        "{}",
        told.err()
    );
    assert_eq!(idle(&["--quiet"]).err(), "");

    let run = idle(&["--raw"]);
    let lines: Vec<Value> = run
        .out()
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["archive"], "a.zip");
    assert_eq!(lines[0]["skipped"], "existed");
    assert_eq!(
        lines[0]["resultsPath"],
        work.path("out/a.zip").display().to_string()
    );
    let expected = json!({
        "archives": 4, "opened": 0, "existed": 2, "failedBefore": 2, "failed": {}, "notTried": 0, "exit": 0,
    });
    assert_eq!(lines[2]["summary"], expected);
    let failed: Vec<Value> = run
        .err()
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    assert_eq!(failed.len(), 2);
    assert_eq!(failed[0]["skipped"], "failed-before");
    assert_eq!(failed[0]["error"]["code"], "cannot-decrypt");
    assert_eq!(failed[1]["archive"], "c.zip");
    assert_eq!(failed[1]["ok"], false);
    assert_eq!(faulty.ledger().count("C_Initialize"), 1);
}

#[test]
fn what_is_new_is_opened_and_what_is_new_and_bad_gives_the_exit_code() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    again(&work, &ALL).run().fails(20);
    work.write("e.zip", keyed.archive(&plain("e")));
    let run = again(&work, &[&ALL[..], &["e.zip"]].concat()).run().ok();
    assert!(work.read("out/e.zip") == plain("e"));
    assert!(run.err().starts_with("e.zip -> "), "{}", run.err());
    assert!(last(&run).starts_with("1 of 5 archives opened; 2 existed, 2 failed before"));

    work.write("f.zip", "no zip either");
    let run = again(&work, &[&ALL[..], &["f.zip", "--raw"]].concat())
        .run()
        .fails(21);
    let counts = summary(&run);
    assert_eq!(counts["failed"], json!({"21": 1}));
    assert_eq!(counts["failedBefore"], 2);
    assert_eq!(counts["exit"], 21);
}

#[test]
fn a_bad_one_is_tried_again_when_asked_or_when_it_or_the_keys_changed() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    again(&work, &ALL).run().fails(20);
    let run = again(&work, &[&ALL[..], &["--retry-failed"]].concat())
        .run()
        .fails(20);
    assert!(
        last(&run).contains("1 failed with exit code 21"),
        "{}",
        run.err()
    );
    again(&work, &ALL).run().ok();
    // Another limit is another question.
    let other = |args: &[&str]| again(&work, &[&ALL, args].concat()).run();
    other(&["--max-size", "1G"]).fails(20);
    other(&["--max-size", "1G"]).ok();
    other(&["--verify"]).fails(20);
    other(&[]).fails(20);

    // Downloaded anew.
    work.write("c.zip", keyed.archive(&plain("c")));
    again(&work, &ALL).run().ok();
    assert!(work.read("out/c.zip") == plain("c"));

    // A key that was made since.
    work.run([
        "result",
        "generate-keys",
        "--bits",
        "2048",
        "--wallet-address",
        ADDRESS,
    ])
    .ok();
    let public = String::from_utf8(work.read(publish::public_file())).unwrap();
    again(&work, &ALL).run().fails(20);
    work.write("b.zip", Sealed::current(&public, &plain("b")).archive());
    again(&work, &ALL).run().ok();
    assert!(work.read("out/b.zip") == plain("b"));
}

#[test]
fn a_device_that_fails_makes_no_archive_bad() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    let faulty = Faulty::before(&keyed.token).rule("C_Decrypt * return CKR_DEVICE_ERROR");
    let good = ["a.zip", "d.zip"];
    faulty.drive(again(&work, &good)).run().fails(11);
    assert!(!work.exists(RECORD));
    assert!(!work.exists("out"), "an empty folder stays");
    again(&work, &good).run().ok();
    assert!(work.read("out/a.zip") == plain("a") && work.read("out/d.zip") == plain("d"));
}

#[test]
fn an_empty_file_is_no_result_and_neither_is_a_folder_that_a_run_was_killed_in() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    work.write("out/a.zip", "");
    let run = again(&work, &["a.zip", "d.zip"]).run().fails(22);
    assert!(run.err().contains("exists already"), "{}", run.err());
    assert!(work.read("out/d.zip") == plain("d"));

    let extract = |args: &[&str]| {
        let batch = ["result", "decrypt", "--skip-existing", "--extract", "files"];
        work.cmd([&batch, args].concat()).pin().run()
    };
    work.write("files/a/.iexec-hsm-killed.part/.iexec-hsm-mark.part", "");
    work.write("files/a/.iexec-hsm-killed.part/name", "half");
    extract(&["a.zip", "d.zip"]).ok();
    assert_eq!(work.read("files/a/name"), b"a");
    work.is_tidy();
    // One that is alone goes to the same place.
    unchanged(&work.folder(), || extract(&["d.zip"])).ok();
    assert!(last(&extract(&["a.zip", "d.zip"]).ok()).ends_with("2 existed"));
}

#[test]
fn what_was_complete_when_a_run_was_killed_goes_to_its_place() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    let killed = "files/a/.iexec-hsm-killed.part";
    work.write(format!("{killed}/.iexec-hsm-complete.part"), "");
    work.write("files/a/first", "1");
    work.write(format!("{killed}/first"), "not this one");
    work.write(format!("{killed}/in/second"), "2");
    let batch = ["result", "decrypt", "--skip-existing", "a.zip", "d.zip"];
    let run = work.cmd(batch).args(&["--extract", "files"]).pin().run();
    assert!(last(&run.ok()).ends_with("1 existed"));
    assert_eq!(work.read("files/a/first"), b"1");
    assert_eq!(work.read("files/a/in/second"), b"2");
    assert!(!work.exists("files/a/name"));
    work.is_tidy();
}

#[test]
fn a_single_archive_is_passed_over_in_words() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    let one = |args: &[&str]| {
        let cmd = work.cmd([&["result", "decrypt", "--skip-existing"], args].concat());
        cmd.pin().run()
    };
    one(&["a.zip"]).ok();
    let run = unchanged(&work.folder(), || one(&["a.zip"])).ok();
    let place = work.path("results.zip").display().to_string();
    assert_eq!(run.err(), format!("a.zip was not opened: {place} exists\n"));
    assert_eq!(one(&["a.zip", "--raw"]).ok().raw()["skipped"], "existed");

    // Of one whose place is no folder for results nothing is remembered.
    for _ in 0..2 {
        unchanged(&work.folder(), || one(&["b.zip", "--output", "b.out"])).fails(20);
    }
    one(&["b.zip", "--output-dir", "out"]).fails(20);
    let run = one(&["b.zip", "--output-dir", "out"]).ok();
    assert!(
        run.err()
            .starts_with("b.zip was not opened: it failed before"),
        "{}",
        run.err()
    );

    one(&["a.zip", "--output", "-"]).fails(2);
    one(&["a.zip", "--force"]).fails(2);
}

#[test]
fn nobody_is_asked_whether_to_replace_anything() {
    let keyed = Keyed::new();
    let work = furnished(&keyed);
    work.write("out/a.zip", "");
    let mut pty = Pty::spawn(&again(&work, &["a.zip", "d.zip"]));
    pty.expect("1 of 2 archives opened; 1 failed with exit code 22");
    assert_eq!(pty.wait().0, 22);
    assert_eq!(fs::read(work.path(Path::new("out/a.zip"))).unwrap(), b"");
}
