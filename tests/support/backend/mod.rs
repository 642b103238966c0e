//! The modules that can stand behind a test's token. `IEXEC_HSM_TEST_TOKENS` chooses one for all tests.

mod enclosed;
mod kryoptic;
mod p11_kit;
mod softhsm;
mod tpm2;

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;

use enclosed::{Enclosed, Which};
pub use softhsm::module as softhsm_module;

/// A PKCS#11 module of a certain kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    SoftHsm,
    /// kryoptic on the system's OpenSSL: `tests/kryoptic/`.
    Kryoptic,
    /// kryoptic on an OpenSSL of its own, which answers bad paddings with invented bytes.
    KryopticImplicit,
    /// SoftHSM2 behind p11-kit's server, which another process runs.
    P11KitRemote,
    /// SoftHSM2 behind p11-kit's proxy, as the system has registered it.
    P11KitProxy,
    /// tpm2-pkcs11 on a TPM in software.
    Tpm2,
    /// NSS softoken behind p11-kit's server.
    Nss,
    /// openCryptoki's token in software behind p11-kit's server.
    OpenCryptoki,
    /// [`Self::Tpm2`] with an empty PIN; it then says that it needs no login, and needs one all the same.
    Tpm2EmptyPin,
    /// [`Self::Nss`] without a PIN: it needs no login.
    NssWithoutPin,
    /// [`Self::Nss`] with the token beside it that has no keys, and the same serial number.
    NssOfTwo,
}

impl Kind {
    pub const ALL: [Self; 8] = [
        Self::SoftHsm,
        Self::Kryoptic,
        Self::KryopticImplicit,
        Self::P11KitRemote,
        Self::P11KitProxy,
        Self::Tpm2,
        Self::Nss,
        Self::OpenCryptoki,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::SoftHsm => "softhsm",
            Self::Kryoptic => "kryoptic",
            Self::KryopticImplicit => "kryoptic-implicit",
            Self::P11KitRemote => "p11-kit-remote",
            Self::P11KitProxy => "p11-kit-proxy",
            Self::Tpm2 => "tpm2",
            Self::Nss => "nss",
            Self::OpenCryptoki => "opencryptoki",
            Self::Tpm2EmptyPin => "tpm2-empty-pin",
            Self::NssWithoutPin => "nss-without-pin",
            Self::NssOfTwo => "nss-of-two",
        }
    }

    /// The one that all tests are to use.
    pub fn chosen() -> Self {
        let Ok(wanted) = std::env::var("IEXEC_HSM_TEST_TOKENS") else {
            return Self::SoftHsm;
        };
        let found = Self::ALL.into_iter().find(|kind| kind.name() == wanted);
        found.unwrap_or_else(|| panic!("IEXEC_HSM_TEST_TOKENS={wanted} is no kind of token"))
    }

    /// Where its module is, if it is here.
    pub fn module(self) -> Option<PathBuf> {
        match self {
            Self::SoftHsm => Some(softhsm_module()),
            Self::Kryoptic => from_env("IEXEC_HSM_TEST_KRYOPTIC"),
            Self::KryopticImplicit => from_env("IEXEC_HSM_TEST_KRYOPTIC_IMPLICIT"),
            Self::P11KitRemote => p11_kit::client(),
            Self::P11KitProxy => p11_kit::registered().then(|| library("p11-kit-proxy.so"))?,
            Self::Tpm2 | Self::Tpm2EmptyPin => {
                tpm2::is_here().then(|| library("libtpm2_pkcs11.so"))?
            }
            Self::Nss | Self::NssWithoutPin | Self::NssOfTwo => {
                enclosed::is_here(Which::Nss).then(p11_kit::client)?
            }
            Self::OpenCryptoki => enclosed::is_here(Which::OpenCryptoki).then(p11_kit::client)?,
        }
    }

    /// One of it without tokens, which keeps what it has in `folder`.
    pub(super) fn start(self, folder: &Path) -> Box<dyn Backend> {
        let module = self.module().unwrap_or_else(|| {
            let name = self.name();
            panic!("no {name} here: docs/testing-for-contributors.md says how to get it")
        });
        match self {
            Self::SoftHsm => Box::new(softhsm::SoftHsm::new(folder, module)),
            Self::P11KitProxy => Box::new(softhsm::SoftHsm::new(folder, module)),
            Self::Kryoptic | Self::KryopticImplicit => {
                Box::new(kryoptic::Kryoptic::new(folder, module))
            }
            Self::P11KitRemote => Box::new(p11_kit::Remote::new(folder, module)),
            Self::Tpm2 => Box::new(tpm2::Tpm2::new(folder, module, false)),
            Self::Tpm2EmptyPin => Box::new(tpm2::Tpm2::new(folder, module, true)),
            Self::Nss | Self::NssWithoutPin | Self::NssOfTwo => {
                let form = enclosed::Nss {
                    with_pin: self != Self::NssWithoutPin,
                    of_two: self == Self::NssOfTwo,
                };
                Box::new(Enclosed::nss(folder, module, form))
            }
            Self::OpenCryptoki => Box::new(Enclosed::new(folder, module, Which::OpenCryptoki)),
        }
    }
}

/// Whether another module than SoftHSM2 was chosen for all tests; says `why` the test leaves it alone.
pub fn other_than_softhsm(why: &str) -> bool {
    let is_other = Kind::chosen() != Kind::SoftHsm;
    if is_other {
        println!("skipped: only for SoftHSM2: {why}");
    }
    is_other
}

/// Whether the chosen module makes no keys on secp256k1; says that the test, which is about a wallet on it, is skipped.
pub fn without_wallets() -> bool {
    let lacks = matches!(
        Kind::chosen(),
        Kind::Kryoptic | Kind::KryopticImplicit | Kind::Tpm2 | Kind::Nss | Kind::OpenCryptoki
    );
    if lacks {
        println!("skipped: this module has no secp256k1");
    }
    lacks
}

/// Whether the chosen module sets PINs of any length; says that the test, which is about refused ones, is skipped.
pub fn takes_any_pin() -> bool {
    let takes = matches!(Kind::chosen(), Kind::Kryoptic | Kind::KryopticImplicit);
    if takes {
        println!("skipped: this module refuses no PIN for its length");
    }
    takes
}

/// What a token needs of the module it is behind.
pub(super) trait Backend {
    /// The module that a program loads.
    fn module(&self) -> &Path;

    /// By what a program that loads it finds its tokens.
    fn env(&self) -> Vec<(&'static str, OsString)>;

    /// Initialises its empty slot; another empty one comes after it.
    fn add(&self, label: &str, so_pin: &str, pin: &str);

    /// Shows one more empty slot, after another program than `add` initialised the last one.
    fn make_room(&self) {}

    /// Ends the process that its tokens are in, and starts it again. Says whether there is one.
    fn restart(&self) -> bool {
        false
    }
}

/// Initialises the only slot of `backend` that has no token yet, by PKCS#11 alone.
fn initialise(backend: &dyn Backend, slot: usize, label: &str, so_pin: &str, pin: &str) {
    let slot = slot.to_string();
    let tool = |args: &[&str]| {
        let mut command = Command::new("pkcs11-tool");
        command
            .arg("--module")
            .arg(backend.module())
            .envs(backend.env());
        output_of(
            command
                .args(["--slot-index", &slot, "--so-pin", so_pin])
                .args(args),
        );
    };
    tool(&["--init-token", "--label", label]);
    let officer = ["--login", "--login-type", "so"];
    tool(&[&["--init-pin", "--new-pin", pin][..], &officer].concat());
}

/// Runs a command that must succeed, and returns what it prints.
pub(super) fn output_of(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}; softhsm/test.sh installs it"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?} failed:\n{text}{errors}"
    );
    text
}

fn from_env(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from)
}

/// A shared library in one of the folders where distributions have PKCS#11 modules.
fn library(name: &str) -> Option<PathBuf> {
    [
        "/usr/lib/x86_64-linux-gnu/pkcs11",
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu/pkcs11",
        "/usr/lib/aarch64-linux-gnu",
        "/usr/lib64/pkcs11",
        "/usr/lib64",
    ]
    .iter()
    .map(|folder| Path::new(folder).join(name))
    .find(|path| path.exists())
}

/// A process that a token needs; it ends with the token, and with the test at the latest.
struct Daemon(std::process::Child);

impl Daemon {
    /// Starts a program, its output to come through a pipe; what else it says is said when a test fails.
    fn start<'a>(
        args: impl IntoIterator<Item = &'a str>,
        env: Vec<(&'static str, OsString)>,
    ) -> Self {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).args(args).envs(env);
        command.stdin(std::process::Stdio::null());
        command.stdout(std::process::Stdio::piped());
        Self(command.spawn().expect("setpriv, of util-linux"))
    }

    /// Whether a p11-kit server comes to listen there: it says so once it does.
    fn listens_at(&mut self, socket: &str) -> bool {
        let mut line = String::new();
        let stdout = self.0.stdout.take().expect("asked for once");
        let read = BufReader::new(stdout).read_line(&mut line);
        read.is_ok() && line.contains(socket)
    }

    fn end(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.end();
    }
}
