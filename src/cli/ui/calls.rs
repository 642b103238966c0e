//! What a person is told of the calls into modules, wherever they are made.

use std::any::Any;
use std::io::Write as _;

use super::{module_noise, slow_notice};
use crate::cli::options::Global;
use crate::text::escape::Shown as _;
use crate::token::{Call, watch_calls};

/// Tells of each call that takes long, and with `--verbose` of each module before it is loaded, as
/// it may end the program; of nothing with `--raw` or `--quiet`. What modules write themselves while
/// they are initialised or finalised is left out but with `--verbose`: one that is registered and has
/// no device complains of it each time.
pub(crate) fn tell_of(global: &Global) {
    let (slow, verbose) = (!global.quiet && !global.raw, global.verbose);
    let loads = verbose && !global.raw;
    watch_calls(Box::new(move |call| {
        if loads {
            tell_of_load(call);
        }
        let is_noisy = matches!(&*call.function, "C_Initialize" | "C_Finalize");
        let silence = (is_noisy && !verbose).then(module_noise::silence).flatten();
        let slow = slow.then(|| slow_notice::watch(call) as Box<dyn Any>);
        (slow.is_some() || silence.is_some()).then(|| Box::new((slow, silence)) as Box<dyn Any>)
    }));
}

fn tell_of_load(call: &Call) {
    if call.function == Call::LOAD {
        // With stderr gone there is nobody to tell.
        let _ = writeln!(std::io::stderr(), "loading {}", call.module.shown());
    }
}
