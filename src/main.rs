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
    iexec_hsm::cli::main()
}
