//! How far long work is: a line on the terminal that goes away, lines of JSON for programs, and nothing for anybody else.

use std::collections::BTreeMap;
use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::*;

/// The lines of progress on stderr, for each work in the order in which they were told.
#[track_caller]
fn progress(run: &Run) -> BTreeMap<String, Vec<Value>> {
    let mut told: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in run.err().lines().filter(|line| line.starts_with('{')) {
        let line: Value = serde_json::from_str(line).unwrap();
        if let Some(now) = line.get("progress") {
            let what = now["what"].as_str().unwrap().to_owned();
            told.entry(what).or_default().push(now.clone());
        }
    }
    told
}

/// Asserts that progress was told of these works and no others, in `unit`; that nothing becomes less, and that the last
/// line has all of it. Returns what was done of each.
#[track_caller]
fn all_was_done(run: &Run, unit: &str, works: &[&str]) -> Vec<u64> {
    let told = progress(run);
    assert_eq!(told.keys().collect::<Vec<_>>(), works, "{}", run.err());
    let number = |line: &Value, name: &str| line[name].as_u64();
    let all = told.values().map(|lines| {
        assert!(lines.is_sorted_by_key(|it| number(it, "done")), "{lines:?}");
        assert!(
            lines.is_sorted_by_key(|it| number(it, "bytes")),
            "{lines:?}"
        );
        assert!(lines.iter().all(|it| it["unit"] == unit), "{lines:?}");
        let last = lines.last().unwrap();
        assert_eq!(last["done"], last["total"], "{lines:?}");
        number(last, "done").unwrap()
    });
    all.collect()
}

/// A result of three megabytes in an archive `a.zip`, for which nobody needs to wait.
fn archive<'t>(keyed: &'t Keyed) -> (Work<'t>, u64) {
    let work = keyed.work();
    let plain = plain_zip(&[("a", &noise(3_000_000))]);
    work.write("a.zip", keyed.archive(&plain));
    work.write("plain.zip", &plain);
    (work, plain.len() as u64)
}

/// Makes `bad.zip` of it, which differs in one bit.
fn spoil(work: &Work<'_>) {
    let mut archive = work.read("a.zip");
    let half = archive.len() / 2;
    archive[half] ^= 1;
    work.write("bad.zip", archive);
}

#[test]
fn a_program_is_told_of_each_byte_of_a_result_once_or_twice() {
    let keyed = Keyed::new();
    let (work, len) = archive(&keyed);
    let cmd = |args: &[&str]| {
        let cmd = work.cmd(["result", "decrypt", "--progress", "json", "--force"]);
        cmd.pin().args(args)
    };
    for (args, passes) in [
        (&["a.zip"][..], 1),
        (&["a.zip", "--verify"], 2),
        (&["a.zip", "--extract", "folder"], 1),
        (&["a.zip", "--entry", "a", "--extract", "b", "--verify"], 2),
        (&["a.zip", "--entry", "a", "--output", "file"], 1),
        (
            &["a.zip", "--entry", "a", "--output", "file", "--verify"],
            2,
        ),
        (&["a.zip", "--entry", "a", "--output", "-", "--verify"], 2),
        (&["a.zip", "--output", "-"], 2),
    ] {
        let run = cmd(args).run().ok();
        let done = all_was_done(&run, "bytes", &["decrypt"]);
        assert_eq!(done, [passes * len], "{args:?}");
        let lines = &progress(&run)["decrypt"];
        // How long the padding is nobody knows before.
        let is_close = |it: &Value| it["total"].as_u64().unwrap().abs_diff(passes * len) < 64;
        assert!(lines.iter().all(is_close), "{lines:?}");
    }
}

#[test]
fn a_program_is_told_of_each_command_that_may_take_long() {
    let keyed = Keyed::new();
    let (work, len) = archive(&keyed);
    let piped = work.read("a.zip");
    let json = |words: &[&str]| work.cmd(words).args(&["--progress", "json"]).pin();
    let run = json(&["result", "decrypt", "-"]).stdin(piped.clone()).run();
    let done = all_was_done(&run.ok(), "bytes", &["decrypt", "read"]);
    assert_eq!(done, [len, piped.len() as u64]);
    let run = json(&["result", "inspect", "-"]).stdin(piped.clone()).run();
    let done = all_was_done(&run.ok(), "bytes", &["read"]);
    assert_eq!(done, [piped.len() as u64]);

    work.write("folder/a", noise(2_000_000));
    work.write("folder/b/c", noise(1_000_000));
    let public = format!(".secrets/beneficiary/{ADDRESS}_key.pub");
    let public = work.write(public, &keyed.public);
    let public = public.to_str().unwrap();
    for (source, works, bytes) in [
        ("folder", ["encrypt", "pack"], Some(3_000_000)),
        ("folder/a", ["encrypt", "pack"], Some(2_000_000)),
        ("plain.zip", ["check", "encrypt"], None),
    ] {
        for format in ["current", "legacy-ecb"] {
            let words = [
                "result", "encrypt", source, "--output", "new.zip", "--force",
            ];
            let run = json(&words).args(&["--format", format, "--public-key", public]);
            let run = run.run().ok();
            let done = all_was_done(&run, "bytes", &works);
            match bytes {
                Some(packed) => assert_eq!(done[1], packed),
                None => assert_eq!(done[0], 3_000_000),
            }
        }
    }
}

#[test]
fn several_archives_are_counted_with_their_bytes() {
    let keyed = Keyed::new();
    let (work, len) = archive(&keyed);
    for name in ["b.zip", "c.zip", "d.zip"] {
        work.write(name, work.read("a.zip"));
    }
    work.write("broken.zip", "PK\u{3}\u{4} broken");
    let words = ["result", "decrypt", "--progress", "json", "--output-dir"];
    let cmd = work
        .cmd([&words[..], &["out", "a.zip", "b.zip"]].concat())
        .pin();
    let run = cmd.args(&["broken.zip", "c.zip", "d.zip", "--raw"]).run();
    let run = run.fails(21);
    assert_eq!(all_was_done(&run, "archives", &["decrypt"]), [5]);
    let lines = &progress(&run)["decrypt"];
    assert!(lines.iter().all(|it| it["total"] == 5), "{lines:?}");
    assert_eq!(lines.last().unwrap()["bytes"], 4 * len);
    // What `--raw` says stays a line for each, and the sum.
    assert_eq!(run.out().lines().count(), 5, "{}", run.out());
}

#[test]
fn nobody_is_told_who_has_not_asked() {
    let keyed = Keyed::new();
    let (work, _) = archive(&keyed);
    let opened = "Results successfully decrypted in ";
    for args in [&[][..], &["--progress", "auto"], &["--progress=never"]] {
        let cmd = work.cmd(["result", "decrypt", "a.zip", "--force"]).pin();
        let run = cmd.args(args).run().ok();
        assert!(run.err().starts_with(opened), "{args:?}: {}", run.err());
    }
    let set = work.cmd(["result", "decrypt", "a.zip", "--force"]).pin();
    let set = set.env("IEXEC_HSM_PROGRESS", "json");
    all_was_done(&set.run().ok(), "bytes", &["decrypt"]);
    let wrong = work.cmd(["result", "decrypt", "a.zip", "--progress", "yes"]);
    let wrong = wrong.run().fails(2).err();
    assert!(wrong.contains("auto, never or json"), "{wrong}");
}

#[test]
fn what_fails_is_not_told_as_done() {
    let keyed = Keyed::new();
    let (work, _) = archive(&keyed);
    spoil(&work);
    let words = ["result", "decrypt", "bad.zip", "--progress", "json"];
    let run = work.cmd(words).arg("--raw").pin().run().fails(21);
    let lines = &progress(&run)["decrypt"];
    assert!(lines.iter().all(|it| it["total"].is_u64()), "{lines:?}");
    let last = run.err().lines().last().unwrap().to_owned();
    assert!(last.contains(r#""ok":false"#), "{last}");
}

/// A token that takes its time for its decryption number `call`: until `gate` is there.
fn slow<'t>(keyed: &'t Keyed, work: &Work<'_>, call: u32) -> (Faulty<'t>, std::path::PathBuf) {
    let gate = work.path("gate");
    let hang = format!("C_Decrypt {call} hang {}", gate.display());
    (Faulty::before(&keyed.token).rule(hang), gate)
}

/// Asserts that lines were drawn, none too long, and that the terminal shows none of them in the end.
#[track_caller]
fn goes_away(shown: &str, word: &str) {
    let lines = drawn(shown);
    assert!(lines.iter().any(|it| it.starts_with(word)), "{shown:?}");
    for line in lines {
        assert!(line.chars().count() < COLUMNS, "{line:?}");
    }
    let left = screen(shown);
    assert!(!left.iter().any(|it| it.contains(word)), "{left:?}");
}

#[test]
fn a_terminal_shows_a_line_until_the_end() {
    let keyed = Keyed::new();
    let (work, _) = archive(&keyed);
    let (faulty, gate) = slow(&keyed, &work, 1);
    let cmd = work.cmd(["result", "decrypt", "a.zip"]).pin();
    let mut pty = Pty::spawn(&faulty.drive(cmd));
    pty.expect("Decrypting  0 B of 2.86 MiB  [>");
    fs::write(&gate, "").unwrap();
    let (code, shown) = pty.wait();
    assert_eq!(code, 0, "{shown}");
    goes_away(&shown, "Decrypting  ");
    let left = screen(&shown);
    // All that stays was said of the token and the result, each line whole.
    assert!(
        left[0].starts_with("Results successfully decrypted in"),
        "{left:?}"
    );
}

#[test]
fn a_line_goes_away_before_a_failure_and_at_ctrl_c() {
    let keyed = Keyed::new();
    let (work, _) = archive(&keyed);
    spoil(&work);
    let (faulty, gate) = slow(&keyed, &work, 1);
    let cmd = work.cmd(["result", "decrypt", "bad.zip"]).pin();
    let mut pty = Pty::spawn(&faulty.drive(cmd));
    pty.expect("Decrypting  ");
    fs::write(&gate, "").unwrap();
    let (code, shown) = pty.wait();
    assert_eq!(code, 21, "{shown}");
    goes_away(&shown, "Decrypting  ");
    assert!(screen(&shown)[0].starts_with("error: "), "{shown:?}");

    fs::remove_file(&gate).unwrap();
    let cmd = work.cmd(["result", "decrypt", "a.zip"]).pin();
    let mut pty = Pty::spawn(&faulty.drive(cmd));
    pty.expect("Decrypting  ").ctrl_c().expect("\x1b[2K");
    // It waits for the call to come back.
    fs::write(&gate, "").unwrap();
    let (code, shown) = pty.wait();
    assert_eq!(code, 130, "{shown}");
    goes_away(&shown, "Decrypting  ");
    assert!(!work.exists("results.zip"));
    work.is_tidy();
}

#[test]
fn a_result_that_goes_to_the_terminal_has_it_alone() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write(
        "a.zip",
        keyed.archive(&plain_zip(&[("a", b"Hello, world!\n")])),
    );
    let faulty = Faulty::before(&keyed.token).rule("C_Decrypt 1 sleep 1300");
    let words = [
        "result", "decrypt", "a.zip", "--entry", "a", "--output", "-",
    ];
    let (code, shown) = Pty::spawn(&faulty.drive(work.cmd(words).pin())).wait();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("Hello, world!\r\n"), "{shown:?}");
    assert!(!shown.contains("Decrypting"), "{shown:?}");
    assert!(!shown.contains('\x1b'), "{shown:?}");
}

#[test]
fn a_terminal_that_takes_nothing_does_not_hold_up_the_end() {
    let keyed = Keyed::new();
    let (work, _) = archive(&keyed);
    let (faulty, gate) = slow(&keyed, &work, 1);
    let cmd = work.cmd(["result", "decrypt", "a.zip"]).pin();
    let mut pty = Pty::spawn(&faulty.drive(cmd));
    // Ctrl-S.
    pty.expect("Decrypting  ").send("\x13");
    pty.signal(Signal::TERM);
    fs::write(&gate, "").unwrap();
    pty.until_ended();
    // Ctrl-Q.
    let (code, _) = pty.send("\x11").wait();
    assert_eq!(code, 143);
    assert!(!work.exists("results.zip"));
    work.is_tidy();
}

#[test]
fn a_terminal_shows_how_many_archives_are_done_between_their_lines() {
    let keyed = Keyed::new();
    let (work, _) = archive(&keyed);
    for name in ["b.zip", "c.zip"] {
        work.write(name, work.read("a.zip"));
    }
    let (faulty, gate) = slow(&keyed, &work, 2);
    let words = ["result", "decrypt", "a.zip", "b.zip", "c.zip"];
    let cmd = work.cmd(words).args(&["--output-dir", "out"]).pin();
    let mut pty = Pty::spawn(&faulty.drive(cmd));
    pty.expect("Decrypting  1 of 3 archives  [======>")
        .expect("2.86 MiB");
    fs::write(&gate, "").unwrap();
    let (code, shown) = pty.wait();
    assert_eq!(code, 0, "{shown}");
    goes_away(&shown, "Decrypting  ");
    let left = screen(&shown);
    let told: Vec<_> = left.iter().filter(|it| it.contains(".zip -> ")).collect();
    assert_eq!(told.len(), 3, "{left:?}");
    assert!(told[0].starts_with("a.zip -> "), "{left:?}");
}

#[test]
fn a_terminal_is_left_alone_where_that_is_wanted_or_it_cannot_draw() {
    let keyed = Keyed::new();
    let (work, _) = archive(&keyed);
    let faulty = Faulty::before(&keyed.token).rule("C_Decrypt 1 sleep 1300");
    let term = |term: &str| ["env".to_owned(), format!("TERM={term}")];
    for (args, term) in [
        (&["--quiet"][..], term("xterm")),
        (&["--raw"], term("xterm")),
        (&["--progress", "never"], term("xterm")),
        (&[], term("dumb")),
        (&[], term("")),
    ] {
        let cmd = work.cmd(["result", "decrypt", "a.zip", "--force"]).pin();
        let (code, shown) = Pty::spawn(&faulty.drive(cmd.args(args).under(term))).wait();
        assert_eq!(code, 0, "{shown}");
        assert!(!shown.contains("Decrypting"), "{args:?}: {shown:?}");
        assert!(!shown.contains('\x1b'), "{args:?}: {shown:?}");
    }
}
