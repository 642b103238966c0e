use std::cell::RefCell;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::softhsm::{self, SoftHsm};
use super::{Backend, Daemon, library};

/// SoftHSM2, loaded by a server process; programs talk to it through p11-kit's client module.
pub(in super::super) struct Remote {
    module: PathBuf,
    socket: PathBuf,
    behind: SoftHsm,
    server: RefCell<Daemon>,
}

impl Remote {
    pub fn new(folder: &Path, module: PathBuf) -> Self {
        let behind = SoftHsm::new(folder, softhsm::module());
        let socket = folder.join("p11-kit");
        let server = RefCell::new(serve(&behind, &socket));
        Self {
            module,
            socket,
            behind,
            server,
        }
    }
}

fn serve(behind: &SoftHsm, socket: &Path) -> Daemon {
    let socket = socket.display().to_string();
    let provider = behind.module().display().to_string();
    let server = ["p11-kit", "server", "--foreground", "--name", &socket];
    let shown = ["--provider", &provider, "pkcs11:"];
    let mut server = Daemon::start(server.into_iter().chain(shown), behind.env());
    assert!(server.listens_at(&socket), "p11-kit server does not start");
    server
}

impl Backend for Remote {
    fn module(&self) -> &Path {
        &self.module
    }

    fn env(&self) -> Vec<(&'static str, OsString)> {
        let mut env = self.behind.env();
        let address = format!("unix:path={}", self.socket.display());
        env.push(("P11_KIT_SERVER_ADDRESS", address.into()));
        env
    }

    fn add(&self, label: &str, so_pin: &str, pin: &str) {
        self.behind.add(label, so_pin, pin);
    }

    fn restart(&self) -> bool {
        let mut server = self.server.borrow_mut();
        server.end();
        let _ = fs::remove_file(&self.socket);
        *server = serve(&self.behind, &self.socket);
        true
    }
}

/// The module by which programs talk to a server.
pub(super) fn client() -> Option<PathBuf> {
    library("p11-kit-client.so")
}

/// Whether the system's p11-kit knows SoftHSM2. A configuration of its own cannot be given: run by root, p11-kit reads
/// the system's alone.
pub(super) fn registered() -> bool {
    Path::new("/usr/share/p11-kit/modules/softhsm2.module").exists()
}
