//! A result is verified by what passes: nothing of it is read for that alone.

use crate::support::chain::{Chain, on_ipfs, proofs::*};
use crate::support::gateway::Gateway;
use crate::support::*;

const MIB: usize = 1 << 20;

const FILE: &[&str] = &["--decrypt", "--download", "out.zip"];
const FOLDER: &[&str] = &["--extract", "out"];
const ENTRY: &[&str] = &["--entry", "result.txt", "--download", "out.bin"];

/// A result as the Java post-compute packs it: lengths are behind the data, and what names the file comes last.
fn by_java(large: &[u8]) -> Vec<u8> {
    let files = [
        Entry::java("result.txt", large),
        Entry::java("computed.json", COMPUTED),
    ];
    Zip::of(files).bytes()
}

/// As the one in Rust packs it.
fn by_rust(large: &[u8]) -> Vec<u8> {
    plain_zip(&[("result.txt", large), ("computed.json", COMPUTED)])
}

fn stored(large: &[u8]) -> Vec<u8> {
    let files = [
        Entry::new("computed.json", COMPUTED).stored(),
        Entry::new("result.txt", large).stored(),
    ];
    Zip::of(files).bytes()
}

#[test]
fn a_result_is_read_no_more_often_for_being_verified() {
    let Some(chain) = Chain::start() else { return };
    let (gateway, keyed) = (Gateway::start(), Keyed::new());
    let work = keyed.work();
    chain.write_chain_json(&work, &[("ipfsGateway", &gateway.url())]);
    let today = |plain: Vec<u8>| keyed.archive(&plain);
    let legacy = |plain: Vec<u8>| Sealed::legacy_ecb(&keyed.public, &plain).java_archive();
    let (small, large) = (noise(MIB), noise(5 * MIB));
    for (case, file, archive, form) in [
        ("Java", &small, today(by_java(&small)), FILE),
        ("Rust", &small, today(by_rust(&small)), FILE),
        ("stored", &small, today(stored(&small)), FILE),
        ("base64", &small, legacy(by_java(&small)), FILE),
        ("folder", &small, today(by_java(&small)), FOLDER),
        // Seen by a thread of its own.
        ("large", &large, today(stored(&large)), FOLDER),
        ("entry", &small, today(by_java(&small)), ENTRY),
    ] {
        let cid = gateway.add(&archive);
        let results = on_ipfs(cid.trim_start_matches("/ipfs/"));
        let task = chain.completed(ours(), &results, digest(file)).1;
        let read = |verified: &str| {
            let task = task.to_string();
            let args = ["task", "show", &task, "--raw", "--force", verified];
            let args = [&args[..], &["--wallet-address", ADDRESS], form].concat();
            let started = work.cmd(args).pin().start();
            let read = started.has_read_in_all();
            started.wait().ok();
            read
        };
        let (on, off) = (read("--require-verified"), read("--no-verify"));
        // What the node answers is read, too.
        let most = off + file.len() as u64 / 2;
        assert!(on < most, "{case}: {on} bytes, without {off}");
    }
    work.is_tidy();
}
