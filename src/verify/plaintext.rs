use serde::{Deserialize, Serialize};

use crate::chain::poco::Id;

/// The SHA-256 of nothing.
const OF_NOTHING: [u8; 32] = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// The files of a result that its digest is taken of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plaintext {
    /// Whether the digest is that of a folder.
    pub is_folder: bool,
    /// The file, or those in the folder.
    pub files: Vec<HashedFile>,
    /// Files below folders in the folder, which no digest is taken of.
    pub below: u64,
    /// All other files, which no digest is taken of.
    pub others: u64,
}

/// A file and its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HashedFile {
    /// The name in the result, in UTF-8.
    pub name: String,
    /// The SHA-256 of its bytes.
    pub sha256: Id,
}

impl HashedFile {
    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.sha256.as_bytes() == &OF_NOTHING
    }
}
