//! The `iexec-hsm` program.
fn main() {}
