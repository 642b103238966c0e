use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::token::module::discover::words;
use crate::token::{Module, TokenInfo};

/// A module that was loaded only to be looked at.
#[derive(Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Probe {
    /// The path that it was loaded from; not told to another process, which knows it.
    #[serde(skip)]
    pub path: PathBuf,
    /// The description; empty where it does not tell.
    pub description: String,
    /// The tokens, or the loader's or the module's own words.
    pub tokens: Result<Vec<TokenInfo>, String>,
}

impl Probe {
    /// That of a module that could not be looked at, for this reason.
    pub(crate) fn failed(path: &Path, reason: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            description: String::new(),
            tokens: Err(reason.into()),
        }
    }
}

/// Loads the module at `path`, which is code, looks what tokens it shows, and lets go of it. It is
/// initialised with `parameters`, as in [`Module::load_with`].
pub fn probe(path: &Path, parameters: Option<&str>) -> Probe {
    let seen = Module::load_with(path, parameters)
        .and_then(|module| Ok((module.examined(module.tokens()?), module)));
    let description = seen.as_ref().map(|(_, module)| module.description());
    Probe {
        path: path.to_owned(),
        description: description.unwrap_or_default(),
        tokens: seen.map(|(tokens, _)| tokens).map_err(words),
    }
}
