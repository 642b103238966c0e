//! Archives that are made to take more than they are worth: bombs, lies about sizes, more entries than any result has.
//! Each is met with little memory and little CPU, and leaves nothing.

use std::collections::BTreeSet;

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

/// The body of a sealed result in stored blocks of which the last has bits set that no deflater sets; in their data stand
/// two headers as it makes them, with `len` bytes from each of them to the next or the end.
fn with_seeming_blocks(sealed: &Sealed, len: usize) -> Vec<u8> {
    let header = |last: u8| {
        let [low, high] = (len as u16 - 5).to_le_bytes();
        [last, low, high, !low, !high]
    };
    let mut body = sealed.body.clone();
    let end = body.len();
    let (before, last) = (end - 60_000, end - len);
    body[last..last + 5].copy_from_slice(&header(1));
    // A header between them takes room of the first.
    let first = if last - len < before {
        last - len + 5
    } else {
        last - len
    };
    body[first..first + 5].copy_from_slice(&header(0));
    let mut packed = Vec::new();
    let mut put = |head: u8, data: &[u8]| {
        let [low, high] = (data.len() as u16).to_le_bytes();
        packed.extend([head, low, high, !low, !high]);
        packed.extend(data);
    };
    body[..before].chunks(60_000).for_each(|it| put(0, it));
    put(0b1000_0001, &body[before..]);
    let mut crc = flate2::Crc::new();
    crc.update(&body);
    let mut entry = Entry::new(BODY, packed).stored();
    entry.method_id = Some(8);
    entry.crc = Some(crc.sum());
    (entry.size, entry.local_size) = (Some(end as u64), Some(end as u64));
    Zip::of([entry, sealed.key_entry()]).bytes()
}

#[test]
fn an_end_that_looks_like_blocks_that_it_is_not_is_one_more_bad_ciphertext() {
    /// Of a body that is too large for all of its blocks to be found first.
    const HALF: usize = 2200 << 10;
    let keyed = Keyed::new();
    let work = keyed.work();
    let (_, stranger) = openssl::rsa_key(2048);
    let entry = |name| Entry::new(name, noise(HALF)).stored();
    let mut plain = Zip::of([entry("one"), entry("two")]);
    let without_comment = plain.bytes();
    plain.comment = vec![b' '; 4000];
    // In the comment, so that no file is another one; and in the second file, whose CRC is wrong then.
    let cases = [(plain.bytes(), 1500, 0), (without_comment, 50_000, 20)];
    let mut said = BTreeSet::new();
    for (plain, len, in_order) in &cases {
        for (public, is_right) in [(&keyed.public, true), (&stranger, false)] {
            if !is_right && *in_order != 0 {
                // All of it is read in order, whatever is in it.
                continue;
            }
            let archive = with_seeming_blocks(&Sealed::current(public, plain), *len);
            work.write("a.zip", &archive);
            for (to, exit) in [
                (&["--extract", "out"][..], 20),
                (&["--entry", "two", "--output", "two"], 20),
                // The end is not looked at first.
                (&["--output", "out.zip", "--verify"], *in_order),
            ] {
                let exit = if is_right { exit } else { 20 };
                for from in ["a.zip", "-"] {
                    let cmd = work.cmd(["result", "decrypt", from, "--raw"]).pin();
                    let run = cmd.args(to).stdin(archive.clone()).run();
                    let what = format!("{len} {is_right} {to:?} from {from}: {}", run.err());
                    assert_eq!(run.code, Some(exit), "{what}");
                    if exit == 0 {
                        let read = work.read("out.zip");
                        assert!(read[..2 * HALF] == plain[..2 * HALF]);
                        std::fs::remove_file(work.path("out.zip")).unwrap();
                    } else {
                        said.insert(run.raw_error().to_string());
                    }
                    for out in ["out", "two", "out.zip"] {
                        assert!(!work.exists(out), "{what}");
                    }
                }
            }
        }
    }
    assert_eq!(said.len(), 1, "{said:?}");
}
