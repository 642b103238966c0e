//! A line for a person who waits for a slow device.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::status_line;
use crate::text::escape::Shown as _;
use crate::token::Call;

/// Calls that take less time are not spoken of.
const NOTICE_AFTER: Duration = Duration::from_secs(2);

/// Calls that are not back yet. One thread looks after all of them, because a run may make
/// thousands.
static CALLS: Calls = Calls {
    pending: Mutex::new(Pending {
        begun: 0,
        calls: BTreeMap::new(),
    }),
    first: Condvar::new(),
};

/// Says on stderr what is waited for if `call` takes long; until what it returns is dropped.
pub(crate) fn watch(call: &Call) -> Box<dyn Any> {
    static THREAD: OnceLock<()> = OnceLock::new();
    THREAD.get_or_init(|| {
        // Without a thread nothing is said.
        let _ = thread::Builder::new()
            .stack_size(64 * 1024)
            .spawn(|| CALLS.look_after());
    });
    Box::new(CALLS.begin(Instant::now() + NOTICE_AFTER, call.clone()))
}

struct Calls {
    pending: Mutex<Pending>,
    /// There is a call where there was none.
    first: Condvar,
}

struct Pending {
    /// Calls that ever began.
    begun: u64,
    /// By their number, and so by when they are to be spoken of.
    calls: BTreeMap<u64, (Instant, Call)>,
}

impl Calls {
    fn begin(&'static self, late: Instant, call: Call) -> Begun {
        let mut pending = self.pending();
        let number = pending.begun;
        pending.begun += 1;
        pending.calls.insert(number, (late, call));
        // Else the thread sleeps until a call from before this one would be late.
        if pending.calls.len() == 1 {
            self.first.notify_one();
        }
        Begun { of: self, number }
    }

    /// Speaks of each call that is late, once.
    fn look_after(&self) {
        let mut pending = self.pending();
        loop {
            let Some(next) = pending.calls.first_entry() else {
                pending = self.wait(pending);
                continue;
            };
            let left = next.get().0.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let (_, call) = next.remove();
                drop(pending);
                status_line::say(&line(&call));
            } else {
                drop(pending);
                thread::sleep(left);
            }
            pending = self.pending();
        }
    }

    fn wait<'a>(&self, pending: MutexGuard<'a, Pending>) -> MutexGuard<'a, Pending> {
        let woken = self.first.wait(pending);
        woken.unwrap_or_else(PoisonError::into_inner)
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Until it is dropped, the call is not back.
struct Begun {
    of: &'static Calls,
    number: u64,
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.of.pending().calls.remove(&self.number);
    }
}

fn line(call: &Call) -> String {
    let module = call.module.shown();
    let Some(token) = &call.token else {
        return match &*call.function {
            Call::LOAD => format!("Waiting for the module {module} to be loaded ..."),
            function => format!("Waiting for the module {module} to come back from {function} ..."),
        };
    };
    if call.function == Call::RECOVERY {
        return format!(
            "The token {:?} does not answer; trying to bring it back ...",
            token.name
        );
    }
    if call.function == Call::FREE_SESSION {
        return format!(
            "All sessions of the token {:?} are taken; waiting for one to end ...",
            token.name
        );
    }
    let what = match &*call.function {
        "C_Login" => " to take the PIN",
        "C_GenerateKeyPair" => " to make the key, which takes minutes on some cards",
        "C_Decrypt" | "C_UnwrapKey" | "C_Sign" if token.hardware => {
            "; touch it if it waits for a touch"
        }
        "C_Decrypt" | "C_UnwrapKey" | "C_Sign" => " to use the key",
        _ => "",
    };
    let (name, function) = (&token.name, &call.function);
    format!("Waiting for the token {name:?}{what} ({function} of {module}) ...")
}
