//! Worker processes, which alone have the token's module loaded: one that crashes or hangs takes nothing else along.
//!
//! ```text
//!   the front                                        a worker process, started anew
//!   Worker -- child -- protocol, frame -- socket -- inside: held -- module, one session, a login of its own
//!                '--------------- notebook: the call that it is in ------'
//!   keeper ---------------------------- socket -- inside: the PIN, and no module
//! ```
//!
//! One request at a time goes to a worker, and its answer comes back. A worker ends when it is told to, or when the front is
//! gone: it lets its call return, closes, and finalises the module.

mod child;
mod frame;
mod inside;
mod keeper;
mod notebook;
mod program;
mod protocol;

pub(super) use child::{Child, Killable, Lost};
pub use inside::{Inside, Locate, work};
pub(super) use keeper::Keeper;
pub use program::{Located, NotLocated, Workers};
pub(super) use protocol::{
    HeldKey, Keys, LogIn, LoggedIn, ModuleFile, Recorded, SignedBy, Standing,
};
