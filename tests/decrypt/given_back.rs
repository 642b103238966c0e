//! An archive that waits in a temporary file gives its room to its result, and fails as any other.

use crate::support::*;

/// Bytes of each of the two files in a result, more than what is read at once.
const LEN: usize = 3 << 20;

fn result() -> Vec<u8> {
    let entry = |name, seed: usize| {
        let mut bytes = noise(LEN + seed);
        bytes.drain(..seed);
        Entry::new(name, bytes).stored()
    };
    Zip::of([entry("one", 5), entry("two", 9)]).bytes()
}

#[test]
fn an_archive_from_a_pipe_and_its_result_take_room_once() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let plain = result();
    let archive = keyed.archive(&plain);
    let Some(disk) = Disk::of(3 * LEN) else {
        return;
    };
    let path = |name: &str| disk.path().join(name).display().to_string();
    let (file, folder) = (path("results.zip"), path("out"));
    for to in [["--output", &file], ["--extract", &folder]] {
        let cmd = work.cmd(["result", "decrypt", "-"]).pin().args(&to);
        cmd.stdin(archive.clone()).run().ok();
        match to[0] {
            "--output" => assert!(std::fs::read(&file).unwrap() == plain),
            _ => {
                let two = std::fs::read(path("out/two")).unwrap();
                assert!(two == openssl::unzip(&plain, "two"));
            }
        }
        let _ = std::fs::remove_file(&file);
    }
}

#[test]
fn what_turns_out_to_be_bad_late_fails_alike_from_a_file_and_from_a_pipe() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let mut wrong_crc = result();
    let in_two = wrong_crc.len() - LEN / 2;
    wrong_crc[in_two] ^= 1;
    // Of the archive, too, which is damaged then.
    let mut damaged = keyed.archive(&wrong_crc);
    let in_body = damaged.len() / 4 * 3;
    damaged[in_body] ^= 1;
    for (archive, exit) in [(keyed.archive(&wrong_crc), 20), (damaged, 21)] {
        work.write("a.zip", &archive);
        for to in [["--output", "results.zip"], ["--extract", "out"]] {
            let failed = |from: &str| {
                let cmd = work
                    .cmd(["result", "decrypt", from, "--verify", "--raw"])
                    .pin();
                let run = cmd.args(&to).stdin(archive.clone()).run().fails(exit);
                run.raw_error()
            };
            assert_eq!(failed("a.zip"), failed("-"), "{to:?}");
            assert!(!work.exists("results.zip") && !work.exists("out"));
        }
    }
    work.is_tidy();
}
