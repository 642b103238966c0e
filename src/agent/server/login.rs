use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::token::{
    Facts, KeptPin, MissingPin, Pin, PinError, PinRequest, PinSource, ResultKey, Session,
    TokenError, TokenInfo, Uri, WalletKey, choose_key,
};
use crate::wallet::address::Address;

/// The state that all sessions of one login share.
pub(super) struct Login {
    token: TokenInfo,
    keys: Mutex<Arc<LoginKeys>>,
    kept: Mutex<Option<KeptPin>>,
    /// The token needs no login, and so no PIN for another one.
    pub(super) needs_none: bool,
    /// The lock of the one who finds out whether the login still stands.
    pub(super) recovery_lock: Mutex<()>,
    /// A ciphertext failed and none has succeeded since: it, or the device, is bad.
    doubted: AtomicBool,
}

/// The keys that this login can use. Their handles hold for it alone.
#[derive(Default)]
pub(super) struct LoginKeys {
    /// Result keys, with their URIs and what the token says of them.
    pub(super) result: Vec<(String, ResultKey, Facts)>,
    /// Wallets, with their URIs and addresses.
    pub(super) wallets: Vec<(String, Address, WalletKey)>,
}

impl LoginKeys {
    /// Reads them.
    pub(super) fn read(session: &Session) -> Result<Self, TokenError> {
        let token = session.token();
        let result = session.private_keys()?.into_iter();
        let wallets = session.wallet_keys()?.into_iter();
        Ok(Self {
            result: result
                .map(|key| (key.uri(token).to_string(), session.facts(&key), key))
                .map(|(uri, facts, key)| (uri, key, facts))
                .collect(),
            wallets: wallets
                .filter(WalletKey::has_private)
                .map(|key| (key.uri(token).to_string(), key.address(), key))
                .collect(),
        })
    }

    /// The result key with that very URI.
    pub(super) fn find(&self, uri: &str) -> Option<&ResultKey> {
        self.result.iter().find(|it| it.0 == uri).map(|it| &it.1)
    }

    /// All result keys.
    pub(super) fn all(&self) -> impl Iterator<Item = &ResultKey> {
        self.result.iter().map(|(_, key, _)| key)
    }

    /// The wallet of an address.
    pub(super) fn wallet(&self, owner: &Address) -> Option<&WalletKey> {
        self.wallets
            .iter()
            .find(|it| it.1 == *owner)
            .map(|it| &it.2)
    }
}

impl Login {
    pub(super) fn new(session: &Session, keys: LoginKeys, kept: Option<KeptPin>) -> Self {
        Self {
            token: session.token().clone(),
            needs_none: session.needs_no_login(),
            keys: Mutex::new(Arc::new(keys)),
            kept: Mutex::new(kept),
            recovery_lock: Mutex::default(),
            doubted: AtomicBool::new(false),
        }
    }

    /// The keys as they were read last.
    pub(super) fn keys(&self) -> Arc<LoginKeys> {
        lock(&self.keys).clone()
    }

    /// Takes over what was read anew.
    pub(super) fn set_keys(&self, keys: LoginKeys) {
        *lock(&self.keys) = Arc::new(keys);
    }

    /// The URI and the public facts of the one result key that `wanted` names, on this token.
    pub(super) fn choose(&self, wanted: &str) -> Result<(String, ResultKey), TokenError> {
        let keys = self.keys();
        if let Some(key) = keys.find(wanted) {
            return Ok((wanted.to_owned(), key.clone()));
        }
        let uri: Uri = wanted.parse().map_err(|_| self.no_key(&keys))?;
        if !self.token.fits(&uri) {
            return Err(self.no_key(&keys));
        }
        let all = keys.result.iter().map(|it| it.1.clone()).collect();
        let key = choose_key(&self.token, all, Some(&uri))?;
        Ok((key.uri(&self.token).to_string(), key))
    }

    fn no_key(&self, keys: &LoginKeys) -> TokenError {
        TokenError::NoKey {
            label: self.token.label.clone(),
            // What a client says is not repeated: it may be anything.
            wanted: "the one that was asked for".into(),
            present: keys.result.iter().map(|it| it.0.clone()).collect(),
            login_required: !self.needs_none,
            recorded: None,
        }
    }

    /// Whether the PIN is kept, for keys that demand it for each use.
    pub(super) fn keeps_pin(&self) -> bool {
        lock(&self.kept).is_some()
    }

    /// A copy of the PIN that is kept, for one use.
    pub(super) fn pin(&self) -> KeptPinSource {
        KeptPinSource(lock(&self.kept).as_ref().map(KeptPin::get))
    }

    /// Wipes the PIN that is kept.
    pub(super) fn forget_pin(&self) {
        *lock(&self.kept) = None;
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

/// No lock here is held by a thread that could panic; if one did, what it guards is still whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The PIN that is kept, if any, as a source.
pub(super) struct KeptPinSource(pub(super) Option<Pin>);

impl PinSource for KeptPinSource {
    fn pin(&mut self, request: &PinRequest<'_>) -> Result<Pin, PinError> {
        self.0.clone().ok_or_else(|| PinError::NobodyToAsk {
            token: request.token.label.clone(),
            missing: MissingPin::NotKept,
        })
    }

    fn is_given(&self, _: &PinRequest<'_>) -> bool {
        self.0.is_some()
    }

    /// Nobody can be asked.
    fn allow_final_try(&mut self, _: &TokenInfo) -> bool {
        false
    }
}

/// The one PIN that came with a request to log in.
pub(super) struct GivenPinSource {
    pub(super) pin: Option<Pin>,
    pub(super) final_try: bool,
}

impl PinSource for GivenPinSource {
    fn pin(&mut self, request: &PinRequest<'_>) -> Result<Pin, PinError> {
        self.pin.clone().ok_or_else(|| PinError::NobodyToAsk {
            token: request.token.label.clone(),
            missing: MissingPin::NotSent,
        })
    }

    fn is_given(&self, _: &PinRequest<'_>) -> bool {
        self.pin.is_some()
    }

    fn allow_final_try(&mut self, _: &TokenInfo) -> bool {
        self.final_try
    }
}
