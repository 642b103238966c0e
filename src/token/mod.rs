//! PKCS#11: modules, tokens, PINs, sessions and the result keys on a token.
//!
//! The only room that names `cryptoki`. What real modules do differently, and what a client must
//! therefore do, is written beside the code that does it.

mod attributes;
mod delete;
mod discover;
mod error;
mod fresh_key;
mod generate;
mod held;
mod import;
mod info;
mod init;
mod kept_pin;
mod keys;
mod mechanism;
mod module;
mod officer;
mod p11_kit;
mod pin;
mod probe;
mod public_half;
mod raw;
pub(crate) mod recovery;
mod result_key;
mod select;
mod session;
mod slot;
mod slow;
#[cfg(test)]
mod testing;
mod unwrap;
mod unwrap_key;
pub mod uri;
mod wallet;

pub use discover::{Tried, absent, discover, well_known};
pub use error::TokenError;
pub use generate::{NewKey, SIZES, generate, key_size};
pub use import::{SoftwareKey, SoftwareKeyError, import};
pub use info::{PinState, TokenInfo};
pub use init::init_token;
pub use kept_pin::KeptPin;
pub use keys::{KeysBeside, TokenKeys};
pub use mechanism::Mechanism;
pub use module::Module;
pub use p11_kit::{P11Kit, p11_kit};
pub use pin::{Pin, PinError, PinRequest, PinSource, PinUse};
pub use probe::{Probe, probe};
pub use result_key::{Facts, Origin, ResultKey};
pub use select::choose_key;
pub use session::Session;
pub use slot::Slot;
pub use slow::{SlowCall, Watch};
pub use uri::Uri;
pub use wallet::{WalletKey, create_wallet};
