//! Where a secret of a process could be seen: its memory, a core of it, and all that it hands to the system.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Cmd, Work};

pub fn contains(bytes: &[u8], part: impl AsRef<[u8]>) -> bool {
    let part = part.as_ref();
    bytes.windows(part.len()).any(|it| it == part)
}

/// Whether 12 bytes of `secret` are there: what frees memory overwrites the beginning.
pub fn contains_some(bytes: &[u8], secret: &str) -> bool {
    let mut pieces = secret.as_bytes().chunks_exact(12);
    pieces.any(|piece| contains(bytes, piece))
}

/// All memory of a process that can be written to, or nothing where this system shows none of it.
pub fn memory(id: u32) -> Option<Vec<u8>> {
    written(id, "")
}

/// [`memory`] without what is locked: it is in no swap and no core dump.
pub fn unlocked_memory(id: u32) -> Option<Vec<u8>> {
    written(id, "lo")
}

/// The mappings that can be written to, without those that have a flag.
fn written(id: u32, without: &str) -> Option<Vec<u8>> {
    let maps = fs::read_to_string(format!("/proc/{id}/smaps"));
    let mem = File::open(format!("/proc/{id}/mem"));
    let (Ok(maps), Ok(mut mem)) = (maps, mem) else {
        println!("skipped: the memory of another process is not to be read here; run it as root");
        return None;
    };
    let mut all = Vec::new();
    let mut range = None;
    for line in maps.lines() {
        let mut words = line.split_ascii_whitespace();
        let (first, second) = (words.next().unwrap(), words.next().unwrap_or_default());
        if first == "VmFlags:" {
            let has_flag = line.split_ascii_whitespace().any(|it| it == without);
            if let Some((from, to)) = range.take().filter(|_| !has_flag) {
                mem.seek(SeekFrom::Start(from)).unwrap();
                // A mapping that cannot be read ends early.
                let _ = (&mem).take(to - from).read_to_end(&mut all);
            }
        } else if !first.ends_with(':') && second.starts_with("rw") {
            let (from, to) = first.split_once('-').unwrap();
            let [from, to] = [from, to].map(|it| u64::from_str_radix(it, 16).unwrap());
            range = Some((from, to));
        }
    }
    assert!(contains(&all, "IEXEC_HSM_MODULE"), "the memory was read");
    Some(all)
}

/// What a core that is forced says, or nothing where none can be had.
pub fn core(id: u32, work: &Work<'_>) -> Option<Vec<u8>> {
    let prefix = work.path("../core");
    let gcore = Command::new("gcore")
        .arg("-o")
        .arg(&prefix)
        .arg(id.to_string())
        .output();
    let core = fs::read(work.path(format!("../core.{id}")));
    if !gcore.is_ok_and(|it| it.status.success()) || core.is_err() {
        println!("skipped: no core can be had of another process here");
    }
    core.ok()
}

/// The calls by which bytes leave a process or its children, to whatever file, socket or program.
const LEAVES: &str = "trace=write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg,execve";

/// The command, with all that leaves it written to the file that comes with it.
pub fn traced(cmd: Cmd, work: &Work<'_>) -> (Cmd, PathBuf) {
    let file = work.path("../left");
    let path = file.to_str().unwrap().to_owned();
    let strace = ["strace", "-f", "-qq", "-v", "-s", "1000000", "-e", LEAVES];
    let strace = strace.into_iter().chain(["-o", path.as_str()]);
    (cmd.under(strace), file)
}

/// The ways in which a secret could be written.
pub fn forms(secret: impl AsRef<[u8]>) -> Vec<Vec<u8>> {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    let secret = secret.as_ref();
    let digits: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    vec![
        secret.to_owned(),
        digits.to_uppercase().into_bytes(),
        digits.into_bytes(),
        // The last group may depend on what follows.
        BASE64_STANDARD
            .encode(&secret[..secret.len() / 3 * 3])
            .into_bytes(),
        // As `{:?}` shows bytes.
        format!("{secret:?}").trim_matches(['[', ']']).into(),
    ]
}

/// Insists that no form of any of the secrets is in a place.
#[track_caller]
pub fn hides(place: &str, bytes: &[u8], secrets: &[&[u8]]) {
    for secret in secrets {
        for form in forms(secret) {
            let form_shown = String::from_utf8_lossy(&form);
            assert!(!contains(bytes, &form), "{form_shown} in the {place}");
        }
    }
}

/// What `/proc` shows of a process to whoever may look.
pub fn proc_of(id: u32, name: &str) -> Vec<u8> {
    fs::read(Path::new("/proc").join(id.to_string()).join(name)).unwrap_or_default()
}
