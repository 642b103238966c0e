use std::path::{Path, PathBuf};

use crate::token::module::discover::words;
use crate::token::{Module, TokenInfo};

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
    let seen =
        Module::load(path).and_then(|module| Ok((module.examined(module.tokens()?), module)));
    let description = seen.as_ref().map(|(_, module)| module.description());
    Probe {
        path: path.to_owned(),
        description: description.unwrap_or_default(),
        tokens: seen.map(|(tokens, _)| tokens).map_err(words),
    }
}
