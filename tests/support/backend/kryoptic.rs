use std::cell::Cell;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Backend, initialise};

/// Has the slots that its configuration lists: as with SoftHSM2, one more than there are tokens.
pub(in super::super) struct Kryoptic {
    module: PathBuf,
    conf: PathBuf,
    tokens: Cell<usize>,
}

impl Kryoptic {
    pub fn new(folder: &Path, module: PathBuf) -> Self {
        let conf = folder.join("kryoptic.conf");
        let tokens = Cell::new(0);
        let this = Self {
            module,
            conf,
            tokens,
        };
        this.configure();
        this
    }

    fn configure(&self) {
        let mut text = String::new();
        for slot in 0..=self.tokens.get() {
            let file = self.conf.with_file_name(format!("slot-{slot}.sql"));
            writeln!(text, "[[slots]]\nslot = {slot}\ndbtype = \"sqlite\"").unwrap();
            writeln!(text, "dbargs = \"{}\"", file.display()).unwrap();
        }
        fs::write(&self.conf, text).unwrap();
    }
}

impl Backend for Kryoptic {
    fn module(&self) -> &Path {
        &self.module
    }

    fn env(&self) -> Vec<(&'static str, OsString)> {
        vec![("KRYOPTIC_CONF", self.conf.clone().into())]
    }

    fn add(&self, label: &str, so_pin: &str, pin: &str) {
        let slot = self.tokens.get();
        initialise(self, slot, label, so_pin, pin);
        self.make_room();
    }

    fn make_room(&self) {
        self.tokens.set(self.tokens.get() + 1);
        self.configure();
    }
}
