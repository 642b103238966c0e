//! How the two programs that run beside an app in its enclave take the digest of its result.
//!
//! Of a file it is the SHA-256; of a folder the Keccak-256 of the SHA-256s of the files right in it, in the order of
//! their names. They differ in the order of some names, and in what an empty file counts for. Neither hashes names.

use alloy_primitives::keccak256;

use super::plaintext::{HashedFile, Plaintext};
use crate::chain::poco::Id;

/// The digests that a result can have, and what keeps others from being ruled out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Digests {
    /// By the program in Java.
    pub(super) java: Id,
    /// By the program in Rust; none where it makes none.
    pub(super) rust: Option<Id>,
    /// Why another digest is no proof that the files are others.
    pub(super) doubt: Option<&'static str>,
}

impl Digests {
    pub(super) fn of(plaintext: &Plaintext) -> Self {
        let files = &plaintext.files;
        let has_empty = files.iter().any(HashedFile::is_empty);
        let (java, rust) = match files.as_slice() {
            [file] if !plaintext.is_folder => {
                (file.sha256, (!file.is_empty()).then_some(file.sha256))
            }
            files => {
                let all = in_order(files, |name| name.encode_utf16().collect::<Vec<_>>());
                let mut hashed = in_order(files, |name| name.as_bytes().to_vec());
                hashed.retain(|file| !file.is_empty());
                (of_all(&all), (!hashed.is_empty()).then(|| of_all(&hashed)))
            }
        };
        let doubt = if has_empty {
            Some(
                "it has an empty file, which may stand for a symbolic link, and which not all enclaves hash alike",
            )
        } else if plaintext.below > 0 {
            Some("it has folders in the folder that the digest is taken of")
        } else if rust != Some(java) {
            Some("not all enclaves put the names of its files into the same order")
        } else {
            None
        };
        Self { java, rust, doubt }
    }

    pub(super) fn have(&self, digest: Id) -> bool {
        self.java == digest || self.rust == Some(digest)
    }
}

fn in_order<K: Ord>(files: &[HashedFile], key: impl Fn(&str) -> K) -> Vec<&HashedFile> {
    let mut files: Vec<_> = files.iter().collect();
    files.sort_by_cached_key(|file| key(&file.name));
    files
}

fn of_all(files: &[&HashedFile]) -> Id {
    let hashes: Vec<u8> = files
        .iter()
        .flat_map(|file| *file.sha256.as_bytes())
        .collect();
    keccak256(hashes).into()
}
