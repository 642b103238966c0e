//! The search for the module and the token that a command works with.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use super::context::Context;
use super::key_records::KeyRecords;
use super::ui::failure::Failure;
use super::ui::module_noise;
use crate::code::Code;
use crate::text::escape::Shown as _;
use crate::token::{
    Module, ResultKey, Session, TokenError, TokenInfo, Tried, Uri, WalletKey, absent, choose_key,
    search, settings_not_read, well_known,
};
use crate::wallet::on_token::choose;

/// A module, and a token that it drives.
pub(crate) type Located = (Arc<Module>, TokenInfo);

/// The choice of one of the tokens that a module shows.
pub(crate) type Choice<'a> =
    &'a dyn Fn(&Arc<Module>, Vec<TokenInfo>) -> Result<TokenInfo, TokenError>;

impl Context {
    /// Finds the token that options name, else the one that all of `records` are on, else the only one.
    pub(crate) fn locate(&self, records: &KeyRecords) -> Result<Located, Failure> {
        self.locate_among(&[], records)
    }

    /// Does the same, in the `loaded` modules first.
    pub(crate) fn locate_among(
        &self,
        loaded: &[Arc<Module>],
        records: &KeyRecords,
    ) -> Result<Located, Failure> {
        // The first module that has any token is not the last one that is looked into for a key.
        if self.named_module().is_none()
            && let Some(found) = self.locate_by_key(loaded, records)
        {
            return Ok(found);
        }
        self.locate_by(loaded, &|module, tokens| {
            self.choose(module, tokens, records)
        })
    }

    /// Finds the token of a key for which none is named, and those of keys that are on several.
    fn locate_by_key(&self, loaded: &[Arc<Module>], records: &KeyRecords) -> Option<Located> {
        let settings = &self.settings;
        let found = match (&settings.token, &settings.key) {
            (None, Some(key)) if !key.names_token() => self.locate_by(loaded, &|module, tokens| {
                module.choose(seen(module, tokens, key), None, |_| false)
            }),
            (None, None) if records.name_several_tokens() => {
                self.locate_by(loaded, &|module, mut tokens| {
                    tokens.retain(|token| records.any(|record| record.is_on(token)));
                    module.choose(tokens, None, |_| false)
                })
            }
            _ => return None,
        };
        found.ok()
    }

    /// Finds the token of the wallet that `uri` names.
    pub(crate) fn locate_wallet(
        &self,
        loaded: &[Arc<Module>],
        uri: &Uri,
    ) -> Result<Located, Failure> {
        self.locate_by(loaded, &|module, tokens| {
            module.choose(tokens, Some(uri), |token| {
                let wallets = look(module, token, Session::wallet_keys);
                shows_wallet(token, wallets, uri)
            })
        })
    }

    /// Chooses among the tokens of one module as [`Self::locate`] does.
    pub(crate) fn choose(
        &self,
        module: &Arc<Module>,
        tokens: Vec<TokenInfo>,
        records: &KeyRecords,
    ) -> Result<TokenInfo, TokenError> {
        let settings = &self.settings;
        let is_recorded = |token: &TokenInfo| {
            records.any(|record| record.is_on(token))
                && keys(module, token)
                    .iter()
                    .any(|key| records.have(token, key))
        };
        match (&settings.token, &settings.key) {
            (token, Some(key)) => module.choose(tokens, token.as_ref().or(Some(key)), |token| {
                token.fits(key) && choose_key(token, keys(module, token), Some(key)).is_ok()
            }),
            (Some(token), None) => module.choose(tokens, Some(token), is_recorded),
            (None, None) => records.choose_token(module, tokens, is_recorded),
        }
    }

    /// Finds a token in the module that is named, else in the first of all that are found that has one
    /// for `choice`.
    pub(crate) fn locate_by(
        &self,
        loaded: &[Arc<Module>],
        choice: Choice<'_>,
    ) -> Result<Located, Failure> {
        let known = |path: &Path| loaded.iter().find(|it| it.path() == path).cloned();
        let load = |path: &Path| known(path).map_or_else(|| self.load(path), Ok);
        let named = self.named_module();
        let paths = match named {
            Some(_) => Vec::new(),
            None => self.module_paths()?,
        };
        // With --verbose it is told what they say; they say much of tokens that are not there.
        let is_silent = named.is_none() && !self.says();
        let _silence = is_silent.then(module_noise::silence).flatten();
        let look = || -> Result<Located, TokenError> {
            match &named {
                Some(path) => {
                    let module = load(path)?;
                    let token = choice(&module, module.tokens()?)?;
                    Ok((module, token))
                }
                None => search(paths.clone(), load, choice),
            }
        };
        let (module, token) = look_again(look)?;
        self.say(|| format!("module {}", module.path().shown()));
        self.say(|| format!("token {}", token.uri()));
        Ok((module, token))
    }

    /// Every token of the modules that are found, each once: with the first module that shows it.
    pub(crate) fn every_token(&self) -> Result<Vec<(PathBuf, TokenInfo)>, Failure> {
        let (mut all, mut tried) = (Vec::new(), Vec::new());
        let paths = self.module_paths()?;
        for path in &paths {
            let reason = match self.probe(path).tokens {
                Ok(tokens) if tokens.is_empty() => "shows no token".into(),
                Ok(tokens) => {
                    add(&mut all, path, tokens);
                    continue;
                }
                Err(reason) => reason,
            };
            tried.push(Tried {
                path: path.clone(),
                reason,
            });
        }
        if all.is_empty() {
            tried.extend(absent(&paths));
            return Err(TokenError::NoModule(tried).into());
        }
        Ok(all)
    }

    /// The first module that is found and loads, where none is named.
    pub(crate) fn first_module(&self) -> Option<Arc<Module>> {
        let _silence = (!self.says()).then(module_noise::silence).flatten();
        let paths = self.module_paths().ok()?;
        paths.iter().find_map(|path| self.load(path).ok())
    }

    /// The paths of the modules that are found where none is named.
    fn module_paths(&self) -> Result<Vec<PathBuf>, Failure> {
        if self.settings.found.module_args.is_given() {
            return Err(args_of_no_module());
        }
        let mut paths = well_known();
        let broken = self.broken_modules();
        paths.retain(|path| !broken.contains(path));
        Ok(paths)
    }

    /// Loads the module at `path`, with the arguments that are for it.
    pub(crate) fn load(&self, path: &Path) -> Result<Arc<Module>, TokenError> {
        for file in settings_not_read() {
            self.say(|| {
                format!(
                    "not read: {}, as a folder must not choose a device",
                    file.shown()
                )
            });
        }
        let module = Module::load_with(path, self.arguments_of(path))?;
        module.wait_for_sessions(self.settings.device_timeout);
        Ok(module)
    }

    /// The arguments for the module at `path`.
    pub(crate) fn arguments_of(&self, path: &Path) -> Option<&str> {
        let settings = &self.settings;
        // Those of the file are for the file's module.
        let fit = settings.found.module_args.is_given() || settings.module.as_deref() == Some(path);
        settings.module_args.as_deref().filter(|_| fit)
    }
}

/// Looks for a token; a few times, where there are others and not this one.
fn look_again(look: impl Fn() -> Result<Located, TokenError>) -> Result<Located, TokenError> {
    let mut found = look();
    for pause in Module::PAUSES_OF_LOOKS {
        if !found.as_ref().is_err_and(TokenError::is_beside_others) {
            break;
        }
        thread::sleep(pause);
        found = look();
    }
    found
}

/// Adds the tokens of a module that no other one has shown.
fn add(all: &mut Vec<(PathBuf, TokenInfo)>, path: &Path, tokens: Vec<TokenInfo>) {
    let known: Vec<String> = all.iter().map(|(_, it)| it.uri().to_string()).collect();
    let new = tokens
        .into_iter()
        .filter(|token| !known.contains(&token.uri().to_string()));
    all.extend(new.map(|token| (path.to_owned(), token)));
}

/// Whether the wallet that `uri` names is among `wallets` of `token`.
pub(crate) fn shows_wallet(token: &TokenInfo, wallets: Vec<WalletKey>, uri: &Uri) -> bool {
    choose(token, wallets, Some(uri)).is_ok()
}

/// The tokens on which the key is seen that `uri` names.
fn seen(module: &Arc<Module>, mut tokens: Vec<TokenInfo>, uri: &Uri) -> Vec<TokenInfo> {
    tokens.retain(|token| {
        token.initialised() && choose_key(token, keys(module, token), Some(uri)).is_ok()
    });
    tokens
}

/// The result keys that a token shows before a login.
fn keys(module: &Arc<Module>, token: &TokenInfo) -> Vec<ResultKey> {
    look(module, token, Session::result_keys)
}

/// What a token shows before a login; nothing where it does not answer.
fn look<T>(
    module: &Arc<Module>,
    token: &TokenInfo,
    list: impl Fn(&Session) -> Result<Vec<T>, TokenError>,
) -> Vec<T> {
    let session = Session::open(module, token);
    session
        .and_then(|session| list(&session))
        .unwrap_or_default()
}

/// Refuses arguments that are for no named module: they would only confuse another.
fn args_of_no_module() -> Failure {
    Failure::new(
        Code::Usage,
        "--module-args is for a module that is named, and none is",
    )
    .hint("Name it with --module, IEXEC_HSM_MODULE or the configuration file.")
}
