//! Tests that need a process of their own, because SoftHSM2 and OpenSSL are told by the environment where things are.

use std::process::Command;

/// A command that runs one test of this program alone. `module` is `module_path!()` where the test stands.
pub fn test_alone(module: &str, test: &str) -> Command {
    let (_, module) = module.split_once("::").expect("it begins with the crate");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("{module}::{test}"), "--nocapture"]);
    command
}
