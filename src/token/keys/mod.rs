//! Result keys: how they are found, made, imported, removed and used.

pub(super) mod attributes;
mod certificates;
mod choose;
mod decrypt;
mod delete;
pub(super) mod fresh_key;
pub(super) mod generate;
mod import;
mod public_key_of;
mod result_key;
mod software_key;
mod token_keys;
mod unwrap_key;

pub use choose::choose_key;
pub(crate) use choose::choose_one;
pub use generate::{NewKey, SIZES, generate, key_size};
pub use import::import;
pub use result_key::{Facts, KeyOrigin, ResultKey};
pub use software_key::{SoftwareKey, SoftwareKeyError};
pub use token_keys::TokenKeys;
