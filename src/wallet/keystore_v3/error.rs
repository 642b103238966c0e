use thiserror::Error;

use crate::wallet::address::Address;
use crate::wallet::software::PrivateKeyError;

/// Why an encrypted wallet does not open. Nothing of its content is shown.
#[derive(Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeystoreError {
    /// The keystore is of another version of the format.
    #[error(
        "the keystore is not of version 3; open it with the program that made it, and export it again"
    )]
    Version,
    /// The keystore is encrypted in another way.
    #[error("the keystore's `{0}` is none that the format has; export the wallet again")]
    Unknown(&'static str),
    /// A field is missing or damaged.
    #[error("the keystore's `{0}` is missing or damaged; restore the file from a backup")]
    Field(&'static str),
    /// A field is there twice, and says two things.
    #[error("the keystore has two `{0}` that differ; restore the file from a backup")]
    Twice(&'static str),
    /// Deriving its key would take more memory or time than is sensible.
    #[error(
        "the keystore asks for more than {limit} to open, which no program does; do not trust it"
    )]
    TooCostly {
        /// The limit.
        limit: &'static str,
    },
    /// The password is not that of this wallet.
    #[error("incorrect password; check it and where it comes from")]
    Password,
    /// The keystore holds the key of another address than it says.
    #[error(
        "the keystore is for {named}, but its key is that of {held}; do not use it, and restore the file from a backup"
    )]
    Disagree {
        /// The address that it names.
        named: Address,
        /// The address of its key.
        held: Address,
    },
    /// The content is no private key.
    #[error(transparent)]
    Key(#[from] PrivateKeyError),
}
