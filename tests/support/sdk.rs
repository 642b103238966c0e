//! iExec's own SDK, where it is installed, and its own test archive.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The SDK that `IEXEC_SDK_DIR` names.
pub struct Sdk {
    folder: PathBuf,
}

impl Sdk {
    /// The SDK, or nothing and a word to the reader.
    pub fn find() -> Option<Self> {
        let Some(folder) = std::env::var_os("IEXEC_SDK_DIR") else {
            println!("skipped: IEXEC_SDK_DIR names no folder with iExec's SDK in it");
            return None;
        };
        Some(Self {
            folder: folder.into(),
        })
    }

    /// What the SDK's `decryptResult` gets out of an archive, or what it complains about.
    pub fn decrypt(&self, private_pem: &str, archive: &[u8]) -> Result<Vec<u8>, String> {
        let folder = TempDir::new().unwrap();
        let path = |name| folder.path().join(name);
        std::fs::write(path("key.pem"), private_pem).unwrap();
        std::fs::write(path("archive.zip"), archive).unwrap();
        let output = Command::new("node")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("softhsm/sdk-decrypt.mjs"))
            .arg(&self.folder)
            .args(["key.pem", "archive.zip", "results.zip"].map(path))
            .output()
            .unwrap();
        if output.status.success() {
            Ok(std::fs::read(path("results.zip")).unwrap())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

/// The folder of the SDK's own test archive and keys, or nothing and a word to the reader.
pub fn sdk_fixtures() -> Option<PathBuf> {
    let folder = std::env::var_os("IEXEC_HSM_SDK_FIXTURES").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: IEXEC_HSM_SDK_FIXTURES names no folder with the SDK's archive in it");
    }
    folder
}
