//! The `iexec-hsm` program.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    iexec_hsm::cli::main()
}
