//! The two files of an address, which are replaced together.

use super::Folder;
use super::file::{self, FileError, Prepared};
use super::key_file::{KeyFile, KeyFileError};
use crate::text::pem::holds_private_key;
use crate::wallet::address::Address;

/// Both files of an address, complete and beside their final names. Dropped, they are gone.
#[derive(Debug)]
pub struct Pair {
    key: Prepared,
    public: Prepared,
}

impl Folder {
    /// Refuses an address whose files hold what would be lost, before a key is made for it.
    ///
    /// # Errors
    /// When one of them is no key reference of ours, or cannot be read.
    pub fn check_replaceable(&self, address: &Address) -> Result<(), KeyFileError> {
        KeyFile::check_replaceable(&self.key_path(address))?;
        self.check_public_replaceable(address)
    }

    /// Refuses an address whose public key file holds a private key.
    ///
    /// # Errors
    /// When it holds a private key, or cannot be read.
    pub fn check_public_replaceable(&self, address: &Address) -> Result<(), KeyFileError> {
        let path = self.public_key_path(address);
        file::check_replaceable(&path)?;
        match file::read(&path) {
            Err(FileError::Missing { .. }) => Ok(()),
            Err(error) => Err(error.into()),
            Ok(content) if holds_private_key(&content) => {
                Err(KeyFileError::WouldDestroySoftwareKey { path })
            }
            Ok(_) => Ok(()),
        }
    }

    /// Writes both files of an address, but not yet under their names.
    ///
    /// # Errors
    /// When the folder or a file cannot be made.
    pub fn prepare(
        &self,
        address: &Address,
        key: &KeyFile,
        public_pem: &str,
    ) -> Result<Pair, FileError> {
        Ok(Pair {
            key: file::prepare(
                &self.temporaries,
                &self.key_path(address),
                key.text().as_bytes(),
            )?,
            public: file::prepare(
                &self.temporaries,
                &self.public_key_path(address),
                public_pem.as_bytes(),
            )?,
        })
    }
}

impl Pair {
    /// Gives both files their names. Only another key reference is ever replaced.
    ///
    /// # Errors
    /// When something else stands there by now, or a file cannot be renamed.
    pub fn commit(self) -> Result<(), KeyFileError> {
        KeyFile::check_replaceable(self.key.path())?;
        self.key.persist()?;
        self.public.persist()?;
        Ok(())
    }
}
