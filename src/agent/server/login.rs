use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::mutex::lock;
use super::workers::{HeldKey, Keys};
use crate::token::{TokenError, TokenInfo, Uri, choose_one};

/// The state that all workers of one login share.
pub(super) struct Login {
    token: TokenInfo,
    keys: Mutex<Arc<Keys>>,
    /// Counts how often other keys were there than before.
    version: AtomicU64,
    /// The PIN is kept, and may be sent again.
    keeps_pin: AtomicBool,
    /// The token needs no login, and so no PIN for another one.
    pub(super) needs_none: bool,
    /// The lock of the one who finds out whether the login still stands, or makes another.
    pub(super) recovery_lock: Mutex<()>,
    /// A ciphertext failed and none has succeeded since: it, or the device, is bad.
    doubted: AtomicBool,
}

impl Login {
    pub(super) fn new(token: TokenInfo, keys: Keys, needs_none: bool, keeps_pin: bool) -> Self {
        Self {
            token,
            keys: Mutex::new(Arc::new(keys)),
            version: AtomicU64::new(0),
            keeps_pin: AtomicBool::new(keeps_pin),
            needs_none,
            recovery_lock: Mutex::default(),
            doubted: AtomicBool::new(false),
        }
    }

    /// The token's label.
    pub(super) fn label(&self) -> &str {
        &self.token.label
    }

    /// The keys as they were read last.
    pub(super) fn keys(&self) -> Arc<Keys> {
        lock(&self.keys).clone()
    }

    /// Takes over what was read anew; other workers read it, too, where it is not as before.
    pub(super) fn set_keys(&self, keys: Keys) {
        let mut known = lock(&self.keys);
        if **known != keys {
            *known = Arc::new(keys);
            self.version.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The number of the keys as they were read last.
    pub(super) fn version(&self) -> u64 {
        self.version.load(Ordering::Relaxed)
    }

    /// The one result key that `wanted` names, on this token.
    pub(super) fn choose(&self, wanted: &str) -> Result<HeldKey, TokenError> {
        let keys = self.keys();
        if let Some(key) = keys.find(wanted) {
            return Ok(key.clone());
        }
        let uri: Uri = wanted.parse().map_err(|_| self.no_key(&keys))?;
        if !self.token.fits(&uri) {
            return Err(self.no_key(&keys));
        }
        let place = (self.token.label.as_str(), self.token.login_required());
        let names = |uri: &Uri, key: &HeldKey| key.is_named_by(uri);
        let all = keys.result.clone();
        choose_one(place, all, Some(&uri), |key| key.uri.clone(), names)
    }

    fn no_key(&self, keys: &Keys) -> TokenError {
        TokenError::NoKey {
            label: self.token.label.clone(),
            // What a client says is not repeated: it may be anything.
            wanted: "the one that was asked for".into(),
            present: keys.result.iter().map(|it| it.uri.clone()).collect(),
            login_required: !self.needs_none,
            recorded: None,
        }
    }

    /// Whether the PIN is kept, for keys that demand it for each use and for another login.
    pub(super) fn keeps_pin(&self) -> bool {
        self.keeps_pin.load(Ordering::Relaxed)
    }

    /// Whether another login can be made, without a person.
    pub(super) fn can_be_made_again(&self) -> bool {
        self.needs_none || self.keeps_pin()
    }

    /// The PIN is not sent any more. Each worker wipes its copy with its next request.
    pub(super) fn forget_pin(&self) {
        self.keeps_pin.store(false, Ordering::Relaxed);
    }

    /// Remembers whether the last ciphertext failed.
    pub(super) fn doubt(&self, failed: bool) {
        self.doubted.store(failed, Ordering::Relaxed);
    }

    /// Whether the last ciphertext failed; asked once for each.
    pub(super) fn take_doubt(&self) -> bool {
        self.doubted.swap(false, Ordering::Relaxed)
    }
}
