//! All that front and worker say to each other.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::agent::wire::{Secret, Unwrap};
use crate::token::{Facts, Module, TokenError, TokenInfo, Uri};
use crate::wallet::address::Address;

/// A request to a worker. The answer to each is in the comment.
#[derive(Serialize, Deserialize)]
// There is one at a time.
#[allow(clippy::large_enum_variant)]
pub(super) enum Request {
    /// Find module and token as the program's own settings say: `Result<Found, E>`, the error being the program's.
    Locate,
    /// Load this module: `Result<(), TokenError>`.
    Load(ModuleFile),
    /// Find a token in the module: `Result<TokenInfo, TokenError>`.
    Find(Find),
    /// Open a session with the token that was found, and log in: [`LoggedIn`].
    LogIn(LogIn),
    /// Read the keys anew: `Result<Keys, TokenError>`.
    ReadKeys,
    /// Do one private-key operation with the key in this place: `Result<Unwrapped, TokenError>`.
    Unwrap(Standing, Place, Unwrap),
    /// Sign a hash as this address: `Result<SignedBy, TokenError>`.
    Sign(Standing, String, [u8; 32]),
    /// Ask the token something, and where it `proves`, something that only a working device can do:
    /// `Result<(), TokenError>`.
    KeepAlive { standing: Standing, proves: bool },
    /// Ask the token what it says of itself: `Result<TokenInfo, TokenError>`.
    Look,
    /// Open a new session in the same login: `Result<(), TokenError>`.
    Renew,
    /// Log in again, with the PIN that is kept if need be: `Result<Keys, TokenError>`.
    LogInAgain(Standing),
    /// Keep this PIN for others: `()`.
    Keep(Secret),
    /// The PIN that is kept for others: `Option<Secret>`.
    Kept,
    /// Log out, finalise the module and end. There is no answer.
    End,
}

/// A module, and what it is initialised with.
#[derive(Clone, Serialize, Deserialize)]
pub(in crate::agent::server) struct ModuleFile {
    /// The path, which need not be text.
    path: Vec<u8>,
    pub(super) parameters: Option<String>,
}

impl ModuleFile {
    pub(super) fn of(module: &Module) -> Self {
        Self {
            path: module.path().as_os_str().as_bytes().to_vec(),
            parameters: module.parameters().map(str::to_owned),
        }
    }

    pub(in crate::agent::server) fn path(&self) -> PathBuf {
        Path::new(&OsString::from_vec(self.path.clone())).to_owned()
    }
}

/// The module and the token that a program's settings lead to.
#[derive(Serialize, Deserialize)]
pub(super) struct Found {
    pub(super) module: ModuleFile,
    pub(super) token: TokenInfo,
}

/// The token to be found.
#[derive(Serialize, Deserialize)]
pub(super) struct Find {
    /// The token's URI.
    pub(super) wanted: String,
    /// The token as it was.
    pub(super) known: TokenInfo,
    /// Whether the module is restarted where it does not show the token: some do not see one that came back.
    pub(super) may_restart: bool,
}

/// Recorded public keys with the places of their keys, as URIs and PEM.
pub(in crate::agent::server) type Recorded = Vec<(String, String)>;

/// A login.
#[derive(Serialize, Deserialize)]
pub(in crate::agent::server) struct LogIn {
    pub(in crate::agent::server) pin: Option<Secret>,
    /// Whether the last attempt that the token grants may be used.
    pub(in crate::agent::server) final_try: bool,
    /// Whether the PIN is kept, for keys that demand it for each use and for a login that has ended.
    pub(in crate::agent::server) keep_pin: bool,
    pub(in crate::agent::server) recorded: Recorded,
    /// Time for which a session is waited for that others hold.
    pub(in crate::agent::server) patience: Duration,
}

/// How a login ended.
#[derive(Serialize, Deserialize)]
pub(in crate::agent::server) struct LoggedIn {
    pub(in crate::agent::server) result: Result<Keys, TokenError>,
    /// Nobody is logged in, because the token needs no login.
    pub(in crate::agent::server) needs_none: bool,
    /// The token after it, as far as it still answers.
    pub(in crate::agent::server) token: Option<TokenInfo>,
    /// The names of the walls that stand around the worker.
    pub(in crate::agent::server) confinement: Vec<String>,
}

/// What has changed for a worker since its last request.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(in crate::agent::server) struct Standing {
    /// Its PIN may be used; otherwise it is wiped.
    pub(in crate::agent::server) keeps_pin: bool,
    /// Another worker has found other keys.
    pub(in crate::agent::server) keys_changed: bool,
}

/// The keys on a token.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::agent::server) struct Keys {
    pub(in crate::agent::server) result: Vec<HeldKey>,
    pub(in crate::agent::server) wallets: Vec<HeldWallet>,
}

/// A result key among those of the token. Its URI names the token, too, which may have another label for a worker that was
/// started later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::agent::server) struct Place {
    pub(super) id: Vec<u8>,
    pub(super) label: String,
}

/// The public facts of a result key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::agent::server) struct HeldKey {
    pub(in crate::agent::server) uri: String,
    pub(in crate::agent::server) id: Vec<u8>,
    pub(in crate::agent::server) label: String,
    pub(in crate::agent::server) bits: usize,
    /// As PEM.
    pub(in crate::agent::server) public_key: String,
    pub(in crate::agent::server) always_authenticate: bool,
    pub(in crate::agent::server) allowed_mechanisms: Vec<String>,
    pub(in crate::agent::server) facts: Facts,
}

/// The public facts of a wallet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::agent::server) struct HeldWallet {
    pub(in crate::agent::server) uri: String,
    pub(in crate::agent::server) label: String,
    pub(in crate::agent::server) address: String,
    pub(in crate::agent::server) always_authenticate: bool,
}

impl HeldKey {
    pub(in crate::agent::server) fn place(&self) -> Place {
        Place {
            id: self.id.clone(),
            label: self.label.clone(),
        }
    }

    pub(in crate::agent::server) fn modulus_len(&self) -> usize {
        self.bits.div_ceil(8)
    }

    /// Whether `uri`, which fits the token, names this key.
    pub(in crate::agent::server) fn is_named_by(&self, uri: &Uri) -> bool {
        uri.names_key_pair() && uri.matches_object(&self.id, self.label.as_bytes())
    }
}

impl Keys {
    /// The result key with that very URI.
    pub(in crate::agent::server) fn find(&self, uri: &str) -> Option<&HeldKey> {
        self.result.iter().find(|it| it.uri == uri)
    }

    /// The wallet of an address.
    pub(in crate::agent::server) fn wallet(&self, owner: &Address) -> Option<&HeldWallet> {
        let owner = owner.to_string();
        self.wallets.iter().find(|it| it.address == owner)
    }

    pub(in crate::agent::server) fn is_empty(&self) -> bool {
        self.result.is_empty() && self.wallets.is_empty()
    }
}

/// What came of a private-key operation.
#[derive(Serialize, Deserialize)]
pub(in crate::agent::server) struct Unwrapped {
    /// `None` for a bad ciphertext, or a device that has just gone.
    pub(in crate::agent::server) bytes: Option<Secret>,
    /// The device did not answer after it.
    pub(in crate::agent::server) silent: Option<TokenError>,
}

/// What came of a signature.
#[derive(Serialize, Deserialize)]
pub(in crate::agent::server) enum SignedBy {
    /// The token has no wallet of that address.
    Nobody,
    /// The numbers that the token made are no signature of it.
    Wrongly,
    /// The signature, as Ethereum takes it, in hexadecimal.
    Wallet(Secret),
}
