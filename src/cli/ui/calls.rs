//! What a person is told of the calls into modules, wherever they are made.

use std::any::Any;

use super::{slow_notice, status_line};
use crate::cli::options::Global;
use crate::text::escape::Shown as _;
use crate::token::{Call, Watch, watch_calls};

/// Tells of each call of this process that takes long, and with `--verbose` of each module before it is loaded, as
/// it may end the program; of nothing with `--raw` or `--quiet`.
pub(crate) fn tell_of(global: &Global) {
    if let Some(watch) = watch(global) {
        watch_calls(watch);
    }
}

/// Returns what tells of them.
pub(crate) fn watch(global: &Global) -> Option<Box<Watch>> {
    let (slow, loads) = (!global.quiet, global.verbose);
    if global.raw || !(slow || loads) {
        return None;
    }
    Some(Box::new(move |call| {
        if loads {
            tell_of_load(call);
        }
        slow.then(|| slow_notice::watch(call) as Box<dyn Any>)
    }))
}

fn tell_of_load(call: &Call) {
    if call.function == Call::LOAD {
        status_line::say(&format!("loading {}", call.module.shown()));
    }
}
