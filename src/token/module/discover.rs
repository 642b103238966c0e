use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::token::{Module, TokenError, TokenInfo, Tried};

/// File names of modules in the order in which they are tried when none is named: the proxy
/// first, because it stands for all that the machine's owner has configured.
const NAMES: [&str; 5] = [
    "p11-kit-proxy.so",
    "opensc-pkcs11.so",
    "libykcs11.so",
    "yubihsm_pkcs11.so",
    "libsofthsm2.so",
];

/// Folders that distributions keep modules in.
const FOLDERS: [&str; 9] = [
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu/pkcs11",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu/pkcs11",
    "/usr/lib64/pkcs11",
    "/usr/lib/pkcs11",
    "/usr/lib/softhsm",
    "/usr/local/lib",
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

/// Loads the first well-known module that shows a token that is set up, else the first that shows
/// an empty one; for when the user named none.
///
/// # Errors
/// [`TokenError::NoModule`] with every path that was tried and why it was not taken.
pub fn discover() -> Result<Arc<Module>, TokenError> {
    let mut tried = Vec::new();
    let mut empty = None;
    for path in well_known() {
        match shows(&path) {
            Ok((module, true)) => return Ok(module),
            Ok((module, false)) => empty = empty.or(Some(module)),
            Err(reason) => tried.push(Tried { path, reason }),
        }
    }
    empty.ok_or_else(|| TokenError::NoModule(with_absent(tried)))
}

/// The module at `path` if it shows a token, and whether one of them is set up.
fn shows(path: &Path) -> Result<(Arc<Module>, bool), String> {
    let (module, tokens) = super::probe::load_and_list(path)?;
    if tokens.is_empty() {
        return Err("shows no token".into());
    }
    Ok((module, tokens.iter().any(TokenInfo::initialised)))
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
