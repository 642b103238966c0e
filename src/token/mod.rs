//! PKCS#11: modules, tokens, PINs, sessions and the result keys on a token.
//!
//! The only module that names `cryptoki`. What real modules do differently, and what a client must
//! therefore do, is written beside the code that does it.

mod change_pin;
mod crossing;
mod error;
mod init;
mod keys;
mod module;
pub(crate) mod names;
mod raw;
mod remedy;
mod session;
#[cfg(test)]
mod testing;
pub mod uri;
mod wallet;

pub use change_pin::{PinOwner, change_pin};
pub use error::{TokenError, Tried};
pub use init::init_token;
pub(crate) use keys::choose_one;
pub use keys::{
    Facts, KeyOrigin, NewKey, ResultKey, SIZES, SoftwareKey, SoftwareKeyError, TokenKeys,
    choose_key, generate, import, key_size,
};
pub use module::{
    Mechanism, Module, P11Kit, PinState, Probe, Slot, TokenInfo, absent, choose_token, p11_kit,
    probe, search, well_known,
};
pub(crate) use module::{is_recorded_as, serial_tells};
pub use raw::{Call, CalledToken, Watch, end_calls, settings_not_read, watch_calls};
pub use remedy::Remedy;
pub(crate) use session::recovery;
pub use session::{
    KeptPin, MissingPin, NoPins, Pin, PinError, PinRequest, PinSource, PinUse, Session,
};
pub use uri::Uri;
pub use wallet::{WalletKey, create_wallet};
