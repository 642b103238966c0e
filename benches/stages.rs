//! The stages of the pipeline, each by itself and on one thread: how many bytes pass in a second.
//!
//! ```text
//! cargo bench --bench stages
//! ```
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::fs::{self, File};
use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use iexec_hsm::archive::{Archive, Limits, Scheme};
use iexec_hsm::bench_support::{self as stages, Key};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const SIZE: usize = 16 * 1024 * 1024;

type Group<'a> = BenchmarkGroup<'a, WallTime>;

fn noise() -> Vec<u8> {
    let mut noise = vec![0; SIZE];
    getrandom::fill(&mut noise).unwrap();
    noise
}

/// Words in no order: text deflates to a fraction.
fn text() -> Vec<u8> {
    let words = noise();
    let mut text: Vec<u8> = words
        .iter()
        .flat_map(|&byte| [b'a' + byte % 7, b'a' + byte / 37, b' '])
        .collect();
    text.truncate(SIZE);
    text
}

fn write_zip(path: &Path, entries: &[(&str, &[u8])], method: CompressionMethod) {
    let mut zip = ZipWriter::new(File::create(path).unwrap());
    for (name, data) in entries {
        let options = SimpleFileOptions::default().compression_method(method);
        zip.start_file(*name, options).unwrap();
        zip.write_all(data).unwrap();
    }
    zip.finish().unwrap();
}

/// Opens a body of this form, packed so.
fn archive(folder: &Path, body: &[u8], key: &[u8], method: CompressionMethod) -> Archive {
    let path = folder.join("archive.zip");
    let entries = [("iexec_out.zip.aes", body), ("aes-key.rsa", key)];
    write_zip(&path, &entries, method);
    Archive::open(&path, &Limits::default()).unwrap()
}

fn bench(group: &mut Group<'_>, name: &str, mut stage: impl FnMut() -> std::io::Result<u64>) {
    group.bench_function(name, |bencher| {
        bencher.iter(|| black_box(stage().unwrap()));
    });
}

fn stages(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (noise, text) = (noise(), text());
    let mut group = criterion.benchmark_group("stages");
    group.throughput(Throughput::Bytes(SIZE as u64));

    for (name, scheme) in [
        ("AES-256-CBC", Scheme::Current),
        ("AES-128-ECB", Scheme::LegacyEcb),
    ] {
        let key = Key::random(scheme).unwrap();
        let body = key.seal(&noise).unwrap();
        bench(&mut group, &format!("open, {name}"), || key.open(&body[..]));
        bench(&mut group, &format!("seal, {name}"), || {
            key.seal(&noise).map(|body| body.len() as u64)
        });
    }

    let wrapped = STANDARD.encode([1; 512]);
    let stored = archive(folder, &noise, &[1; 512], CompressionMethod::Stored);
    bench(&mut group, "read, stored", || stages::read(&stored));
    let deflated = archive(folder, &noise, &[1; 512], CompressionMethod::Deflated);
    bench(&mut group, "read, deflated to stored blocks", || {
        stages::read(&deflated)
    });
    let mut base64 = STANDARD.encode(&noise);
    base64.truncate(SIZE);
    let legacy = archive(
        folder,
        base64.as_bytes(),
        wrapped.as_bytes(),
        CompressionMethod::Deflated,
    );
    bench(&mut group, "read, deflated base64", || {
        stages::read(&legacy)
    });
    bench(&mut group, "remove base64", || {
        stages::remove_base64(base64.as_bytes())
    });

    let shared: &'static [u8] = noise.leak();
    bench(&mut group, "hand over to another thread", || {
        stages::hand_over(shared)
    });

    let path = folder.join("result.zip");
    for (name, data, method) in [
        ("stored", shared, CompressionMethod::Stored),
        ("deflated text", &text[..], CompressionMethod::Deflated),
    ] {
        write_zip(&path, &[("file", data)], method);
        bench(&mut group, &format!("check CRCs, {name}"), || {
            stages::check(File::open(&path)?, true)
        });
    }
    group.finish();

    let names: Vec<String> = (0..10_000).map(|number| format!("{number}.txt")).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (&name[..], &b"x"[..])).collect();
    write_zip(&path, &entries, CompressionMethod::Stored);
    let mut group = criterion.benchmark_group("structure");
    group.throughput(Throughput::Elements(10_000));
    bench(&mut group, "check 10,000 entries", || {
        stages::check(File::open(&path)?, false)
    });
    group.finish();
    fs::remove_file(&path).unwrap();
}

criterion_group!(benches, stages);
criterion_main!(benches);
