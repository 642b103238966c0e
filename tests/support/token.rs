//! Tokens for tests, each in a folder of its own: SoftHSM2's, or of the module that is chosen for all tests.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::backend::{Backend, Kind, output_of};

/// A module with one token that no other test sees.
pub struct Token {
    // Before the folder: what still runs is ended before its files are removed.
    backend: Box<dyn Backend>,
    folder: TempDir,
    pub kind: Kind,
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

    /// Only the empty slot of a module without tokens.
    pub fn uninitialised() -> Self {
        Self::uninitialised_of(Kind::chosen())
    }

    /// An initialised token of a certain module, whatever is chosen for other tests.
    pub fn of(kind: Kind) -> Self {
        let token = Self::uninitialised_of(kind);
        token.add("test");
        token
    }

    fn uninitialised_of(kind: Kind) -> Self {
        let folder = TempDir::new().unwrap();
        let backend = kind.start(folder.path());
        Self {
            kind,
            label: "test".to_owned(),
            pin: "1234".to_owned(),
            so_pin: "87654321".to_owned(),
            module: backend.module().to_owned(),
            folder,
            backend,
        }
    }

    /// Initialises one more token of the same PINs behind the same module.
    pub fn add(&self, label: &str) {
        self.backend.add(label, &self.so_pin, &self.pin);
    }

    /// Makes sure that there is an empty slot, once the last one is initialised. Some modules show one by themselves.
    pub fn make_room(&self) {
        self.backend.make_room();
    }

    /// What a program's environment must have, so that the module finds the token.
    pub fn env(&self) -> Vec<(&'static str, OsString)> {
        self.backend.env()
    }

    /// The configuration of SoftHSM2; its tokens are in `tokens/` beside it.
    pub fn softhsm_conf(&self) -> PathBuf {
        self.folder.path().join("softhsm2.conf")
    }

    /// The folder that has all that is the token's.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// A file with the PIN in it.
    pub fn pin_file(&self) -> PathBuf {
        self.secret_file("pin", &self.pin)
    }

    /// A file with the SO PIN in it.
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
        output_of(&mut self.pkcs11_command(args))
    }

    /// Whether `pkcs11-tool` succeeds at that.
    pub fn pkcs11_tool_can(&self, args: &[&str]) -> bool {
        self.pkcs11_command(args).output().unwrap().status.success()
    }

    /// What `pkcs11-tool` lists on this token, private objects included; in an order of its own, and without the objects
    /// in which some modules describe their mechanisms.
    pub fn objects(&self) -> String {
        let listed = self.pkcs11_tool(&["--list-objects"]);
        let mut objects: Vec<String> = Vec::new();
        for line in listed.lines() {
            match objects.last_mut() {
                Some(object) if line.starts_with(' ') => *object += &format!("\n{line}"),
                _ => objects.push(line.to_owned()),
            }
        }
        objects.retain(|object| !object.contains(", type "));
        objects.sort();
        objects.join("\n")
    }

    /// Ends the process that the token is in, where there is one, and starts it again.
    pub fn restart(&self) -> bool {
        self.backend.restart()
    }

    fn pkcs11_command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("pkcs11-tool");
        command.arg("--module").arg(&self.module).envs(self.env());
        command.args(["--token-label", &self.label, "--login", "--pin", &self.pin]);
        command.args(args);
        command
    }

    fn tool(&self, command: &mut Command) -> String {
        output_of(command.envs(self.env()))
    }
}
