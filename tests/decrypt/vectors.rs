//! The vectors of `tests/vectors/`, each opened by the program with the keys of the vectors on a token.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::*;

/// A file of `tests/vectors/`.
struct Vector {
    name: String,
    header: BTreeMap<String, String>,
    archive: Vec<u8>,
}

impl Vector {
    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let end = bytes.windows(2).position(|it| it == b"\n\n").unwrap();
        let header = str::from_utf8(&bytes[..end]).unwrap();
        let fields = header.lines().map(|line| line.split_once(": ").unwrap());
        Self {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            header: fields
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            archive: bytes[end + 2..].to_vec(),
        }
    }

    fn exit(&self) -> i32 {
        match self.header["expect"].as_str() {
            "result" => 0,
            "cannot-decrypt" => 20,
            "not-an-archive" => 21,
            "too-large" => 24,
            other => panic!("{}: what is {other:?}?", self.name),
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

fn all() -> Vec<Vector> {
    let files = fs::read_dir(folder()).unwrap();
    let mut paths: Vec<PathBuf> = files.map(|it| it.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|it| it == "vector"));
    paths.sort();
    paths.iter().map(|path| Vector::read(path)).collect()
}

/// A token with all keys of the vectors but the stranger's.
fn token() -> Token {
    let token = Token::new();
    let work = Work::new(&token);
    for name in ["rsa-2048", "rsa-3072", "rsa-4096"] {
        let key = folder().join(format!("keys/{name}.pem"));
        let args = [
            "result",
            "import-encryption-key",
            "--wallet-address",
            ADDRESS,
        ];
        work.cmd(args).arg(key).pin().run().ok();
    }
    token
}

fn sha256(bytes: &[u8]) -> String {
    let line = openssl::openssl(&["dgst", "-sha256", "-r"], bytes);
    String::from_utf8(line[..64].to_vec()).unwrap()
}

/// Opens one, and says what is not as it should be.
fn wrong(work: &Work<'_>, vector: &Vector) -> Option<String> {
    work.write("archive.zip", &vector.archive);
    let args = ["result", "decrypt", "archive.zip", "--output", "out.zip"];
    let run = work.cmd(args).arg("--raw").pin().run();
    let written = work.folder().join("out.zip").exists();
    let problem = if run.code != Some(vector.exit()) {
        Some(format!("exit {:?}: {}{}", run.code, run.out(), run.err()))
    } else if written != (vector.exit() == 0) {
        Some(format!("a file was written: {written}"))
    } else if written && sha256(&work.read("out.zip")) != vector.header["plaintext"] {
        Some("other bytes".to_owned())
    } else {
        None
    };
    if written {
        fs::remove_file(work.folder().join("out.zip")).unwrap();
    }
    let left = wrong_tmp(&work.folder());
    problem.or_else(|| (!left.is_empty()).then(|| format!("left behind: {left:?}")))
}

#[test]
fn every_vector_is_opened_or_refused_as_its_header_says() {
    let vectors = all();
    assert!(vectors.len() > 90, "{}", vectors.len());
    let token = token();
    let work = Work::new(&token);
    let wrong: Vec<String> = vectors
        .iter()
        .filter_map(|it| Some(format!("{}: {}", it.name, wrong(&work, it)?)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn headers_tell_all_that_a_reader_needs() {
    for vector in all() {
        let has = |field: &str| vector.header.contains_key(field);
        let fields = ["expect", "layout", "key", "comment"].into_iter().all(has);
        assert!(fields, "{}", vector.name);
        assert_eq!(has("plaintext"), vector.exit() == 0, "{}", vector.name);
        let key = folder().join(format!("keys/{}.pem", vector.header["key"]));
        assert!(key.exists(), "{}", vector.name);
    }
}
