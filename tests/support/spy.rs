//! OpenSC's pkcs11-spy: a module that passes every call on to another one and writes it down.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{Cmd, Token};

const PLACES: [&str; 6] = [
    "/usr/lib/x86_64-linux-gnu/pkcs11-spy.so",
    "/usr/lib/aarch64-linux-gnu/pkcs11-spy.so",
    "/usr/lib/x86_64-linux-gnu/pkcs11/pkcs11-spy.so",
    "/usr/lib64/pkcs11-spy.so",
    "/usr/local/lib/pkcs11-spy.so",
    "/opt/homebrew/lib/pkcs11-spy.so",
];

pub struct Spy {
    module: PathBuf,
    folder: TempDir,
}

impl Spy {
    /// The spy, or nothing and a word to the reader.
    pub fn find() -> Option<Self> {
        let module = PLACES.iter().map(Path::new).find(|path| path.exists());
        if module.is_none() {
            println!("skipped: pkcs11-spy.so is not installed (Debian: package opensc)");
        }
        Some(Self {
            module: module?.to_owned(),
            folder: TempDir::new().unwrap(),
        })
    }

    /// The command with the spy between it and the token.
    pub fn watch(&self, cmd: Cmd, token: &Token) -> Cmd {
        cmd.without_env("IEXEC_HSM_MODULE")
            .env("IEXEC_HSM_MODULE", &self.module)
            .env("PKCS11SPY", &token.module)
            .env("PKCS11SPY_OUTPUT", self.path())
    }

    /// All that was written down since the last time.
    pub fn log(&self) -> String {
        let log = fs::read(self.path()).unwrap_or_default();
        let _ = fs::remove_file(self.path());
        String::from_utf8_lossy(&log).into_owned()
    }

    /// The names of the calls since the last time, in their order.
    pub fn calls(&self) -> Vec<String> {
        calls(&self.log())
    }

    /// The names of all calls since the last time, by a process that goes on.
    pub fn calls_so_far(&self) -> Vec<String> {
        let log = fs::read(self.path()).unwrap_or_default();
        calls(&String::from_utf8_lossy(&log))
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

/// The names of the calls in a log.
pub fn calls(log: &str) -> Vec<String> {
    let name = |line: &str| {
        let (number, name) = line.split_once(": ")?;
        let known = number.parse::<u32>().is_ok() && name.starts_with("C_");
        known.then(|| name.trim().to_owned())
    };
    log.lines().filter_map(name).collect()
}

/// How often a function was called.
pub fn count(calls: &[String], name: &str) -> usize {
    calls.iter().filter(|call| *call == name).count()
}
