//! The `iexec-hsm` program.
#![forbid(unsafe_code)]

use std::alloc::System;
use std::process::ExitCode;

use zeroizing_alloc::ZeroAlloc;

/// Wipes all memory that is given back. What holds a secret wipes it anyway; this is for the
/// buffers of libraries that a PIN or a content key passes through.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    let status = iexec_hsm::cli::main();
    // Exit handlers that a module and its libraries left behind take longer than all that is left
    // to do, and some crash. Coverage is measured by one, though.
    if cfg!(not(coverage)) {
        signal_hook::low_level::exit(status.into());
    }
    status.into()
}
