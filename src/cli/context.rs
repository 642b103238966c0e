use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::config::Config;
use super::options::Global;
use super::pins::Pins;
use super::secrets::Secrets;
use super::ui::failure::Failure;
use super::ui::slow_notice;
use super::ui::text_layout::TextLayout;
use crate::archive::Limits;
use crate::beneficiary::Folder;
use crate::code::Code;
use crate::token::{Module, TokenInfo, Uri, discover};
use crate::wallet::locate::{self, FoundWallet, KeystoreDir, Located, WalletOptions, locate};
use crate::wallet::sign::Wallet as _;
use crate::wallet::software::SoftwareWallet;

/// The variable that holds a private key.
pub(crate) const WALLET_KEY: &str = "IEXEC_HSM_WALLET_KEY";

/// What options, environment and configuration say, merged.
pub(crate) struct Context {
    pub(crate) global: Global,
    pub(crate) config: Config,
    pub(crate) secrets: Secrets,
    /// The wallet on a token that signs, where one is named.
    pub(crate) wallet: Option<Uri>,
    pub(crate) cwd: PathBuf,
    home: Option<PathBuf>,
}

impl Context {
    pub(crate) fn new(global: Global, secrets: Secrets) -> Result<Self, Failure> {
        let config = Config::of_user()?;
        Self::with(global, secrets, config)
    }

    /// With a configuration that was read already.
    pub(crate) fn with(
        mut global: Global,
        secrets: Secrets,
        config: Config,
    ) -> Result<Self, Failure> {
        let home = std::env::home_dir();
        let cwd = std::env::current_dir().map_err(|error| {
            Failure::new(
                Code::IoFailed,
                format!("the working folder cannot be found: {error}"),
            )
        })?;
        // A file from the configuration must not win over an address from the command line.
        if global.wallet_address.is_none() {
            global.wallet_file = global.wallet_file.or_else(|| config.wallet_file.clone());
        }
        global.wallet_address = global.wallet_address.or(config.wallet_address);
        global.token = global.token.or_else(|| config.token.clone());
        global.key = global.key.or_else(|| config.key.clone());
        global.beneficiary_keystoredir = global
            .beneficiary_keystoredir
            .or_else(|| config.beneficiary_keystoredir.clone());
        Ok(Self {
            global,
            config,
            secrets,
            wallet: None,
            cwd,
            home,
        })
    }

    /// The module: the named one, or the first well-known one that shows a token.
    pub(crate) fn module(&self) -> Result<Arc<Module>, Failure> {
        let module = match self.named_module() {
            Some(path) => self.load(&path)?,
            None if self.global.module_args.is_some() => return Err(args_of_no_module()),
            None => discover()?,
        };
        self.say(|| format!("module {}", module.path().display()));
        if !self.global.raw && !self.global.quiet {
            module.watch(Box::new(slow_notice::watch));
        }
        Ok(module)
    }

    /// Loads the module at `path`, which somebody named, with the arguments that are for it.
    pub(crate) fn load(&self, path: &Path) -> Result<Arc<Module>, Failure> {
        // Those of the file are for the file's module.
        let in_file = self.config.module.as_deref() == Some(path);
        let in_file = self.config.module_args.as_ref().filter(|_| in_file);
        let arguments = self.global.module_args.as_ref().or(in_file);
        Ok(Module::load_with(path, arguments.map(String::as_str))?)
    }

    /// The module's path, where anybody names one.
    pub(crate) fn named_module(&self) -> Option<PathBuf> {
        let named = [&self.global.key, &self.global.token, &self.wallet];
        let in_uri = named
            .into_iter()
            .flatten()
            .filter_map(|uri| uri.module_path.as_ref())
            .next()
            .map(PathBuf::from);
        let path = self.global.module.clone().or(in_uri);
        path.or_else(|| self.config.module.clone())
    }

    /// The token: the one that `--token` names, else the one that `--key` or `recorded` is on,
    /// else the only one.
    pub(crate) fn token(
        &self,
        module: &Module,
        recorded: Option<&Uri>,
    ) -> Result<TokenInfo, Failure> {
        let wanted = self
            .global
            .token
            .as_ref()
            .or(self.global.key.as_ref())
            .or(recorded);
        let token = module.token(wanted)?;
        self.say(|| format!("token {}", token.uri()));
        Ok(token)
    }

    /// Where PINs come from. The secrets of the environment go with it.
    pub(crate) fn pins(&mut self) -> Result<Pins, Failure> {
        let named = [&self.global.key, &self.global.token].into_iter().flatten();
        let mut file = self.global.pin_file.clone();
        for uri in named {
            file = file.or(uri.pin_file()?);
        }
        Ok(Pins {
            file: file.or_else(|| self.config.pin_file.clone()),
            environment: self.secrets.pin.take(),
            so_environment: self.secrets.so_pin.take(),
            so_file: None,
            read: None,
            chosen: None,
            no_input: self.global.no_input,
            final_try: self.global.final_pin_try,
            file_only: false,
        })
    }

    /// Where the agent listens; unknown when no folder for such things is set.
    pub(crate) fn agent_socket(&self) -> Result<PathBuf, Failure> {
        let set = self.global.agent_sock.as_ref();
        if let Some(path) = set.or(self.config.agent_sock.as_ref()) {
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

    /// Whether a running agent is left alone.
    pub(crate) fn no_agent(&self, given: Option<bool>) -> bool {
        given.or(self.config.no_agent).unwrap_or(false)
    }

    /// The beneficiary's key files.
    pub(crate) fn folder(&self) -> Folder {
        match &self.global.beneficiary_keystoredir {
            Some(path) => Folder::new(self.cwd.join(path)),
            None => Folder::in_directory(&self.cwd),
        }
    }

    /// The beneficiary's address, from the option, the environment's key or the SDK's wallets.
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
        let Some(text) = &self.secrets.wallet_key else {
            return Ok(None);
        };
        let wallet = SoftwareWallet::from_text(text);
        wallet
            .map(Some)
            .map_err(|error| Failure::from(error).of(WALLET_KEY))
    }

    fn wallet_options(&self) -> Result<WalletOptions, Failure> {
        let (wallet_file, wallet_address) =
            (self.global.wallet_file.clone(), self.global.wallet_address);
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
        match &self.global.keystoredir {
            Some(path) => KeystoreDir::from(path.clone()),
            None => self.config.keystoredir.clone().unwrap_or_default(),
        }
    }

    /// What an archive may grow to.
    pub(crate) fn limits(&self, max_size: Option<u64>, max_entries: Option<u64>) -> Limits {
        let default = Limits::default();
        Limits {
            max_size: max_size
                .or(self.config.max_size)
                .unwrap_or(default.max_size),
            max_entries: max_entries
                .or(self.config.max_entries)
                .unwrap_or(default.max_entries),
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
            let _ = writeln!(stderr, "{line}");
        }
    }

    /// Tells a person of a danger; nobody with `--raw`.
    pub(crate) fn warn(&self, danger: impl std::fmt::Display) {
        self.tell(format_args!("warning: {danger}"));
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

    /// Whether a person, or `given` on the command line, repeats `label`.
    pub(crate) fn label_repeated(&self, given: Option<&str>, label: &str, what: &str) -> bool {
        if let Some(given) = given {
            return given == label;
        }
        if self.global.raw || self.global.no_input {
            return false;
        }
        super::ui::terminal::open().is_some_and(|terminal| {
            let question = format!("{what}\nType its label to go on ({label}): ");
            super::ui::terminal::ask_line(&terminal, &question).is_ok_and(|answer| answer == label)
        })
    }

    /// `path` in full, for messages and JSON.
    pub(crate) fn absolute(&self, path: &Path) -> PathBuf {
        self.cwd.join(path)
    }
}

/// One module's arguments would only confuse another.
fn args_of_no_module() -> Failure {
    Failure::new(
        Code::Usage,
        "--module-args is for a module that is named, and none is",
    )
    .hint("Name it with --module, IEXEC_HSM_MODULE or the configuration file.")
}
