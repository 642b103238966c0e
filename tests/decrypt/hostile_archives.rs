//! Archives that are made to take more than they are worth: bombs, lies about sizes, more entries than any result has.
//! Each is met with little memory and little CPU, and leaves nothing.

use crate::support::*;

/// Addresses, the module's own included, in bytes.
const MEMORY: usize = 320 << 20;
/// Of the processor, in seconds.
const CPU: u64 = 20;

const BODY: &str = "iexec_out.zip.aes";
const KEY: &str = "aes-key.rsa";
/// What a bomb becomes: more than the memory that there is.
const BOMB: usize = 352 << 20;

/// Opens an archive with little of everything.
fn opened(work: &Work, args: &[&str]) -> Run {
    let cmd = work.cmd([&["result", "decrypt", "a.zip"], args].concat());
    let (memory, cpu) = (format!("--as={MEMORY}"), format!("--cpu={CPU}"));
    cmd.pin().under(["prlimit", &memory, &cpu]).run()
}

/// Nothing is written, wherever it should have gone.
#[track_caller]
fn refused(work: &Work, name: &str, archive: &[u8], args: &[&str], exit: i32) {
    work.write("a.zip", archive);
    for output in [&[][..], &["--extract", "out"], &["--output", "-"]] {
        let run = unchanged(&work.folder(), || opened(work, &[args, output].concat()));
        let (code, signal, said) = (run.code, run.signal, run.err());
        assert_eq!(code, Some(exit), "{name} {output:?} {signal:?}: {said}");
        assert_eq!(run.out(), "", "{name} {output:?}");
    }
}

/// An entry of so many zeros that says it has `size` of them.
fn bomb(name: &str, size: u64) -> Entry {
    let mut bomb = Entry::new(name, vec![0; BOMB]);
    (bomb.size, bomb.local_size) = (Some(size), Some(size));
    bomb
}

/// An archive around a result of these entries.
fn around(keyed: &Keyed, entries: impl IntoIterator<Item = Entry>) -> Vec<u8> {
    keyed.archive(&Zip::of(entries).bytes())
}

/// An archive whose body has 4 GiB or more in its headers, and a few bytes in truth.
fn declared(size: u64) -> Vec<u8> {
    let mut body = Entry::new(BODY, "few").zip64();
    (body.size, body.local_size) = (Some(size), Some(size));
    Zip::of([body, Entry::new(KEY, [7; 256])]).bytes()
}

#[test]
fn what_is_good_opens_within_the_same_bounds() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain_zip(&[("a", b"b")])));
    opened(&work, &["--extract", "out"]).ok();
    assert_eq!(work.read("out/a"), b"b");
}

#[test]
fn a_bomb_in_the_archive_is_not_unpacked_into_memory() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let good = Sealed::current(&keyed.public, &plain_zip(&[]));
    let with = |body: Entry, key: Entry| Zip::of([body, key]).bytes();

    let key = with(good.body_entry(), bomb(KEY, BOMB as u64));
    refused(&work, "key", &key, &[], 21);
    let key = with(good.body_entry(), bomb(KEY, 256));
    refused(&work, "key that lies", &key, &[], 21);
    let body = with(bomb(BODY, 1024), good.key_entry());
    refused(&work, "body that lies", &body, &[], 21);
    // This one says what it is. It is read to its end, in pieces, and decrypts to nothing.
    let body = with(bomb(BODY, BOMB as u64), good.key_entry());
    refused(&work, "body", &body, &[], 20);
    refused(
        &work,
        "body over the limit",
        &body,
        &["--max-size", "1M"],
        24,
    );
}

#[test]
fn a_bomb_in_the_result_is_not_unpacked_beyond_its_size() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let result = around(&keyed, [bomb("zeros", BOMB as u64)]);
    refused(&work, "over the limit", &result, &["--max-size", "1M"], 24);
    // A file is checked for what it says; with --extract and --verify all of it is read.
    let lies = around(&keyed, [bomb("zeros", 1024)]);
    work.write("a.zip", &lies);
    for args in [["--extract", "out"], ["--verify", "--no-sync"]] {
        let run = unchanged(&work.folder(), || opened(&work, &args));
        assert_eq!(
            run.code,
            Some(20),
            "{args:?} {:?}: {}",
            run.signal,
            run.err()
        );
    }
}

#[test]
fn gigabytes_that_are_only_declared_are_not_waited_for() {
    let keyed = Keyed::new();
    let work = keyed.work();
    refused(&work, "4 GiB", &declared(1 << 32), &[], 21);
    refused(&work, "1 TiB", &declared(1 << 40), &[], 24);
    refused(&work, "all there is", &declared(u64::MAX), &[], 24);
}

#[test]
fn many_entries_cost_little() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let names = (0..10_000).map(|at| format!("folder/{at}"));
    let entries: Vec<Entry> = names.map(|name| Entry::new(name, "").stored()).collect();
    work.write("a.zip", around(&keyed, entries.clone()));
    opened(&work, &["--extract", "out"]).ok();
    assert_eq!(
        std::fs::read_dir(work.path("out/folder")).unwrap().count(),
        10_000
    );
    std::fs::remove_dir_all(work.path("out")).unwrap();
    let limit = ["--max-entries", "9999"];
    refused(&work, "one too many", &work.read("a.zip"), &limit, 24);

    // The same in the archive itself, beside what is looked for.
    let good = Sealed::current(&keyed.public, &plain_zip(&[("a", b"b")]));
    let pair = [good.body_entry(), good.key_entry()];
    let archive = Zip::of(pair.into_iter().chain(entries)).bytes();
    work.write("a.zip", &archive);
    opened(&work, &[]).ok();
    std::fs::remove_file(work.path("results.zip")).unwrap();
    refused(&work, "many beside it", &archive, &limit, 24);
}

#[test]
fn entries_that_share_their_data_are_refused() {
    let keyed = Keyed::new();
    let work = keyed.work();
    // In the directory each of them begins where the first one does.
    let mut plain = Zip::of((0..100).map(|at| Entry::new(format!("{at:02}"), "data"))).bytes();
    let central = plain.windows(4).position(|it| it == b"PK\x01\x02").unwrap();
    let places: Vec<usize> = (central..plain.len() - 4)
        .filter(|at| plain[*at..].starts_with(b"PK\x01\x02"))
        .collect();
    for place in places {
        plain[place + 42..place + 46].fill(0);
    }
    refused(&work, "shared", &keyed.archive(&plain), &[], 20);
}

#[test]
fn a_comment_full_of_ends_is_read_in_one_way_or_not_at_all() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let good = Sealed::current(&keyed.public, &plain_zip(&[("a", b"b")]));
    let mut zip = Zip::of([good.body_entry(), good.key_entry()]);
    zip.comment = b"PK\x05\x06".repeat(16_000);
    refused(&work, "ends", &zip.bytes(), &[], 21);
}
