//! Programs like `ssh-askpass`, as `ssh-agent` uses them for keys of `ssh-add -c`: the question is the argument, and a yes is
//! that it leaves with success and prints nothing, or `yes`.

use tokio::io::AsyncReadExt as _;

use super::answer::Answer;
use super::running::Running;
use crate::process;

/// Bytes of an answer that are read.
const LONGEST: u64 = 1024;

pub(super) async fn answer(mut program: Running) -> Result<Answer, String> {
    let mut said = Vec::new();
    if let Some(stdout) = program.take_stdout() {
        let read = stdout.take(LONGEST).read_to_end(&mut said).await;
        read.map_err(|error| format!("cannot be heard: {error}"))?;
    }
    let status = program.wait().await?;
    match status.code() {
        Some(0) => Ok(understood(&said)),
        Some(1) => Ok(Answer::No),
        _ => Err(format!("failed: {}", process::end(status))),
    }
}

/// One that knows of no questions lets people type what they like, and no is none of a yes.
fn understood(said: &[u8]) -> Answer {
    let line = said.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let word = line.trim_ascii();
    match word.is_empty() || word.eq_ignore_ascii_case(b"yes") {
        true => Answer::Yes,
        false => Answer::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_nothing_and_yes_are_a_yes() {
        for yes in ["", "\n", "yes", "Yes\n", "YES\r\n"] {
            assert_eq!(understood(yes.as_bytes()), Answer::Yes, "{yes:?}");
        }
        for no in ["no\n", "n", "yess", "1234\n", "no\nyes\n"] {
            assert_eq!(understood(no.as_bytes()), Answer::No, "{no:?}");
        }
    }
}
