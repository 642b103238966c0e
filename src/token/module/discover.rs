use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::token::{Module, TokenError, TokenInfo, Tried};

/// File names of modules in the order in which they are tried when none is named: the proxy
/// first, because it stands for all that the machine's owner has configured.
const NAMES: [&str; 9] = [
    "p11-kit-proxy.so",
    "opensc-pkcs11.so",
    "libykcs11.so",
    "yubihsm_pkcs11.so",
    "libnethsm_pkcs11.so",
    "libcloudhsm_pkcs11.so",
    "libtpm2_pkcs11.so",
    "libopencryptoki.so",
    "libsofthsm2.so",
];

/// Folders that distributions and makers keep modules in.
const FOLDERS: [&str; 16] = [
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu/pkcs11",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu/pkcs11",
    "/usr/lib64",
    "/usr/lib64/pkcs11",
    "/usr/lib64/opencryptoki",
    "/usr/lib",
    "/usr/lib/pkcs11",
    "/usr/lib/opencryptoki",
    "/usr/lib/softhsm",
    "/usr/lib/x86_64-linux-gnu/softhsm",
    "/usr/lib/aarch64-linux-gnu/softhsm",
    "/usr/local/lib",
    "/opt/cloudhsm/lib",
    "/opt/homebrew/lib",
];

/// The well-known paths at which a module file is, in the order of preference; each file once.
pub fn well_known() -> Vec<PathBuf> {
    distinct(NAMES.iter().flat_map(|name| {
        FOLDERS
            .iter()
            .map(move |folder| Path::new(folder).join(name))
    }))
}

/// The first path of each file that exists: distributions link from one folder to the other.
fn distinct(paths: impl Iterator<Item = PathBuf>) -> Vec<PathBuf> {
    let mut files = BTreeSet::new();
    paths
        .filter(|path| path.canonicalize().is_ok_and(|file| files.insert(file)))
        .collect()
}

/// Looks in one module after the other for what `choose` finds among the tokens of one. One that has
/// only tokens which do not fit, or are not set up, does not end the search. `load` loads a module.
///
/// # Errors
/// That of `choose`, where nothing is found; [`TokenError::NoModule`] with every path that was tried
/// where none shows a token.
pub fn search<T>(
    paths: impl IntoIterator<Item = PathBuf>,
    load: impl Fn(&Path) -> Result<Arc<Module>, TokenError>,
    choose: impl Fn(&Arc<Module>, Vec<TokenInfo>) -> Result<T, TokenError>,
) -> Result<(Arc<Module>, T), TokenError> {
    let mut unfit = Unfit::default();
    for path in paths {
        let listed = load(&path).and_then(|module| Ok((module.tokens()?, module)));
        match listed {
            Ok((tokens, _)) if tokens.is_empty() => unfit.tried(path, "shows no token".into()),
            Ok((tokens, module)) => match choose(&module, tokens) {
                Ok(found) => return Ok((module, found)),
                Err(error) => unfit.note(error)?,
            },
            Err(error) => unfit.tried(path, words(error)),
        }
    }
    Err(unfit.error())
}

/// What speaks against the modules that were looked into.
#[derive(Default)]
struct Unfit {
    tried: Vec<Tried>,
    not_ready: Option<TokenError>,
    /// The tokens that do not fit, and what was wanted.
    others: Vec<String>,
    wanted: Option<String>,
}

impl Unfit {
    fn tried(&mut self, path: PathBuf, reason: String) {
        self.tried.push(Tried { path, reason });
    }

    /// Notes an error that another module may be better than; returns any other.
    fn note(&mut self, error: TokenError) -> Result<(), TokenError> {
        match error {
            TokenError::NoToken { wanted, present } => {
                self.wanted = Some(wanted);
                // Of two modules that drive one token each shows it.
                let seen = |uri: &String| self.others.contains(uri);
                let new: Vec<String> = present.into_iter().filter(|uri| !seen(uri)).collect();
                self.others.extend(new);
            }
            TokenError::NotReady { .. } if self.not_ready.is_none() => self.not_ready = Some(error),
            TokenError::NotReady { .. } => {}
            other => return Err(other),
        }
        Ok(())
    }

    fn error(self) -> TokenError {
        match (self.not_ready, self.wanted) {
            (Some(not_ready), _) => not_ready,
            (None, Some(wanted)) => TokenError::NoToken {
                wanted,
                present: self.others,
            },
            (None, None) => TokenError::NoModule(with_absent(self.tried)),
        }
    }
}

/// The loader's or the module's own words.
pub(in crate::token) fn words(error: TokenError) -> String {
    match error {
        TokenError::Module { reason, .. } => reason,
        other => other.to_string(),
    }
}

/// Names the modules that are nowhere, too.
fn with_absent(mut tried: Vec<Tried>) -> Vec<Tried> {
    let found: Vec<PathBuf> = tried.iter().map(|it| it.path.clone()).collect();
    tried.extend(absent(&found));
    tried
}

/// The modules that none of the `found` paths leads to, in one.
pub fn absent(found: &[PathBuf]) -> Option<Tried> {
    let is_absent = |name: &&str| !found.iter().any(|known| known.ends_with(name));
    let absent: Vec<&str> = NAMES.into_iter().filter(is_absent).collect();
    (!absent.is_empty()).then(|| Tried {
        path: absent.join(", ").into(),
        reason: format!("in none of {}", FOLDERS.join(", ")),
    })
}

#[cfg(test)]
mod tests;
