//! Other processes of this program: each is started anew and never forked, with a socket to the one that started it in the
//! place of its stdin.

use std::fs::OpenOptions;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::Signal;
use rustix::stdio::{dup2_stdin, stdin};

/// Starts `command`; the socket leads to it.
///
/// # Errors
/// When the system does not start it.
pub(crate) fn start(command: &mut Command) -> io::Result<(Child, UnixStream)> {
    let (ours, theirs) = UnixStream::pair()?;
    let child = command.stdin(OwnedFd::from(theirs)).spawn()?;
    // Its end stays open in the command otherwise, and nobody would see that the process is gone.
    command.stdin(std::process::Stdio::null());
    Ok((child, ours))
}

/// Takes the socket from stdin, where a module could read from it.
///
/// # Errors
/// When this process was not started so.
pub(crate) fn take_socket() -> io::Result<UnixStream> {
    let socket = UnixStream::from(fcntl_dupfd_cloexec(stdin(), 3)?);
    // A module's own children do not get it either.
    dup2_stdin(OpenOptions::new().read(true).open("/dev/null")?)?;
    Ok(socket)
}

/// Waits until `child` has ended by itself; it is killed, and nothing returned, where it takes longer
/// than `limit`.
///
/// # Errors
/// The system's.
pub(crate) fn ended(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            break;
        }
        thread::sleep(Duration::from_millis(2));
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

/// How a process has ended, in words.
pub(crate) fn end(status: ExitStatus) -> String {
    let Some(number) = status.signal() else {
        return format!("it left with status {}", status.code().unwrap_or_default());
    };
    // Its form for debugging is the name in quotes.
    let name = Signal::from_named_raw(number).map(|signal| format!("{signal:?}"));
    let name = name.as_deref().and_then(|name| name.rsplit("::").next());
    match name.map(|name| name.trim_matches('"')) {
        Some(name) => format!("SIG{name}, signal {number}"),
        None => format!("signal {number}"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Child {
        let mut shell = Command::new("sh");
        start(shell.args(["-c", script])).unwrap().0
    }

    #[test]
    fn one_that_does_not_end_is_killed() {
        let mut child = shell("exec sleep 1000");
        let ended = ended(&mut child, Duration::from_millis(50));
        assert_eq!(ended.unwrap(), None);
        let status = child.try_wait().unwrap().unwrap();
        assert_eq!(end(status), "SIGKILL, signal 9");
    }

    #[test]
    fn one_that_ends_is_waited_for() {
        let mut child = shell("exit 3");
        let status = ended(&mut child, Duration::from_secs(60)).unwrap().unwrap();
        assert_eq!(end(status), "it left with status 3");
    }
}
