//! The folder of the beneficiary's key files, with the names that the iExec SDK gives them.

mod file;
pub mod key_file;
mod key_pem;
mod named;
mod pair;
pub mod public_key_file;
pub mod software_key;

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub use file::FileError;
pub use named::addresses_in_name;
pub use pair::Pair;

use crate::file::temporary::Temporaries;
use crate::wallet::address::Address;

const KEY: &str = "_key";
const PUBLIC_KEY: &str = "_key.pub";

/// A folder of key files.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    temporaries: Temporaries,
}

impl Folder {
    /// The folder at this path, which need not exist.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            temporaries: Temporaries::default(),
        }
    }

    /// Returns this folder with its unfinished files among `temporaries`.
    pub fn with_temporaries(self, temporaries: Temporaries) -> Self {
        Self {
            temporaries,
            ..self
        }
    }

    /// The default folder of a working directory.
    pub fn in_directory(cwd: &Path) -> Self {
        Self::new(cwd.join(".secrets/beneficiary"))
    }

    /// The path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file that names the key of this address.
    pub fn key_path(&self, address: &Address) -> PathBuf {
        self.path.join(format!("{address}{KEY}"))
    }

    /// The file with the public key of this address.
    pub fn public_key_path(&self, address: &Address) -> PathBuf {
        self.path.join(format!("{address}{PUBLIC_KEY}"))
    }

    /// The addresses that have a key file or a public key file, in order. A missing folder has none.
    ///
    /// # Errors
    /// [`FileError::Read`] when the folder cannot be listed.
    pub fn addresses(&self) -> Result<Vec<Address>, FileError> {
        let unreadable = |source| FileError::Read {
            path: self.path.clone(),
            source,
        };
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unreadable(error)),
        };
        let mut addresses = BTreeSet::new();
        for entry in entries {
            let name = entry.map_err(unreadable)?.file_name();
            addresses.extend(name.to_str().and_then(address_in));
        }
        Ok(addresses.into_iter().collect())
    }
}

/// The address in a file's name, if the file would be found again under that address.
fn address_in(name: &str) -> Option<Address> {
    let text = name
        .strip_suffix(PUBLIC_KEY)
        .or_else(|| name.strip_suffix(KEY))?;
    let address = Address::parse_beneficiary(text).ok()?;
    (address.to_string() == text).then_some(address)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const FIRST: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    const SECOND: &str = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";

    #[test]
    fn files_are_named_as_the_sdk_names_them() {
        let folder = Folder::in_directory(Path::new("/home/me"));
        let address = FIRST.to_lowercase().parse().unwrap();
        let base = format!("/home/me/.secrets/beneficiary/{FIRST}");
        assert_eq!(folder.key_path(&address), Path::new(&format!("{base}_key")));
        assert_eq!(
            folder.public_key_path(&address),
            Path::new(&format!("{base}_key.pub"))
        );
    }

    #[test]
    fn addresses_with_a_file_are_listed_once() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::new(temporary.path().join("beneficiary"));
        assert_eq!(folder.addresses().unwrap(), []);
        fs::create_dir(folder.path()).unwrap();
        let zero = "0x0000000000000000000000000000000000000000";
        for name in [
            &format!("{SECOND}_key.pub"),
            &format!("{FIRST}_key"),
            &format!("{FIRST}_key.pub"),
            &format!("{}_key", SECOND.to_lowercase()),
            &format!("{FIRST}_key.software.pem"),
            &format!("{zero}_key"),
            "undefined_key",
            ".iexec-hsm-abc.part",
        ] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let expected: Vec<Address> = vec![FIRST.parse().unwrap(), SECOND.parse().unwrap()];
        assert_eq!(folder.addresses().unwrap(), expected);
    }
}
