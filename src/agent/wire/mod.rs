//! The messages that go over the socket.

mod refusal;
mod secret;

use serde::{Deserialize, Serialize};

pub use refusal::Refusal;
pub use secret::Secret;

pub use crate::code::Code;

use crate::archive::Scheme;
use crate::token::Facts;

/// The paths.
pub mod path {
    /// `GET`: [`super::Status`].
    pub const STATUS: &str = "/v1/status";
    /// `GET`: numbers in Prometheus' text form.
    pub const METRICS: &str = "/v1/metrics";
    /// `GET`: [`super::Keys`].
    pub const KEYS: &str = "/v1/keys";
    /// `POST` of [`super::Unwrap`]: [`super::Unwrapped`].
    pub const UNWRAP: &str = "/v1/unwrap";
    /// `POST` of [`super::Unlock`]: [`super::Status`].
    pub const UNLOCK: &str = "/v1/unlock";
    /// `POST`: [`super::Status`].
    pub const LOCK: &str = "/v1/lock";
    /// `POST`: [`super::Status`]; the agent ends then.
    pub const STOP: &str = "/v1/stop";
    /// `POST` of [`super::SignSmsChallenge`]: [`super::SignedSmsChallenge`].
    pub const SIGN_SMS_CHALLENGE: &str = "/v1/wallet/sign-sms-challenge";
}

/// Whether the token can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum State {
    /// Somebody has to unlock it first.
    Locked,
    /// A login is under way.
    Unlocking,
    /// Logged in.
    Unlocked,
    /// Logged in, and the device failed; it is being brought back.
    Recovering,
}

/// The state of the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Status {
    /// Whether the token can be used.
    pub state: State,
    /// The reason why it is locked.
    pub reason: Option<String>,
    /// Whether the token was never there since the agent was started: what is told of it is what it is
    /// looked for by.
    #[serde(default)]
    pub absent: bool,
    /// The token's URI.
    pub token: String,
    /// The token's label.
    pub label: String,
    /// The labels of other tokens that the module shows with the same serial number.
    #[serde(default)]
    pub other_labels: Vec<String>,
    /// The state of the user PIN, as the token told it last, in the words of `token list`.
    pub pin: String,
    /// Whether the reader asks for the PIN itself.
    pub pin_pad: bool,
    /// Whether the token needs a login, by its own word: where it needs none, no PIN need be sent.
    #[serde(default = "yes")]
    pub login_required: bool,
    /// Whether the token takes an empty PIN.
    #[serde(default)]
    pub empty_pin: bool,
    /// The longest PIN that the token takes by its own word, in bytes.
    #[serde(default)]
    pub longest_pin: Option<u64>,
    /// The module's file.
    pub module: String,
    /// The agent's process.
    pub pid: u32,
    /// The agent's version.
    pub version: String,
    /// Sessions that are open.
    pub sessions: usize,
    /// Requests that wait for a session.
    pub waiting: usize,
    /// A call has not come back from the module: nothing can be asked of the token until it does.
    pub hung: bool,
    /// Seconds without use after which it locks; `None` for never.
    pub idle_seconds: Option<u64>,
    /// Seconds after which it locks, used or not; `None` for never.
    #[serde(default)]
    pub max_lifetime_seconds: Option<u64>,
    /// Whether it is locked because somebody said so; then only who says so unlocks it.
    #[serde(default)]
    pub locked_by_hand: bool,
    /// Seconds that a person has to allow a use of a key; `None` where nobody is asked.
    #[serde(default)]
    pub confirm_seconds: Option<u64>,
    /// Seconds until it locks if nobody uses it, as far as it is unlocked.
    pub locks_in_seconds: Option<u64>,
    /// Result keys that can be used now.
    #[serde(default)]
    pub usable_keys: usize,
    /// Seconds after which it gives a request up that the token has not answered.
    #[serde(default)]
    pub request_seconds: Option<u64>,
    /// Seconds since the agent has started.
    #[serde(default)]
    pub uptime_seconds: u64,
    /// The last failure of the token or its login.
    #[serde(default)]
    pub last_failure: Option<LastFailure>,
    /// Lines of the audit log that could not be written.
    #[serde(default)]
    pub audit_lost: u64,
    /// Worker processes that crashed, or were ended because they did not answer.
    #[serde(default)]
    pub workers_ended: u64,
    /// The walls around the agent's processes.
    #[serde(default)]
    pub confinement: Confinement,
}

/// What an agent means that does not tell.
fn yes() -> bool {
    true
}

/// The walls around the agent's processes, by the names that the kernel's documents give them: `no-new-privs`,
/// `capabilities`, `seccomp`, `landlock`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Confinement {
    /// Around the process that answers, and all that it starts.
    pub agent: Vec<String>,
    /// Around the one with the token's module that has logged in last.
    pub workers: Vec<String>,
}

/// A failure of the token or its login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LastFailure {
    /// The cause, in one word.
    pub code: String,
    /// Seconds since then.
    pub seconds_ago: u64,
}

/// The keys on the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Keys {
    /// Whether the token can be used; while it is locked no key is told.
    pub state: State,
    /// The result keys.
    pub keys: Vec<Key>,
    /// The wallets.
    pub wallets: Vec<WalletKey>,
}

/// A result key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Key {
    /// The URI.
    pub key: String,
    /// The label.
    pub label: String,
    /// The size of its modulus.
    pub bits: usize,
    /// The public key, as PEM.
    pub public_key: String,
    /// False for one that demands the PIN for each use, where the agent does not keep the PIN.
    pub usable: bool,
    /// Whether it demands the PIN for each use.
    #[serde(default)]
    pub always_authenticate: bool,
    /// The mechanisms that it may be used with; empty where the token does not tell, or allows all.
    #[serde(default)]
    pub allowed_mechanisms: Vec<String>,
    /// What the token says of the private key.
    #[serde(default)]
    pub facts: Facts,
}

/// A wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WalletKey {
    /// The URI.
    pub wallet: String,
    /// The label.
    pub label: String,
    /// The address that it signs for.
    pub address: String,
    /// False as for [`Key::usable`].
    pub usable: bool,
}

/// A wrapped key to be unwrapped.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Unwrap {
    /// The result key's URI.
    pub key: String,
    /// The scheme that it is wrapped with.
    #[serde(with = "scheme")]
    pub scheme: Scheme,
    /// The RSA ciphertext, as long as the key's modulus.
    #[serde(with = "bytes")]
    pub wrapped_key: Vec<u8>,
}

/// The content key. A ciphertext that is bad has one, too: a random one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Unwrapped {
    /// The AES key itself.
    pub content_key: Secret,
}

/// A request to log in.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Unlock {
    /// The PIN; `None` where the reader asks for it, and where the token needs no login.
    pub pin: Option<Secret>,
    /// Whether the last attempt that the token grants may be used.
    pub final_try: bool,
}

/// A secret that its owner wants to publish to the SMS.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignSmsChallenge {
    /// The owner's address.
    pub owner: String,
    /// The secret's name.
    pub name: String,
    /// The secret's value, as it is sent.
    pub value: String,
}

/// The signature that the SMS wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SignedSmsChallenge {
    /// The address that signed.
    pub owner: String,
    /// The hash that was signed, before the prefix of EIP-191: 32 bytes in hexadecimal.
    pub challenge: String,
    /// 65 bytes in hexadecimal.
    pub signature: String,
}

/// An answer that is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Refused {
    /// False.
    pub ok: bool,
    /// The refusal.
    pub error: Refusal,
}

/// The words for [`Scheme`], those of `result inspect`.
mod scheme {
    use serde::de::{Error as _, Unexpected};
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::archive::Scheme;

    const ALL: [Scheme; 3] = [Scheme::Current, Scheme::LegacyEcb, Scheme::Guide2019];

    pub(super) fn serialize<S: Serializer>(scheme: &Scheme, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(scheme.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Scheme, D::Error> {
        let word = String::deserialize(from)?;
        ALL.into_iter()
            .find(|scheme| scheme.as_str() == word)
            .ok_or_else(|| {
                D::Error::invalid_value(
                    Unexpected::Other("text"),
                    &"current, legacy-ecb or guide-2019",
                )
            })
    }
}

/// Bytes as base64.
mod bytes {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::de::{Error as _, Unexpected};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        STANDARD
            .decode(text)
            .map_err(|_| D::Error::invalid_value(Unexpected::Other("text"), &"base64"))
    }
}
