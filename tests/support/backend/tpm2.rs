use std::cell::{Cell, RefCell};
use std::ffi::OsString;
use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::{Backend, Daemon, initialise, output_of};

/// What makes a token say that it needs no login.
const EMPTY_PIN: &str = r#"update tokens set config =
    '!!map { ? !!str "token-init" : !!bool "true", ? !!str "empty-user-pin" : !!bool "true" }'"#;

/// tpm2-pkcs11 on a swtpm of its own.
pub(in super::super) struct Tpm2 {
    module: PathBuf,
    folder: PathBuf,
    empty_pin: bool,
    tokens: Cell<usize>,
    tpm: RefCell<Daemon>,
}

/// Whether there is a TPM in software.
pub(super) fn is_here() -> bool {
    let mut command = Command::new("swtpm");
    command.arg("--version").output().is_ok()
}

impl Tpm2 {
    pub fn new(folder: &Path, module: PathBuf, empty_pin: bool) -> Self {
        Self {
            module,
            empty_pin,
            folder: folder.to_owned(),
            tokens: Cell::new(0),
            tpm: RefCell::new(start(folder)),
        }
    }
}

fn start(folder: &Path) -> Daemon {
    let control = folder.join("tpm.ctrl");
    let state = format!("dir={}", folder.display());
    let server = format!("type=unixio,path={}", folder.join("tpm").display());
    let ctrl = format!("type=unixio,path={}", control.display());
    let program = ["swtpm", "socket", "--tpm2", "--tpmstate", &state];
    let sockets = ["--server", &server, "--ctrl", &ctrl];
    let flags = ["--flags", "not-need-init,startup-clear"];
    let tpm = Daemon::start([&program[..], &sockets, &flags].concat(), Vec::new());
    // It listens for control last.
    let patience = Instant::now() + Duration::from_secs(60);
    while UnixStream::connect(&control).is_err() {
        assert!(Instant::now() < patience, "swtpm does not start");
        thread::sleep(Duration::from_millis(10));
    }
    tpm
}

impl Backend for Tpm2 {
    fn module(&self) -> &Path {
        &self.module
    }

    fn env(&self) -> Vec<(&'static str, OsString)> {
        let tcti = format!("swtpm:path={}", self.folder.join("tpm").display());
        vec![
            ("TPM2_PKCS11_TCTI", tcti.into()),
            ("TPM2_PKCS11_STORE", self.folder.clone().into()),
            ("TPM2_PKCS11_BACKEND", "esysdb".into()),
            // It and the libraries below it write to stderr otherwise.
            ("TPM2_PKCS11_LOG_LEVEL", "0".into()),
            ("TSS2_LOG", "all+none".into()),
        ]
    }

    fn add(&self, label: &str, so_pin: &str, pin: &str) {
        let slot = self.tokens.get();
        let pin = if self.empty_pin { "" } else { pin };
        initialise(self, slot, label, so_pin, pin);
        self.tokens.set(slot + 1);
        if self.empty_pin {
            // As its own tool notes it, which wants a resource manager for the TPM.
            let store = self.folder.join("tpm2_pkcs11.sqlite3");
            let mut command = Command::new("sqlite3");
            output_of(command.arg(store).arg(EMPTY_PIN));
        }
    }

    fn restart(&self) -> bool {
        let mut tpm = self.tpm.borrow_mut();
        tpm.end();
        for socket in ["tpm", "tpm.ctrl"] {
            let _ = fs::remove_file(self.folder.join(socket));
        }
        *tpm = start(&self.folder);
        true
    }
}
