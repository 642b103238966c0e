//! A line for a person who waits for a slow device.

use std::any::Any;
use std::io::Write as _;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::token::{SlowCall, TokenInfo};

/// What is done sooner is not spoken of.
const PATIENCE: Duration = Duration::from_secs(2);

/// Says on stderr what is waited for if `call` takes long; until what it returns is dropped.
pub(super) fn watch(call: SlowCall, token: &TokenInfo) -> Box<dyn Any> {
    let line = line(call, token);
    let (done, is_done): (Sender<()>, _) = channel();
    let wait = move || {
        if is_done.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            // With stderr gone there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "{line}");
        }
    };
    // Without a thread nothing is said. The channel ends when this end of it is dropped.
    let _ = thread::Builder::new().stack_size(64 * 1024).spawn(wait);
    Box::new(done)
}

fn line(call: SlowCall, token: &TokenInfo) -> String {
    let name = token.name();
    match call {
        SlowCall::Login => format!("Waiting for the token \"{name}\" to take the PIN ..."),
        SlowCall::MakeKey => format!(
            "Waiting for the token \"{name}\" to make the key, which takes minutes on some cards ..."
        ),
        SlowCall::UseKey if token.is_hardware() => {
            format!("Waiting for the token \"{name}\"; touch it if it waits for a touch ...")
        }
        SlowCall::UseKey => format!("Waiting for the token \"{name}\" to use the key ..."),
    }
}
