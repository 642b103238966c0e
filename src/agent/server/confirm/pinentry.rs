//! Programs of GnuPG that ask for PINs, and whether something is allowed: `pinentry-gnome3`, `pinentry-qt`, `pinentry-curses`.
//! The protocol is Assuan: lines of text, each answered with `OK` or `ERR` and a number.

use std::os::unix::ffi::OsStrExt as _;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{ChildStdin, ChildStdout};

use super::answer::Answer;
use super::environment::terminal;
use super::running::Running;

/// Bytes of a line, by the protocol.
const LINE: u64 = 1002;

/// Lines before the one that is waited for: comments, and what it tells of its state.
const LINES: usize = 64;

/// The numbers that stand for a no, without the part that says who has counted: `GPG_ERR_CANCELED`, `GPG_ERR_NOT_CONFIRMED`,
/// `GPG_ERR_FULLY_CANCELED`, `GPG_ERR_ASS_CANCELED`, and the two of an Assuan before there was libgpg-error.
const NO: [u32; 6] = [99, 114, 198, 277, 111, 301];

/// `GPG_ERR_TIMEOUT`.
const LATE: u32 = 62;

/// An answer of the program.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Ok,
    Err(u32),
}

pub(super) async fn answer(
    mut program: Running,
    text: &str,
    limit: Duration,
) -> Result<Answer, String> {
    let (Some(to), Some(from)) = (program.take_stdin(), program.take_stdout()) else {
        return Err("cannot be talked to".into());
    };
    let mut talk = Talk {
        to,
        from: BufReader::new(from),
    };
    if talk.listen().await? != Said::Ok {
        return Err("does not greet as a pinentry".into());
    }
    for option in options() {
        // One that does not know it does without.
        talk.say(&option).await?;
    }
    let seconds = limit.as_secs();
    for line in [
        "SETTITLE iexec-hsm agent".into(),
        format!("SETTIMEOUT {seconds}"),
        "SETOK Allow".into(),
        "SETCANCEL Deny".into(),
    ] {
        talk.say(&line).await?;
    }
    // Without it people would say yes to they know not what.
    if talk.say(&format!("SETDESC {}", escaped(text))).await? != Said::Ok {
        return Err("does not take the question".into());
    }
    let said = talk.say("CONFIRM").await?;
    // It ends where its input ends.
    drop(talk);
    program.leave();
    match said {
        Said::Ok => Ok(Answer::Yes),
        Said::Err(number) if NO.contains(&number) => Ok(Answer::No),
        Said::Err(LATE) => Ok(Answer::Late),
        Said::Err(number) => Err(format!("failed with error {number}")),
    }
}

/// Where it shows the question, where that is a terminal.
fn options() -> Vec<String> {
    let set = |name: &str| std::env::var_os(name).filter(|it| !it.is_empty());
    let locale = || {
        set("LC_ALL")
            .or_else(|| set("LC_CTYPE"))
            .or_else(|| set("LANG"))
    };
    let options = [
        ("ttyname", terminal()),
        ("ttytype", terminal().and_then(|_| set("TERM"))),
        ("lc-ctype", locale()),
    ];
    let options = options.into_iter().filter_map(|(name, value)| {
        let value = value?;
        let is_plain = value.as_bytes().iter().all(u8::is_ascii_graphic);
        is_plain.then(|| format!("OPTION {name}={}", value.to_string_lossy()))
    });
    options.collect()
}

/// A text in one line.
fn escaped(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

struct Talk {
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Talk {
    /// Says one line, and returns what is answered.
    async fn say(&mut self, line: &str) -> Result<Said, String> {
        let line = [line, "\n"].concat();
        let said = self.to.write_all(line.as_bytes()).await;
        said.map_err(|error| format!("has ended: {error}"))?;
        self.listen().await
    }

    async fn listen(&mut self) -> Result<Said, String> {
        for _ in 0..LINES {
            let mut line = Vec::new();
            let read = (&mut self.from)
                .take(LINE)
                .read_until(b'\n', &mut line)
                .await;
            read.map_err(|error| format!("cannot be heard: {error}"))?;
            if line.is_empty() {
                return Err("has ended without an answer".into());
            }
            if line.pop() != Some(b'\n') {
                break;
            }
            if let Some(said) = understood(&line) {
                return Ok(said);
            }
        }
        Err("does not speak as a pinentry".into())
    }
}

/// The answer in a line; none in one that says something on the side.
fn understood(line: &[u8]) -> Option<Said> {
    let line = String::from_utf8_lossy(line);
    let mut words = line.split_ascii_whitespace();
    match words.next() {
        Some("OK") => Some(Said::Ok),
        // What has no number is a failure as well.
        Some("ERR") => {
            let number: Option<u32> = words.next().and_then(|it| it.parse().ok());
            Some(Said::Err(number.unwrap_or(0) & 0xffff))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_from_what_is_said_on_the_side() {
        assert_eq!(understood(b"OK Pleased to meet you"), Some(Said::Ok));
        let cancelled = understood(b"ERR 83886179 Operation cancelled <Pinentry>");
        assert_eq!(cancelled, Some(Said::Err(99)));
        assert_eq!(understood(b"ERR what"), Some(Said::Err(0)));
        for aside in ["# OK", "S PIN_REPEATED", "D OK", "", "OKAY", "INQUIRE X"] {
            assert_eq!(understood(aside.as_bytes()), None, "{aside}");
        }
    }

    #[test]
    fn a_question_is_one_line() {
        assert_eq!(escaped("a%\r\nb"), "a%25%0D%0Ab");
    }
}
