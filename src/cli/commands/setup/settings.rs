use std::fs::{self, DirBuilder};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::questions::Questions;
use crate::cli::config::{Entry, checked_text, entries, text_of, usual, with_entries};
use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::code::Code;
use crate::file::temporary::{TemporaryFile, folder_of};
use crate::wallet::address::Address;

/// The first line of a new file.
const HEAD: &str = "# Written by `iexec-hsm setup`; `iexec-hsm config show` tells what is used.\n";

/// The configuration file as it is, and what is to be set in it.
pub(super) struct Settings {
    path: PathBuf,
    /// `None` where there is no file yet.
    text: Option<String>,
    old: Vec<Entry>,
    new: Vec<(&'static str, String)>,
}

impl Settings {
    pub(super) fn read() -> Result<Self, Failure> {
        let path = usual().ok_or_else(|| {
            Failure::new(Code::Usage, "there is no folder for the configuration")
                .hint("Set HOME or XDG_CONFIG_HOME.")
        })?;
        let text = text_of(&path)?;
        let old = text.as_deref().map(entries).unwrap_or_default();
        // One that is a link stays one.
        let path = fs::canonicalize(&path).unwrap_or(path);
        Ok(Self {
            path,
            text,
            old,
            new: Vec::new(),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Notes a setting; one that stands there so already is no news.
    pub(super) fn set(&mut self, key: &'static str, value: String) {
        if self.value(key) != Some(&value) {
            self.new.push((key, value));
        }
    }

    /// Notes what was said of the person: address, folder of key files, PIN file.
    pub(super) fn of_person(
        &mut self,
        context: &Context,
        address: &Address,
    ) -> Result<(), Failure> {
        // The file names the wallet, and so the address.
        if self.value("wallet-file").is_none() {
            self.set("wallet-address", address.to_string());
        }
        let global = &context.global;
        for (key, path) in [
            ("beneficiary-keystoredir", &global.beneficiary_keystoredir),
            ("pin-file", &global.pin_file),
        ] {
            let Some(path) = path else { continue };
            if self
                .value(key)
                .is_some_and(|known| Path::new(known) == path)
            {
                continue;
            }
            let path = context.absolute(path).into_os_string().into_string();
            let path = path.map_err(|path| {
                let what = format!("{} cannot stand in the configuration", path.display());
                Failure::new(Code::Usage, what).hint("Give it a path that is UTF-8.")
            })?;
            self.set(key, path);
        }
        Ok(())
    }

    fn value(&self, key: &str) -> Option<&String> {
        let entry = self.old.iter().find(|entry| entry.key == key);
        entry.map(|entry| &entry.value)
    }

    /// Has a person, or `replace`, agree to settings that are others from now on.
    pub(super) fn agree(&self, questions: &Questions, replace: bool) -> Result<(), Failure> {
        let path = self.path.display();
        let changed = |(key, value): &(&str, String)| {
            let old = self.old.iter().find(|entry| entry.key == *key)?;
            let (line, was) = (old.line, &old.value);
            Some(format!(
                "  line {line}: {key} is {was}\n  from now on: {value}"
            ))
        };
        let changes: Vec<String> = self.new.iter().filter_map(changed).collect();
        if changes.is_empty() || replace {
            return Ok(());
        }
        questions.tell(&format!("{path} has other settings:"));
        for change in &changes {
            questions.tell(change);
        }
        if questions.yes("Replace them?") {
            return Ok(());
        }
        let what = format!(
            "{path} has other settings, and was left as it is:\n{}",
            changes.join("\n")
        );
        Err(Failure::new(Code::OutputExists, what)
            .hint("Replace them with --replace, or name what they say."))
    }

    /// Writes the file, all of it or nothing. Returns the keys that were set.
    pub(super) fn write(&self) -> Result<Vec<&'static str>, Failure> {
        let keys = self.new.iter().map(|(key, _)| *key).collect();
        if self.new.is_empty() {
            return Ok(keys);
        }
        let text = with_entries(self.text.as_deref().unwrap_or(HEAD), &self.new);
        // Never one that the next command would refuse.
        checked_text(&self.path, &text)?;
        self.publish(&text).map_err(|error| {
            let what = format!("{} cannot be written: {error}", self.path.display());
            Failure::new(Code::IoFailed, what).hint(format!(
                "What was done before stays. Write it yourself:\n{text}"
            ))
        })?;
        Ok(keys)
    }

    fn publish(&self, text: &str) -> io::Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder_of(&self.path))?;
        let mut pending = TemporaryFile::create(&self.path)?;
        pending.file().write_all(text.as_bytes())?;
        if let Ok(old) = fs::metadata(&self.path) {
            pending.file().set_permissions(old.permissions())?;
        }
        // One that came meanwhile is somebody's.
        pending.publish(&self.path, self.text.is_some())
    }
}
