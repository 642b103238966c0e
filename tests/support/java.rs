//! Java's own zip writer, where there is a JDK.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// An archive of these files as Java's `ZipOutputStream` writes one, in any order: deflated, with data descriptors.
/// Nothing, and a word to the reader, where there is no JDK.
pub fn java_zip(files: &[(&str, &[u8])]) -> Option<Vec<u8>> {
    let compiler = Command::new("javac")
        .arg("-version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !compiler.is_ok_and(|status| status.success()) {
        println!("skipped: there is no JDK (javac) whose zip writer could be tried");
        return None;
    }
    let work = TempDir::new().unwrap();
    let folder = work.path().join("folder");
    for (name, data) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, data).unwrap();
    }
    let archive = work.path().join("archive.zip");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/ZipFolder.java");
    let output = Command::new("java")
        .env("LC_ALL", "C.UTF-8")
        // It runs for a second only: too short for the thorough compiler to pay.
        .arg("-XX:TieredStopAtLevel=1")
        .args([&source, &folder, &archive])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "java failed: {errors}");
    Some(fs::read(archive).unwrap())
}
