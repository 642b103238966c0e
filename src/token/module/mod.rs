//! Modules, their slots and tokens, and the choice among them.

mod discover;
mod free_session;
pub(super) mod load;
mod mechanism;
mod not_loaded;
mod p11_kit;
mod probe;
mod select;
mod slot;
mod slots;
pub(super) mod token_info;

pub use discover::{absent, search, well_known};
pub use load::Module;
pub use mechanism::Mechanism;
pub use p11_kit::{P11Kit, p11_kit};
pub use probe::{Probe, probe};
pub use select::choose_token;
pub use slot::Slot;
pub use token_info::{PinState, TokenInfo};
pub(crate) use token_info::{is_recorded_as, serial_tells};
