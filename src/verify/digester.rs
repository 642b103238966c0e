//! The hashes of a result's files, taken while they are read for another purpose.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

use super::evidence::PlaintextEvidence;
use super::plaintext::HashedFile;
use super::plan::{COMPUTED_JSON, EntryFacts, Plan};
use crate::archive::result_zip::{EntryName, FileWatcher, WatchedFile, Watcher};
use crate::chain::poco::Id;

/// Says of what was seen whether it may be released.
type Release = Box<dyn Fn(&PlaintextEvidence) -> bool + Send + Sync>;

/// Hashes the files that the digest of a result is taken of, while they are decrypted.
pub struct Digester {
    state: Arc<Mutex<State>>,
    release: Release,
}

struct State {
    plan: Result<Plan, String>,
    hashes: BTreeMap<Vec<u8>, Id>,
}

impl Digester {
    /// One that lets every result be released.
    pub fn new() -> Self {
        Self::with_release(|_| true)
    }

    /// One that lets a result be released where `release` says so of what was seen of it.
    pub fn with_release(
        release: impl Fn(&PlaintextEvidence) -> bool + Send + Sync + 'static,
    ) -> Self {
        let plan = Err("the result was not read".to_owned());
        let hashes = BTreeMap::new();
        Self {
            state: Arc::new(Mutex::new(State { plan, hashes })),
            release: Box::new(release),
        }
    }

    /// The hashes, once all was read.
    pub fn evidence(&self) -> PlaintextEvidence {
        let state = locked(&self.state);
        match state.plan.as_ref().map(|plan| state.plaintext(plan)) {
            Ok(Some(plaintext)) => PlaintextEvidence::Read(plaintext),
            Ok(None) => PlaintextEvidence::Unknown {
                why: "not all files that the digest is taken of were read".to_owned(),
            },
            Err(why) => PlaintextEvidence::Unknown { why: why.clone() },
        }
    }

    /// Begins with a result that has these files, of which `computed` is the content of `computed.json`.
    pub fn plan<'a>(
        &self,
        computed: Option<&[u8]>,
        entries: impl IntoIterator<Item = EntryFacts<'a>>,
    ) {
        let mut state = locked(&self.state);
        state.plan = Plan::of(computed, entries);
        state.hashes.clear();
    }
}

impl Default for Digester {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Digester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digester")
    }
}

impl State {
    /// What there is to know; none where files are missing.
    fn plaintext(&self, plan: &Plan) -> Option<super::Plaintext> {
        if self.hashes.len() != plan.len() {
            return None;
        }
        let mut plaintext = plan.plaintext();
        plaintext.files = self
            .hashes
            .iter()
            .map(|(name, sha256)| HashedFile {
                name: String::from_utf8_lossy(name).into_owned(),
                sha256: *sha256,
            })
            .collect();
        Some(plaintext)
    }
}

impl Watcher for Digester {
    fn first(&self) -> EntryName<'static> {
        EntryName(COMPUTED_JSON.as_bytes())
    }

    fn begin(&self, first: Option<&[u8]>, files: &[WatchedFile<'_>]) {
        let facts = files.iter().map(|it| EntryFacts {
            name: it.name.0,
            is_link: it.is_symlink,
        });
        self.plan(first, facts);
    }

    fn wants(&self, name: EntryName<'_>) -> bool {
        let state = locked(&self.state);
        let is_planned = state.plan.as_ref().is_ok_and(|plan| plan.wants(name.0));
        is_planned && !state.hashes.contains_key(name.0)
    }

    fn file(&self, name: EntryName<'_>) -> Box<dyn FileWatcher> {
        Box::new(Hashing {
            name: name.0.to_vec(),
            hash: Sha256::new(),
            state: Arc::clone(&self.state),
        })
    }

    fn releases(&self) -> bool {
        (self.release)(&self.evidence())
    }
}

/// A file that is hashed.
struct Hashing {
    name: Vec<u8>,
    hash: Sha256,
    state: Arc<Mutex<State>>,
}

impl FileWatcher for Hashing {
    fn see(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
    }

    fn end(self: Box<Self>) {
        let hash: [u8; 32] = self.hash.finalize().into();
        let mut state = locked(&self.state);
        state.hashes.insert(self.name, hash.into());
    }
}

impl fmt::Debug for Hashing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hashing")
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
