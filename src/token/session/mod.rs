//! Sessions, logins, PINs, and what brings a failed device back.

mod kept_pin;
pub(super) mod login;
pub(super) mod open;
pub(super) mod pin;
mod pin_error;
pub(crate) mod recovery;
mod so_login;

pub use kept_pin::KeptPin;
pub use open::Session;
pub use pin::{NoPins, Pin, PinRequest, PinSource, PinUse};
pub use pin_error::{MissingPin, PinError};
