use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::token::{Module, TokenError, TokenInfo};

/// A module that was loaded only to be looked at.
#[derive(Debug)]
#[non_exhaustive]
pub struct Probe {
    /// The path that it was loaded from.
    pub path: PathBuf,
    /// The description; empty where it does not tell.
    pub description: String,
    /// The tokens, or the loader's or the module's own words.
    pub tokens: Result<Vec<TokenInfo>, String>,
}

/// Loads the module at `path`, which is code, looks what tokens it shows, and lets go of it.
pub fn probe(path: &Path) -> Probe {
    let seen = load_and_list(path);
    let description = seen.as_ref().map(|(module, _)| module.description());
    Probe {
        path: path.to_owned(),
        description: description.unwrap_or_default(),
        tokens: seen.map(|(_, tokens)| tokens),
    }
}

/// The module at `path` and its tokens.
pub(in crate::token) fn load_and_list(
    path: &Path,
) -> Result<(Arc<Module>, Vec<TokenInfo>), String> {
    let words = |error| match error {
        TokenError::Module { reason, .. } => reason,
        other => other.to_string(),
    };
    let module = Module::load(path).map_err(words)?;
    let tokens = module.tokens().map_err(words)?;
    Ok((module, tokens))
}
