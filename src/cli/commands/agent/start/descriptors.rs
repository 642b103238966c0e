//! The descriptors that an agent needs: with too few a module sees no files, and so no keys.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::cli::ui::failure::Failure;
use crate::code::Code;

/// For the sockets, the module and a few clients.
const LEAST: u64 = 64;

/// For as many clients as there may be.
const WANTED: u64 = 1024;

/// Sees to it that there are enough, as far as the system allows it.
pub(super) fn ready() -> Result<(), Failure> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|now| now >= WANTED) {
        return Ok(());
    }
    let most = limit.maximum.map_or(WANTED, |maximum| maximum.min(WANTED));
    let raised = Rlimit {
        current: Some(most),
        ..limit
    };
    // Where it may not be raised, what there is may do.
    let _ = setrlimit(Resource::Nofile, raised);
    match getrlimit(Resource::Nofile).current {
        Some(now) if now < LEAST => Err(Failure::new(
            Code::Failed,
            format!("the limit is {now} open files, and an agent needs {LEAST}"),
        )
        .hint("Raise the limit with `ulimit -n`, or with LimitNOFILE= in its unit.")),
        _ => Ok(()),
    }
}
