//! SoftHSM2 tokens, each in a folder of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A SoftHSM2 with one token that no other test sees.
pub struct Token {
    folder: TempDir,
    pub label: String,
    pub pin: String,
    pub so_pin: String,
    pub module: PathBuf,
}

impl Token {
    /// An initialised token without keys.
    pub fn new() -> Self {
        Self::labelled("test")
    }

    /// An initialised token of that label.
    pub fn labelled(label: &str) -> Self {
        let mut token = Self::uninitialised();
        token.label = label.to_owned();
        token.add(label);
        token
    }

    /// Only the empty slot of a SoftHSM2 without tokens.
    pub fn uninitialised() -> Self {
        let folder = TempDir::new().unwrap();
        let tokens = folder.path().join("tokens");
        fs::create_dir(&tokens).unwrap();
        let token = Self {
            folder,
            label: "test".to_owned(),
            pin: "1234".to_owned(),
            so_pin: "87654321".to_owned(),
            module: module(),
        };
        let conf = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
            tokens.display()
        );
        fs::write(token.conf(), conf).unwrap();
        token
    }

    /// Initialises one more token of the same PINs behind the same module.
    pub fn add(&self, label: &str) {
        self.softhsm2_util(&[
            "--init-token",
            "--free",
            "--label",
            label,
            "--so-pin",
            &self.so_pin,
            "--pin",
            &self.pin,
        ]);
    }

    /// The configuration that `SOFTHSM2_CONF` names.
    pub fn conf(&self) -> PathBuf {
        self.folder.path().join("softhsm2.conf")
    }

    /// A file with the PIN in it.
    pub fn pin_file(&self) -> PathBuf {
        self.secret_file("pin", &self.pin)
    }

    /// A file with the security officer's PIN in it.
    pub fn so_pin_file(&self) -> PathBuf {
        self.secret_file("so-pin", &self.so_pin)
    }

    /// A file beside the token that only its owner may read.
    pub fn secret_file(&self, name: &str, secret: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, format!("{secret}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// Runs `softhsm2-util`, which must succeed, and returns what it prints.
    pub fn softhsm2_util(&self, args: &[&str]) -> String {
        self.tool(Command::new("softhsm2-util").args(args))
    }

    /// Runs `pkcs11-tool` on this token, logged in; it must succeed. Returns what it prints.
    pub fn pkcs11_tool(&self, args: &[&str]) -> String {
        let mut command = Command::new("pkcs11-tool");
        command.arg("--module").arg(&self.module);
        command.args(["--token-label", &self.label, "--login", "--pin", &self.pin]);
        self.tool(command.args(args))
    }

    /// What `pkcs11-tool` lists on this token, private objects included.
    pub fn objects(&self) -> String {
        self.pkcs11_tool(&["--list-objects"])
    }

    fn tool(&self, command: &mut Command) -> String {
        command.env("SOFTHSM2_CONF", self.conf());
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
}

/// SoftHSM2's module.
fn module() -> PathBuf {
    if let Some(path) = std::env::var_os("IEXEC_HSM_TEST_MODULE") {
        return path.into();
    }
    [
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib64/softhsm/libsofthsm2.so",
        "/usr/local/lib/softhsm/libsofthsm2.so",
        "/opt/homebrew/lib/softhsm/libsofthsm2.so",
    ]
    .iter()
    .map(Path::new)
    .find(|path| path.exists())
    .expect("no SoftHSM2 here: softhsm/test.sh installs it")
    .to_owned()
}
