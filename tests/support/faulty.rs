//! The misbehaving module of `tests/faulty-module/`, which Cargo builds with the tests: it stands in front of a token,
//! does what a script says, and writes down every call.

use std::cell::Cell;
use std::collections::HashMap;
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::{Cmd, Token, machine};

pub struct Faulty<'t> {
    token: &'t Token,
    folder: TempDir,
    script: String,
    /// How much of the ledger was read.
    read: Cell<usize>,
}

impl<'t> Faulty<'t> {
    /// In front of `token`, and without a fault so far.
    pub fn before(token: &'t Token) -> Self {
        let folder = TempDir::new().unwrap();
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).unwrap();
        fs::write(folder.path().join("salt"), salt).unwrap();
        Self {
            token,
            folder,
            script: String::new(),
            read: Cell::new(0),
        }
    }

    /// With one rule more; `tests/faulty-module/src/script.rs` lists them.
    pub fn rule(mut self, rule: impl AsRef<str>) -> Self {
        self.script.push_str(rule.as_ref());
        self.script.push('\n');
        fs::write(self.folder.path().join("script"), &self.script).unwrap();
        self
    }

    /// The command with this module in place of the token's own.
    pub fn drive(&self, cmd: Cmd) -> Cmd {
        cmd.without_env("IEXEC_HSM_MODULE")
            .env("IEXEC_HSM_MODULE", Self::module())
            .env("FAULTY_MODULE", &self.token.module)
            .env("FAULTY_FOLDER", self.folder.path())
    }

    /// The command with this module where others are looked for, under these names; nothing names one. `None` where that
    /// cannot be done here.
    pub fn be_found(&self, cmd: Cmd, names: &[&str]) -> Option<Cmd> {
        let wrapper = machine::with_modules(names)?;
        let cmd = cmd.without_env("IEXEC_HSM_MODULE").under(wrapper);
        let cmd = cmd.env("FAULTY_MODULE", machine::REAL);
        Some(cmd.env("FAULTY_FOLDER", self.folder.path()))
    }

    /// What another program needs to use this module.
    pub fn furnish(&self, command: &mut Command) {
        command.env("FAULTY_MODULE", &self.token.module);
        command.env("FAULTY_FOLDER", self.folder.path());
        command.envs(self.token.env());
    }

    /// The calls since the last time.
    pub fn ledger(&self) -> Ledger {
        let text = fs::read_to_string(self.folder.path().join("ledger")).unwrap_or_default();
        // A line that is being written is of the next time.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let read = self.read.replace(whole);
        Ledger::parse(&text[read..whole])
    }

    /// What the ledger writes in place of `pin`.
    pub fn class_of(&self, pin: &str) -> String {
        let salt = fs::read(self.folder.path().join("salt")).unwrap();
        faulty_module::ledger::pin_class(&salt, pin.as_bytes())
    }

    /// Wrong PINs since the last right one, as the module counts them; for `pin-tries`.
    pub fn set_wrong_pins(&self, count: u64) {
        fs::write(self.folder.path().join("wrong"), count.to_string()).unwrap();
    }

    /// The shared library, which lies beside the test program.
    pub fn module() -> PathBuf {
        let program = std::env::current_exe().unwrap();
        let name = format!("{DLL_PREFIX}faulty_module{DLL_SUFFIX}");
        program.with_file_name(name)
    }
}

/// The calls of a run, in their order.
#[derive(Debug)]
pub struct Ledger(pub Vec<Call>);

#[derive(Debug)]
pub struct Call {
    pub name: String,
    args: HashMap<String, String>,
    /// What it returned, as `CKR_OK`.
    pub rv: String,
}

impl Ledger {
    fn parse(text: &str) -> Self {
        Self(text.lines().map(Call::parse).collect())
    }

    /// How often a function was called.
    pub fn count(&self, name: &str) -> usize {
        self.of(name).len()
    }

    /// The calls of one function.
    pub fn of(&self, name: &str) -> Vec<&Call> {
        self.0.iter().filter(|call| call.name == name).collect()
    }

    /// The logins of one kind: `CKU_SO` is 0, `CKU_USER` 1, `CKU_CONTEXT_SPECIFIC` 2.
    pub fn logins(&self, user: u8) -> Vec<&Call> {
        let mut logins = self.of("C_Login");
        logins.retain(|call| call.arg("user") == user.to_string());
        logins
    }

    /// The names of the functions, in the order of the calls.
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|call| call.name.as_str()).collect()
    }
}

impl Call {
    fn parse(line: &str) -> Self {
        let (call, rv) = line.split_once(" -> ").unwrap();
        let mut words = call.split(' ');
        let name = words.next().unwrap().to_owned();
        let args = words.map(|word| {
            let (name, value) = word.split_once('=').unwrap();
            (name.to_owned(), value.to_owned())
        });
        Self {
            name,
            args: args.collect(),
            rv: rv.to_owned(),
        }
    }

    /// An argument as the ledger shows it.
    #[track_caller]
    pub fn arg(&self, name: &str) -> &str {
        &self.args[name]
    }
}
