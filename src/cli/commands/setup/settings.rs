use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::questions::Questions;
use crate::cli::config::{ConfigFile, Entry, usual, with_entries};
use crate::cli::context::Context;
use crate::cli::options::{SETTINGS, Setting};
use crate::cli::ui::failure::Failure;
use crate::code::Code;
use crate::decrypt::Temporaries;
use crate::file::named;
use crate::text::escape::Shown as _;
use crate::wallet::address::Address;

/// The first line of a new file.
const HEAD: &str = "# Written by `iexec-hsm setup`; `iexec-hsm config show` tells what is used.\n";

/// The configuration file as it is, and what is to be set in it.
pub(super) struct Settings {
    path: PathBuf,
    /// `None` where there is no file yet.
    old: Option<ConfigFile>,
    new: Vec<(&'static Setting, String)>,
}

impl Settings {
    pub(super) fn read() -> Result<Self, Failure> {
        let path = usual().ok_or_else(|| {
            Failure::new(Code::Usage, "there is no folder for the configuration")
                .hint("Set HOME or XDG_CONFIG_HOME.")
        })?;
        let old = ConfigFile::used(&path)?;
        // One that is a link stays one.
        let path = fs::canonicalize(&path).unwrap_or(path);
        Ok(Self {
            path,
            old,
            new: Vec::new(),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Notes a setting; one that stands there so already is no news.
    pub(super) fn set(&mut self, setting: &'static Setting, value: String) {
        if self.value(setting) != Some(&value) {
            self.new.push((setting, value));
        }
    }

    /// Notes what was said of the person: address, folder of key files, PIN file.
    pub(super) fn of_person(
        &mut self,
        context: &Context,
        address: &Address,
    ) -> Result<(), Failure> {
        // The file names the wallet, and so the address.
        if self.value(&SETTINGS.wallet_file).is_none() {
            self.set(&SETTINGS.wallet_address, address.to_string());
        }
        let found = &context.settings.found;
        for (setting, found) in [
            (
                &SETTINGS.beneficiary_keystoredir,
                &found.beneficiary_keystoredir,
            ),
            (&SETTINGS.pin_file, &found.pin_file),
        ] {
            let Some(path) = found.text.as_ref().filter(|_| found.is_given()) else {
                continue;
            };
            let path = Path::new(path);
            if self
                .value(setting)
                .is_some_and(|known| Path::new(known) == path)
            {
                continue;
            }
            let path = context.absolute(path).into_os_string().into_string();
            let path = path.map_err(|path| {
                let what = format!("{} cannot stand in the configuration", path.shown());
                Failure::new(Code::Usage, what).hint("Give it a path that is UTF-8.")
            })?;
            self.set(setting, path);
        }
        Ok(())
    }

    fn entry(&self, setting: &Setting) -> Option<&Entry> {
        let mut old = self.old.iter().flat_map(|file| &file.entries);
        old.find(|entry| entry.setting.id == setting.id)
    }

    fn value(&self, setting: &Setting) -> Option<&String> {
        self.entry(setting).map(|entry| &entry.text)
    }

    /// Has a person, or `replace`, agree to settings that are others from now on.
    pub(super) fn agree(&self, questions: &Questions, replace: bool) -> Result<(), Failure> {
        let path = self.path.shown();
        let changed = |(setting, value): &(&Setting, String)| {
            let old = self.entry(setting)?;
            let (line, key, was) = (old.line, setting.name(), old.text.shown());
            let value = value.shown();
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
    pub(super) fn write(&self, temporaries: &Temporaries) -> Result<Vec<String>, Failure> {
        let keys = self.new.iter().map(|(it, _)| it.name()).collect();
        if self.new.is_empty() {
            return Ok(keys);
        }
        let text = with_entries(self.text().unwrap_or(HEAD), &self.new);
        // Never one that the next command would refuse.
        ConfigFile::parse(&self.path, text.as_bytes())?;
        self.publish(&text, temporaries).map_err(|error| {
            let what = format!("{} cannot be written: {error}", self.path.shown());
            Failure::new(Code::IoFailed, what).hint(format!(
                "What was done so far stays. Write it yourself:\n{text}"
            ))
        })?;
        Ok(keys)
    }

    fn text(&self) -> Option<&str> {
        self.old.as_ref().map(|file| file.text.as_str())
    }

    fn publish(&self, text: &str, temporaries: &Temporaries) -> io::Result<()> {
        named::make(named::folder_of(&self.path))?;
        let mut pending = temporaries.file(&self.path)?;
        pending.file().write_all(text.as_bytes())?;
        let permissions = match fs::metadata(&self.path) {
            Ok(old) => old.permissions(),
            // Never one that others may write to, whatever the umask: it would be refused.
            Err(_) => Permissions::from_mode(pending.file().metadata()?.mode() & !0o022),
        };
        pending.file().set_permissions(permissions)?;
        // One that came meanwhile is somebody's.
        pending.publish(self.old.is_some())
    }
}
