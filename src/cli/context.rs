use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::config::{ConfigFile, Entry};
use super::options::{Given, Global, SETTINGS, Setting, Settings, merge};
use super::pins::{Pins, credential};
use super::secrets::Secrets;
use super::ui::failure::Failure;
use super::ui::status_line;
use super::ui::text_layout::TextLayout;
use crate::archive::Limits;
use crate::beneficiary::Folder;
use crate::code::Code;
use crate::decrypt::Temporaries;
use crate::file::ownership;
use crate::text::escape::Shown as _;
use crate::token::Uri;
use crate::wallet::LocateError;
use crate::wallet::address::Address;
use crate::wallet::locate::{self, FoundWallet, KeystoreDir, Located, WalletOptions, locate};
use crate::wallet::sign::Wallet as _;
use crate::wallet::software::SoftwareWallet;
use crate::wallet::wallet_file::{self, WalletFile, WalletFileError};

/// The variable that holds a private key.
pub(crate) const WALLET_KEY: &str = "IEXEC_HSM_WALLET_KEY";

/// The options and settings that a command works with, and where it runs.
pub(crate) struct Context {
    pub(crate) global: Global,
    pub(crate) settings: Settings,
    pub(crate) secrets: Secrets,
    /// The files and folders that a signal removes.
    pub(crate) temporaries: Temporaries,
    pub(crate) cwd: PathBuf,
    pub(crate) home: Option<PathBuf>,
    /// The settings in options and environment.
    given: Given,
    /// The settings in the file.
    file: Vec<Entry>,
    /// Modules that broke when they were tried: these are loaded nowhere else.
    broken_modules: Mutex<Vec<PathBuf>>,
    /// Whether an agent was asked in the place of the token.
    asks_agent: AtomicBool,
    /// Why an agent that is named was not asked.
    missed_agent: Mutex<Option<Failure>>,
    passed_agent: Mutex<Option<String>>,
}

impl Context {
    /// Resolves the settings of options, environment and the user's configuration.
    pub(crate) fn new(
        global: Global,
        given: Given,
        secrets: Secrets,
        temporaries: Temporaries,
    ) -> Result<Self, Failure> {
        let file = ConfigFile::of_user()?;
        let entries = file.map(|file| file.entries).unwrap_or_default();
        Self::with(global, given, secrets, temporaries, entries)
    }

    /// Resolves them with the settings of a file that was read already.
    pub(crate) fn with(
        global: Global,
        given: Given,
        secrets: Secrets,
        temporaries: Temporaries,
        file: Vec<Entry>,
    ) -> Result<Self, Failure> {
        let cwd = std::env::current_dir().map_err(|error| {
            Failure::new(
                Code::IoFailed,
                format!("the working folder cannot be found: {error}"),
            )
        })?;
        let context = Self {
            settings: resolve(&given, &file)?,
            global,
            secrets,
            temporaries,
            cwd,
            home: std::env::home_dir(),
            given,
            file,
            broken_modules: Mutex::default(),
            asks_agent: AtomicBool::new(false),
            missed_agent: Mutex::default(),
            passed_agent: Mutex::default(),
        };
        Ok(context.with_key_of_address())
    }

    /// Takes an address in the place of a key for the key that its key file names.
    fn with_key_of_address(mut self) -> Self {
        let name = self.settings.key.as_ref().and_then(Uri::short_name);
        let address = name.and_then(|it| it.parse::<Address>().ok());
        if let Some(address) = address
            && let Ok(Some(record)) = self.key_record(&address)
        {
            self.settings.key = Some(record.uri);
        }
        self
    }

    /// Resolves them as if `setting` had been typed.
    pub(crate) fn typed(
        mut self,
        setting: &Setting,
        value: impl Into<OsString>,
    ) -> Result<Self, Failure> {
        self.given = self.given.typed(setting, value);
        self.settings = resolve(&self.given, &self.file)?;
        Ok(self.with_key_of_address())
    }

    /// The module's path, where anybody names one: an option or the environment, else a URI, else
    /// the file.
    pub(crate) fn named_module(&self) -> Option<PathBuf> {
        let settings = &self.settings;
        let named = [
            settings.key.as_ref(),
            settings.token.as_ref(),
            self.wallet(),
        ];
        let mut in_uris = named.into_iter().flatten();
        let in_uri = in_uris.find_map(|uri| uri.module_path.as_ref().map(PathBuf::from));
        let given = settings.module.clone();
        let given = given.filter(|_| settings.found.module.is_given());
        given.or(in_uri).or_else(|| settings.module.clone())
    }

    /// Notes that an agent is asked in the place of the token.
    pub(crate) fn note_agent(&self) {
        self.asks_agent.store(true, Ordering::Relaxed);
    }

    /// Whether an agent is asked in the place of the token.
    pub(crate) fn asks_agent(&self) -> bool {
        self.asks_agent.load(Ordering::Relaxed)
    }

    /// Notes why an agent that is named is not asked.
    pub(crate) fn note_missed_agent(&self, failure: Failure) {
        *lock(&self.missed_agent) = Some(failure);
    }

    /// Returns why an agent that is named was not asked.
    pub(crate) fn take_missed_agent(&self) -> Option<Failure> {
        lock(&self.missed_agent).take()
    }

    /// Notes why an agent that runs is not asked, in words that follow "your agent was not asked:".
    pub(crate) fn note_passed_agent(&self, reason: String) {
        self.say(|| format!("not the agent: {reason}"));
        *lock(&self.passed_agent) = Some(reason);
    }

    /// Returns why an agent that runs was not asked.
    pub(crate) fn take_passed_agent(&self) -> Option<String> {
        lock(&self.passed_agent).take()
    }

    /// Whether a person can be asked.
    pub(crate) fn can_ask(&self) -> bool {
        !self.global.no_input && super::ui::terminal::open().is_some()
    }

    /// Modules that broke when they were tried.
    pub(crate) fn broken_modules(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        lock(&self.broken_modules)
    }

    /// The wallet on a token, for the commands that speak for one.
    pub(crate) fn wallet(&self) -> Option<&Uri> {
        let speaks = self.given.has(&SETTINGS.wallet);
        self.settings.wallet.as_ref().filter(|_| speaks)
    }

    /// Whether a PIN is at hand, so that nobody is asked for one.
    pub(crate) fn has_pin(&self) -> bool {
        let in_file = self.pin_file().is_ok_and(|file| file.is_some());
        in_file || self.secrets.pin.is_set() || credential().is_some()
    }

    /// Returns the sources of PINs. The secrets of the environment go with them.
    pub(crate) fn pins(&self) -> Result<Pins, Failure> {
        let settings = &self.settings;
        let file = self.pin_file()?;
        if let Some(file) = &file {
            self.warn_if_exposed("the PIN file", file);
        }
        Ok(Pins {
            file,
            environment: self.secrets.pin.take(),
            taken: self.secrets.taken_pin.take(),
            so_environment: self.secrets.so_pin.take(),
            so_file: settings.so_pin_file.clone(),
            read: None,
            chosen: None,
            no_input: self.global.no_input,
            tells: !self.global.raw,
            final_try: self.global.final_pin_try,
            file_only: false,
            agent: match settings.no_agent {
                true => None,
                false => self.agent_socket().ok(),
            },
        })
    }

    /// The sources of a new PIN: a file, or the terminal.
    pub(crate) fn new_pins(&self, file: Option<PathBuf>) -> Pins {
        Pins {
            so_file: file.clone(),
            file,
            file_only: true,
            no_input: self.global.no_input,
            tells: !self.global.raw,
            ..Pins::default()
        }
    }

    /// The file of the user PIN: that of an option or the environment, else of a URI, else of the
    /// configuration.
    pub(crate) fn pin_file(&self) -> Result<Option<PathBuf>, Failure> {
        let settings = &self.settings;
        let set = settings.pin_file.clone();
        let mut file = set.clone().filter(|_| settings.found.pin_file.is_given());
        for uri in [&settings.key, &settings.token].into_iter().flatten() {
            file = file.or(uri.pin_file()?);
        }
        Ok(file.or(set))
    }

    /// Returns the socket of the agent; unknown when no folder for such things is set.
    pub(crate) fn agent_socket(&self) -> Result<PathBuf, Failure> {
        if let Some(path) = &self.settings.agent_sock {
            return Ok(self.cwd.join(path));
        }
        let folder = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        match folder.filter(|folder| folder.is_absolute()) {
            Some(folder) => Ok(folder.join("iexec-hsm/agent.sock")),
            None => Err(Failure::new(
                Code::Usage,
                "there is no folder for the agent's socket: XDG_RUNTIME_DIR is not set",
            )
            .hint("Name a socket in a folder that is yours alone, with --agent-sock or IEXEC_HSM_AGENT_SOCK.")),
        }
    }

    /// The beneficiary's key files.
    pub(crate) fn folder(&self) -> Folder {
        Folder::new(self.cwd.join(&self.settings.beneficiary_keystoredir))
            .with_temporaries(self.temporaries.clone())
    }

    /// The Ethereum address of the beneficiary, from the option, the environment's key or the SDK's wallets.
    pub(crate) fn located(&self) -> Result<Located, Failure> {
        Ok(locate(
            &self.wallet_options()?,
            self.home.as_deref(),
            &self.cwd,
        )?)
    }

    /// The wallet file that signs for what [`Self::located`] found.
    pub(crate) fn wallet_file_of(&self, located: &Located) -> Result<PathBuf, Failure> {
        let options = self.wallet_options()?;
        Ok(locate::file_of(
            located,
            &options,
            self.home.as_deref(),
            &self.cwd,
        )?)
    }

    /// The encrypted wallet file that would sign and does not tell its address, so that only
    /// unlocking it does.
    pub(crate) fn silent_wallet_file(&self) -> Result<Option<PathBuf>, Failure> {
        match locate(&self.wallet_options()?, self.home.as_deref(), &self.cwd) {
            Err(LocateError::NoAddress { path }) => match wallet_file::read(&path) {
                Ok((WalletFile::Encrypted(_), _)) => Ok(Some(path)),
                Ok(_) | Err(WalletFileError::NoKey { .. }) => Ok(None),
                Err(error) => Err(error.into()),
            },
            _ => Ok(None),
        }
    }

    /// Every wallet file here, with its address or what is wrong with it.
    pub(crate) fn wallet_files(&self) -> Result<Vec<FoundWallet>, Failure> {
        let options = WalletOptions {
            keystore_dir: self.keystore_dir(),
            ..WalletOptions::default()
        };
        Ok(locate::every_file(
            &options,
            self.home.as_deref(),
            &self.cwd,
        )?)
    }

    /// The wallet whose key is in `IEXEC_HSM_WALLET_KEY`.
    pub(crate) fn environment_wallet(&self) -> Result<Option<SoftwareWallet>, Failure> {
        let wallet = self
            .secrets
            .wallet_key
            .show(|text| SoftwareWallet::from_text(text));
        wallet
            .transpose()
            .map_err(|error| Failure::from(error).of(WALLET_KEY))
    }

    fn wallet_options(&self) -> Result<WalletOptions, Failure> {
        let (wallet_file, wallet_address) = (
            self.settings.wallet_file.clone(),
            self.settings.wallet_address,
        );
        let environment = match (&wallet_file, &wallet_address) {
            (None, None) => self.environment_wallet()?.map(|wallet| wallet.address()),
            // What says more wins, and a bad key does no harm where none is used.
            _ => None,
        };
        Ok(WalletOptions {
            wallet_file,
            wallet_address,
            environment,
            keystore_dir: self.keystore_dir(),
        })
    }

    fn keystore_dir(&self) -> KeystoreDir {
        KeystoreDir::from(self.settings.keystoredir.clone())
    }

    /// The largest result that is accepted.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            max_size: self.settings.max_size,
            max_entries: self.settings.max_entries,
        }
    }

    /// With `--verbose`, tells of one thing that is used or done. No secret may be in it.
    pub(crate) fn say(&self, what: impl FnOnce() -> String) {
        if self.says() {
            self.tell(what());
        }
    }

    /// Whether [`Self::say`] is heard.
    pub(crate) fn says(&self) -> bool {
        self.global.verbose && !self.global.raw
    }

    /// Tells a person what is going on; nobody with `--raw`.
    pub(crate) fn tell(&self, line: impl std::fmt::Display) {
        if !self.global.raw {
            // With stderr gone there is nobody to tell.
            let mut stderr = std::io::stderr();
            let line = TextLayout::of(&stderr).fitted(&line.to_string());
            let _ = status_line::aside(|| writeln!(stderr, "{line}"));
        }
    }

    /// Tells a person of a danger; nobody with `--raw`.
    pub(crate) fn warn(&self, danger: impl std::fmt::Display) {
        self.tell(format_args!("warning: {danger}"));
    }

    /// Tells of a file that other users have in their hands; not of a pipe, which is nobody else's.
    fn warn_if_exposed(&self, what: &str, path: &Path) {
        let path = self.absolute(path);
        if path.is_file()
            && let Ok(Err(exposed)) = ownership::of_file(&path, self.home.as_deref())
        {
            self.warn(format_args!("{what} may be changed by others: {exposed}"));
        }
    }

    /// Whether a person can be asked whether to go on; in `--raw` nobody is.
    pub(crate) fn confirm(&self, question: &str) -> bool {
        if self.global.raw || self.global.no_input {
            return false;
        }
        super::ui::terminal::open().is_some_and(|terminal| {
            super::ui::terminal::ask_line(&terminal, question)
                .is_ok_and(|answer| matches!(answer.as_str(), "y" | "Y" | "yes" | "Yes"))
        })
    }

    /// Whether a person agrees to have what stands at `path` replaced.
    pub(crate) fn can_replace(&self, path: &Path) -> bool {
        self.confirm(&format!(
            "File {} already exists, replace it? [y/N] ",
            path.shown()
        ))
    }

    /// Whether a person, or `given` on the command line, repeats `label`.
    pub(crate) fn label_repeated(&self, given: Option<&str>, label: &str, what: &str) -> bool {
        if let Some(given) = given {
            return given == label;
        }
        self.is_repeated(what, ("label", label))
    }

    /// Whether a person repeats `name`, a label or an id, once `what` was told.
    pub(crate) fn is_repeated(&self, what: &str, (kind, name): (&str, &str)) -> bool {
        if self.global.raw || self.global.no_input {
            return false;
        }
        super::ui::terminal::open().is_some_and(|terminal| {
            super::ui::terminal::tell(&terminal, what);
            let question = format!("Type its {kind} to go on ({}): ", name.shown());
            super::ui::terminal::ask_line(&terminal, &question).is_ok_and(|answer| answer == name)
        })
    }

    /// `path` in full, for messages and JSON.
    pub(crate) fn absolute(&self, path: &Path) -> PathBuf {
        self.cwd.join(path)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn resolve(given: &Given, file: &[Entry]) -> Result<Settings, Failure> {
    Settings::read(merge(given, file)).map_err(|problem| Failure::new(Code::Usage, problem))
}
