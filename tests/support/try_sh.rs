//! `docs/devices/try.sh`, which a holder of a device runs, on a token of the tests.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::{Token, Work};

/// The script with the token's module, which begins without a question.
pub fn command(token: &Token, module: &Path, work: &Work<'_>, args: &[&str]) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_iexec-hsm"));
    let path = std::env::var("PATH").unwrap();
    let folder = program.parent().unwrap().display();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/devices/try.sh");
    let mut command = Command::new(script);
    command.arg("--module").arg(module).arg("--yes");
    command.args(["--token", &token.label]).args(args);
    command.current_dir(work.folder()).env_clear();
    command.envs(token.env()).env("HOME", work.home());
    command.env("PATH", format!("{folder}:{path}"));
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command.stderr(Stdio::piped());
    command
}

/// The script on this token, told the PIN.
pub fn start(token: &Token, work: &Work<'_>, args: &[&str]) -> Child {
    let mut command = command(token, &token.module, work, args);
    let command = command.arg("--pin-file").arg(token.pin_file());
    command.spawn().unwrap()
}

/// The cells of a row.
pub fn cells(row: &str) -> Vec<String> {
    let row = row.trim().trim_start_matches('|').trim_end_matches('|');
    row.split('|').map(|cell| cell.trim().to_owned()).collect()
}
