//! Killed at any moment, whatever it does: what stands under a final name is whole, the old or the new; after the next
//! run there is no plaintext elsewhere; key files name keys that are there.
//!
//! Moments are drawn by chance, so that each run of the tests tries others; none of what is asserted depends on them.
//! SoftHSM2 runs in the killed process and does not always survive it: it writes its own files in place. A device would
//! have, and so its files are put back, or the round does not count.
//! `IEXEC_HSM_TEST_KILLS` says how many there are for each command; 200 take some minutes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::support::publish::{push, stored, value, with_key};
use crate::support::sms::Sms;
use crate::support::*;

const LARGE: usize = 8 << 20;
/// What every 16 bytes of a result here are, and of nothing else.
const MARK: &[u8; 16] = b"plaintext, 0x5eb";

fn kills() -> usize {
    let kills = std::env::var("IEXEC_HSM_TEST_KILLS");
    kills.map_or(4, |text| text.parse().unwrap())
}

/// How long a run takes that nobody kills.
fn took(run: impl FnOnce() -> Run) -> Duration {
    let start = Instant::now();
    run().ok();
    start.elapsed()
}

/// Kills a command at some moment of the time that it takes, or right after.
fn kill(cmd: Cmd, took: Duration) {
    let chance = f64::from(getrandom::u32().unwrap()) / f64::from(u32::MAX);
    let started = cmd.start();
    thread::sleep(took.mul_f64(1.2 * chance));
    started.signal(Signal::KILL);
    let run = started.wait();
    if run.signal.is_none() {
        run.ok();
    }
}

/// The files of a SoftHSM2, as they were at some time.
struct Kept {
    tokens: PathBuf,
    copy: TempDir,
}

impl Kept {
    fn of(token: &Token) -> Self {
        let kept = Self {
            tokens: token.softhsm_conf().with_file_name("tokens"),
            copy: TempDir::new().unwrap(),
        };
        copy(&kept.tokens, kept.copy.path());
        kept
    }

    fn put_back(&self) {
        fs::remove_dir_all(&self.tokens).unwrap();
        copy(self.copy.path(), &self.tokens);
    }
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-aT").args([from, to]).status();
    assert!(copied.unwrap().success());
}

/// Whether SoftHSM2 still knows its token.
fn is_whole(token: &Token) -> bool {
    let slots = token.softhsm2_util(&["--show-slots"]);
    let mut labels = slots
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Label:"));
    labels.any(|label| label.trim() == token.label)
}

/// The files below a folder that hold a piece of the result.
fn with_plaintext(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(with_plaintext(&path));
        } else if holds_mark(&fs::read(&path).unwrap()) {
            found.push(path);
        }
    }
    found
}

/// Looks at the beginning and at some places behind it.
fn holds_mark(content: &[u8]) -> bool {
    content.chunks(LARGE / 4).any(|part| {
        let sample = &part[..part.len().min(64 << 10)];
        sample.windows(MARK.len()).any(|it| it == MARK)
    })
}

/// `large.zip` with two files, `small.zip` with another, and results from before.
fn furnished(keyed: &Keyed) -> (Work<'_>, Vec<u8>) {
    let work = keyed.work();
    fs::create_dir(work.home().join("tmp")).unwrap();
    let entries = ["one", "two"].map(|name| Entry::new(name, MARK.repeat(LARGE / 32)).stored());
    let plain = Zip::of(entries).bytes();
    let sealed = Sealed::current(&keyed.public, &plain);
    let entries = [sealed.body_entry().stored(), sealed.key_entry()];
    work.write("large.zip", Zip::of(entries).bytes());
    work.write("small.zip", keyed.archive(&plain_zip(&[("small", b"x")])));
    (work, plain)
}

fn decrypt(work: &Work<'_>, args: &[&str]) -> Cmd {
    let cmd = work.cmd([&["result", "decrypt", "--force"], args].concat());
    cmd.env("TMPDIR", work.home().join("tmp")).pin()
}

#[test]
fn a_file_is_the_old_or_the_new_one() {
    if other_than_softhsm("its files are put back") {
        return;
    }
    let keyed = Keyed::new();
    let (work, plain) = furnished(&keyed);
    let large = || decrypt(&work, &["large.zip"]);
    let (took, kept) = (took(|| large().run()), Kept::of(&keyed.token));
    for _ in 0..kills() {
        work.write("results.zip", "old");
        kill(large(), took);
        kept.put_back();
        let found = work.read("results.zip");
        assert!(found == b"old" || found == plain, "{} bytes", found.len());

        decrypt(&work, &["small.zip", "--output", "other.zip"])
            .run()
            .ok();
        work.is_tidy();
        let expected = if found == plain {
            vec![work.path("results.zip")]
        } else {
            vec![]
        };
        assert_eq!(with_plaintext(work.folder().parent().unwrap()), expected);
    }
}

#[test]
fn a_folder_whose_files_were_being_moved_is_whole_after_the_next_run() {
    if other_than_softhsm("its files are put back") {
        return;
    }
    let keyed = Keyed::new();
    let work = keyed.work();
    let names: Vec<String> = (0..400).map(|number| format!("{number}/x")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (&name[..], &b"x"[..])).collect();
    work.write("many.zip", keyed.archive(&plain_zip(&files)));
    let kept = Kept::of(&keyed.token);
    let extract = || {
        let cmd = work.cmd(["result", "decrypt", "--skip-existing", "many.zip"]);
        cmd.args(&["--extract", "out", "--no-sync"]).pin()
    };
    let mut run = extract().start();
    // The first of them all.
    while run.runs() && !work.exists("out/many/0/x") {}
    if run.runs() {
        run.signal(Signal::KILL);
    }
    run.wait();
    kept.put_back();
    let run = extract().run().ok();
    assert!(run.err().contains("exists"), "{}", run.err());
    for name in &names {
        assert_eq!(work.read(format!("out/many/{name}")), b"x", "{name}");
    }
    work.is_tidy();
}

#[test]
fn each_extracted_file_is_the_old_or_the_new_one() {
    if other_than_softhsm("its files are put back") {
        return;
    }
    let keyed = Keyed::new();
    let (work, _) = furnished(&keyed);
    let whole = MARK.repeat(LARGE / 32);
    let large = || decrypt(&work, &["large.zip", "--extract", "out"]);
    let (took, kept) = (took(|| large().run()), Kept::of(&keyed.token));
    for _ in 0..kills() {
        fs::remove_dir_all(work.path("out")).unwrap();
        work.write("out/one", "old");
        kill(large(), took);
        kept.put_back();
        let one = work.read("out/one");
        assert!(one == b"old" || one == whole, "{} bytes", one.len());
        let is_new = work.exists("out/two");
        assert!(!is_new || work.read("out/two") == whole);

        decrypt(&work, &["small.zip", "--extract", "out"])
            .run()
            .ok();
        work.is_tidy();
        let mut expected = Vec::new();
        expected.extend((one == whole).then(|| work.path("out/one")));
        expected.extend(is_new.then(|| work.path("out/two")));
        let mut found = with_plaintext(work.folder().parent().unwrap());
        found.sort();
        assert_eq!(found, expected);
    }
}

#[test]
fn key_files_name_a_key_that_is_on_the_token() {
    if other_than_softhsm("its files are put back") {
        return;
    }
    let generate = |work: &Work<'_>| {
        let args = ["result", "generate-keys", "--bits", "2048"];
        let cmd = work.cmd(args).arg("--wallet-address").arg(ADDRESS);
        cmd.pin()
    };
    let plain = plain_zip(&[("a", b"b")]);
    for _ in 0..kills() {
        let keyed = Keyed::new();
        let work = keyed.work();
        let took = took(|| generate(&work).run());
        kill(generate(&work), took);
        if !is_whole(&keyed.token) {
            println!("SoftHSM2 has lost its token");
            continue;
        }

        // The private key of what could be published, and the key that is named.
        let public = String::from_utf8(work.read(publish::public_file())).unwrap();
        work.write("a.zip", Sealed::current(&public, &plain).archive());
        work.run(["result", "decrypt", "a.zip"]).ok();
        assert!(work.read("results.zip") == plain);
        work.run(["key", "show", "--wallet-address", ADDRESS]).ok();

        generate(&work).run().ok();
        work.is_tidy();
    }
}

#[test]
fn a_push_has_stored_all_or_nothing_and_can_be_made_again() {
    if other_than_softhsm("its files are put back") {
        return;
    }
    let token = Token::new();
    let work = with_key(&token);
    let (took, kept) = (took(|| push(&work, &Sms::start()).run()), Kept::of(&token));
    let value = value(&work);
    for _ in 0..kills() {
        let sms = Sms::start();
        unchanged(&work.folder(), || kill(push(&work, &sms), took));
        kept.put_back();
        let found = stored(&sms);
        assert!(
            found.is_none() || found.as_ref() == Some(&value),
            "{found:?}"
        );
        push(&work, &sms).arg("--force-update").run().ok();
        assert_eq!(stored(&sms).as_ref(), Some(&value));
    }
}
