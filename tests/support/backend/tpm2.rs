use std::cell::Cell;
use std::ffi::OsString;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::{Backend, Daemon, initialise};

/// tpm2-pkcs11 on a swtpm of its own.
pub(in super::super) struct Tpm2 {
    module: PathBuf,
    folder: PathBuf,
    tokens: Cell<usize>,
    _tpm: Daemon,
}

/// Whether there is a TPM in software.
pub(super) fn is_here() -> bool {
    let mut command = Command::new("swtpm");
    command.arg("--version").output().is_ok()
}

impl Tpm2 {
    pub fn new(folder: &Path, module: PathBuf) -> Self {
        let socket = folder.join("tpm");
        let control = folder.join("tpm.ctrl");
        let state = format!("dir={}", folder.display());
        let server = format!("type=unixio,path={}", socket.display());
        let ctrl = format!("type=unixio,path={}", control.display());
        let tpm = Daemon::start(
            [
                "swtpm",
                "socket",
                "--tpm2",
                "--tpmstate",
                &state,
                "--server",
                &server,
                "--ctrl",
                &ctrl,
                "--flags",
                "not-need-init,startup-clear",
            ],
            Vec::new(),
        );
        // It listens for control last.
        let patience = Instant::now() + Duration::from_secs(60);
        while UnixStream::connect(&control).is_err() {
            assert!(Instant::now() < patience, "swtpm does not start");
            thread::sleep(Duration::from_millis(10));
        }
        Self {
            module,
            folder: folder.to_owned(),
            tokens: Cell::new(0),
            _tpm: tpm,
        }
    }
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
        initialise(self, slot, label, so_pin, pin);
        self.tokens.set(slot + 1);
    }
}
