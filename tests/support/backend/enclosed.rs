use std::cell::{Cell, RefCell};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Backend, Daemon, initialise, library, output_of};

/// A module whose settings and tokens are the system's, or that pkcs11-tool cannot initialise: it runs behind p11-kit's
/// server, in namespaces where those folders are the test's own. Programs talk to p11-kit's client module.
pub(in super::super) struct Enclosed {
    client: PathBuf,
    folder: PathBuf,
    which: Which,
    nss: Nss,
    tokens: Cell<usize>,
    /// What is served: NSS has a token without keys beside the one that is meant.
    shown: RefCell<String>,
    server: RefCell<Daemon>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Nss,
    OpenCryptoki,
}

/// The form of a token of NSS.
#[derive(Clone, Copy, Default)]
pub(super) struct Nss {
    pub with_pin: bool,
    /// Whether the token beside it is shown, too.
    pub of_two: bool,
}

/// Run first in the namespaces, in the test's folder.
const NSS: &str = r#"
mkdir -p nss modules
mount --bind modules /usr/share/p11-kit/modules
exec "$@"
"#;

const OPENCRYPTOKI: &str = r#"
[ -e opencryptoki ] || cp -a /var/lib/opencryptoki opencryptoki
printf 'version opencryptoki-3.1\nslot 0\n{\nstdll = libpkcs11_sw.so\n}\n' >opencryptoki.conf
mount --bind opencryptoki /var/lib/opencryptoki
mount --bind opencryptoki.conf /etc/opencryptoki/opencryptoki.conf
mount -t tmpfs none /dev/shm
mount -t tmpfs none /run
mkdir -p /run/lock/opencryptoki/swtok
chown -R root:pkcs11 /run/lock/opencryptoki
chmod -R 770 /run/lock/opencryptoki
pkcsslotd
until [ -S /run/pkcsslotd.socket ]; do sleep 0.01; done
exec "$@"
"#;

/// Whether what is named here is installed, and namespaces may be made.
pub(super) fn is_here(which: Which) -> bool {
    let namespaces = Command::new("unshare").args(["--mount", "true"]).output();
    which.module().is_some() && namespaces.is_ok_and(|it| it.status.success())
}

impl Which {
    fn module(self) -> Option<PathBuf> {
        library(match self {
            Self::Nss => "libsoftokn3.so",
            Self::OpenCryptoki => "opencryptoki/libopencryptoki.so.0",
        })
    }
}

impl Enclosed {
    pub fn new(folder: &Path, client: PathBuf, which: Which) -> Self {
        Self::started(folder, client, which, Nss::default())
    }

    pub fn nss(folder: &Path, client: PathBuf, form: Nss) -> Self {
        Self::started(folder, client, Which::Nss, form)
    }

    fn started(folder: &Path, client: PathBuf, which: Which, nss: Nss) -> Self {
        let shown = match which {
            Which::Nss => name(folder, "nss", nss.of_two),
            Which::OpenCryptoki => "pkcs11:".to_owned(),
        };
        let server = RefCell::new(serve(folder, which, &shown));
        Self {
            client,
            folder: folder.to_owned(),
            which,
            nss,
            tokens: Cell::new(0),
            shown: RefCell::new(shown),
            server,
        }
    }
}

/// Tells NSS where its token is, and how it is labelled. Returns its URI.
fn name(folder: &Path, label: &str, of_two: bool) -> String {
    let module = Which::Nss.module().unwrap();
    let text = format!(
        "module: {}\nx-init-reserved: configDir='sql:{}' dbTokenDescription='{label}'\n",
        module.display(),
        folder.join("nss").display(),
    );
    fs::create_dir_all(folder.join("modules")).unwrap();
    fs::write(folder.join("modules/nss.module"), text).unwrap();
    match of_two {
        true => "pkcs11:".to_owned(),
        false => format!("pkcs11:token={label}"),
    }
}

/// Starts the server. That of openCryptoki was once seen to end before it listened, on a busy machine: it is tried again.
fn serve(folder: &Path, which: Which, shown: &str) -> Daemon {
    let mut tries = (0..3).filter_map(|_| try_to_serve(folder, which, shown));
    tries.next().expect("p11-kit server does not start")
}

fn try_to_serve(folder: &Path, which: Which, shown: &str) -> Option<Daemon> {
    let module = which.module().unwrap().display().to_string();
    // What p11-kit knows by its settings alone has to be served without being named.
    let (script, provider) = match which {
        Which::Nss => (NSS, &[][..]),
        Which::OpenCryptoki => (OPENCRYPTOKI, &["--provider", &module][..]),
    };
    let script = format!("set -e\ncd '{}'\n{script}", folder.display());
    let socket = folder.join("p11-kit").display().to_string();
    // All that runs in the namespace of processes ends with the first of them.
    let namespaces = ["unshare", "--mount", "--ipc", "--pid", "--fork"];
    let ended = ["--kill-child", "--mount-proc", "sh", "-c", &script, "sh"];
    let server = ["p11-kit", "server", "--foreground", "--name", &socket];
    let parts = [&namespaces[..], &ended, &server, provider, &[shown]];
    let mut server = Daemon::start(parts.concat(), Vec::new());
    server.listens_at(&socket).then_some(server)
}

impl Backend for Enclosed {
    fn module(&self) -> &Path {
        &self.client
    }

    fn env(&self) -> Vec<(&'static str, OsString)> {
        let address = format!("unix:path={}", self.folder.join("p11-kit").display());
        vec![("P11_KIT_SERVER_ADDRESS", address.into())]
    }

    fn add(&self, label: &str, so_pin: &str, pin: &str) {
        match self.which {
            Which::OpenCryptoki => initialise(self, self.tokens.get(), label, so_pin, pin),
            Which::Nss => {
                let file = self.folder.join("nss-pin");
                fs::write(&file, pin).unwrap();
                let folder = format!("sql:{}", self.folder.join("nss").display());
                let mut command = Command::new("certutil");
                command.args(["-N", "-d", &folder]);
                match self.nss.with_pin {
                    true => command.arg("-f").arg(&file),
                    false => command.arg("--empty-password"),
                };
                output_of(&mut command);
                self.shown
                    .replace(name(&self.folder, label, self.nss.of_two));
                self.restart();
            }
        }
        self.tokens.set(self.tokens.get() + 1);
    }

    fn restart(&self) -> bool {
        let mut server = self.server.borrow_mut();
        server.end();
        let _ = fs::remove_file(self.folder.join("p11-kit"));
        *server = serve(&self.folder, self.which, &self.shown.borrow());
        true
    }
}
