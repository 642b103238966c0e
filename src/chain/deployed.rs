//! `deployed.json` of a project: the app, dataset and workerpool that the SDK has deployed last, on each chain.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::file::small;
use crate::wallet::address::Address;

const NAME: &str = "deployed.json";

/// What is in such a file.
#[derive(Debug, Default, Deserialize)]
pub struct Deployed {
    #[serde(default)]
    app: Addresses,
    #[serde(default)]
    dataset: Addresses,
    #[serde(default)]
    workerpool: Addresses,
}

/// Addresses by the numbers of their chains.
type Addresses = BTreeMap<String, Address>;

/// Why the file could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeployedError {
    /// The system's error.
    #[error("cannot read {path:?}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The error.
        source: std::io::Error,
    },
    /// It is something else.
    #[error("{path:?} does not name addresses by chain: {source}")]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The fault.
        source: serde_json::Error,
    },
}

impl Deployed {
    /// Reads that of a folder; one that names nothing where there is none.
    ///
    /// # Errors
    /// When it cannot be read, or is something else.
    pub fn load(folder: &Path) -> Result<Self, DeployedError> {
        let path = folder.join(NAME);
        let content = match small::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(source) => return Err(DeployedError::Io { path, source }),
            Ok(content) => content,
        };
        serde_json::from_slice(&content).map_err(|source| DeployedError::Wrong { path, source })
    }

    /// The app on this chain.
    pub fn app(&self, chain_id: u64) -> Option<Address> {
        self.app.get(&chain_id.to_string()).copied()
    }

    /// The dataset on this chain.
    pub fn dataset(&self, chain_id: u64) -> Option<Address> {
        self.dataset.get(&chain_id.to_string()).copied()
    }

    /// The workerpool on this chain.
    pub fn workerpool(&self, chain_id: u64) -> Option<Address> {
        self.workerpool.get(&chain_id.to_string()).copied()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_was_deployed_is_found_by_the_number_of_the_chain() {
        let folder = tempfile::tempdir().unwrap();
        let load = || Deployed::load(folder.path());
        assert_eq!(load().unwrap().app(134), None);
        let app = "0x41729D682e8e7959492794F67f5445b24eE6f5ed";
        let file = folder.path().join(NAME);
        std::fs::write(&file, format!(r#"{{"app":{{"134":"{app}"}},"other":1}}"#)).unwrap();
        let deployed = load().unwrap();
        assert_eq!(deployed.app(134).unwrap().to_string(), app);
        assert_eq!((deployed.app(1), deployed.dataset(134)), (None, None));
        std::fs::write(&file, r#"{"app":{"134":"0x1"}}"#).unwrap();
        assert!(matches!(load(), Err(DeployedError::Wrong { .. })));
    }
}
