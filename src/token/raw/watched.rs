use std::any::Any;
use std::borrow::Cow;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// A call into a module, as it is told to whoever watches.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Call {
    /// The function's name in the standard; [`Self::LOAD`] while the loader opens the module,
    /// [`Self::RECOVERY`] while a device is brought back, [`Self::FREE_SESSION`] while other programs
    /// hold all its sessions.
    pub function: Cow<'static, str>,
    /// The module.
    pub module: Arc<Path>,
    /// The token, where the call is made in a session.
    pub token: Option<Arc<CalledToken>>,
}

/// The token that a call is made for.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CalledToken {
    /// The label, or where it is for one that has none.
    pub name: String,
    /// Whether it is in a device, which may want to be touched.
    pub hardware: bool,
}

/// A function that is told of each call into a module when it begins. What it returns is dropped when
/// the call is back.
pub type Watch = dyn Fn(&Call) -> Option<Box<dyn Any>> + Send + Sync;

static WATCH: OnceLock<Box<Watch>> = OnceLock::new();

/// Tells `watch` of all calls into modules that this process makes from now on. The first one
/// stays.
pub fn watch_calls(watch: Box<Watch>) {
    let _ = WATCH.set(watch);
}

impl Call {
    /// The function's name while the loader opens the module.
    pub const LOAD: &str = "dlopen";

    /// The name of a recovery: many calls, and pauses between them.
    pub const RECOVERY: &str = "recovery";

    /// The name of the wait for a session that other programs hold.
    pub const FREE_SESSION: &str = "free session";

    /// A call that is made for no token. Another process may make it.
    pub fn of_module(function: impl Into<Cow<'static, str>>, module: impl Into<Arc<Path>>) -> Self {
        Self {
            function: function.into(),
            module: module.into(),
            token: None,
        }
    }

    /// Tells of this call, if anybody watches; it ends with the value. For one that another process
    /// makes, whoever starts that.
    pub fn begin(&self) -> Option<Box<dyn Any>> {
        WATCH.get().and_then(|watch| watch(self))
    }
}

/// Tells of a call that begins, if anybody watches; it ends with the value.
pub(super) fn begin(call: impl FnOnce() -> Call) -> Option<Box<dyn Any>> {
    WATCH.get()?;
    call().begin()
}
