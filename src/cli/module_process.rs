//! Processes of this program that have a module loaded for it: one that crashes or hangs takes only its process along.
//!
//! ```text
//!  this process -- "iexec-hsm WORD", its stdin a socket --> the other process -- calls --> module
//!        |                                                                  |
//!        '------------ lines of JSON: a request; then calls as they begin and return, and the answer
//! ```
//!
//! It is started anew and never forked, and ends with this one. What the module writes to stdout or
//! stderr is kept apart.

use std::any::Any;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::process::{self, end, ended, take_socket};
use crate::token::{Call, watch_calls};

/// Time for one call to come back, before its process is ended.
const LONGEST_CALL: Duration = Duration::from_secs(30);

/// Time for a process to end once it has nothing more to say. Handlers that a module leaves run then.
const LONGEST_END: Duration = Duration::from_secs(5);

/// Bytes of a line, and of what a module writes, that are kept.
const LONGEST_LINE: u64 = 1 << 20;

/// Something that goes from the other process to this one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Message<T> {
    /// A call into the module begins.
    Calls(String),
    /// It has come back.
    Returned,
    /// The answer to the request; nothing comes after it.
    Answers(T),
}

/// A process that did not come to its answer, in words that follow its module's path.
pub(crate) type Broken = String;

/// A process with a module, and what came of it.
pub(crate) struct ModuleProcess {
    child: Child,
    socket: UnixStream,
    said: File,
}

impl ModuleProcess {
    /// Starts this program anew, with a word by which it calls [`serve`].
    ///
    /// # Errors
    /// When the system does not start it.
    pub(crate) fn start(command: &str) -> io::Result<Self> {
        let said = tempfile::tempfile()?;
        let (child, socket) = process::start(
            Command::new(std::env::current_exe()?)
                .arg(command)
                .stdout(said.try_clone()?)
                .stderr(said.try_clone()?),
        )?;
        Ok(Self {
            child,
            socket,
            said,
        })
    }

    /// Sends the request and waits for the answer, while each call is told of as one of this process.
    ///
    /// # Errors
    /// With the call that crashed, or did not come back.
    pub(crate) fn ask<T: DeserializeOwned>(
        &mut self,
        module: &Path,
        request: &impl Serialize,
    ) -> Result<T, Broken> {
        let asked = send(&self.socket, request).map_err(|error| lost(&error));
        let heard = asked.and_then(|()| hear(&self.socket, module, LONGEST_CALL));
        match heard {
            Ok(Heard::Answer(answer)) => Ok(answer),
            Ok(Heard::End(call)) => Err(self.died(called(&call))),
            Err(broken) => {
                // It may have ended by itself meanwhile.
                let _ = self.child.kill();
                Err(broken)
            }
        }
    }

    fn died(&mut self, call: &str) -> Broken {
        match ended(&mut self.child, LONGEST_END) {
            Ok(Some(status)) => format!(
                "{call} ended the program that was trying it: {}",
                end(status)
            ),
            Ok(None) => format!("after {call}, the program that was trying it hung"),
            Err(error) => lost(&error),
        }
    }

    /// Ends it, and returns what its module has written. A module that does not let it end is no
    /// reason to wait: the answer is there.
    pub(crate) fn end(mut self) -> String {
        drop(self.socket);
        let _ = ended(&mut self.child, LONGEST_END);
        let mut said = Vec::new();
        // What cannot be read is not shown.
        let _ = self.said.rewind();
        let _ = self.said.take(LONGEST_LINE).read_to_end(&mut said);
        String::from_utf8_lossy(&said).trim_end().to_owned()
    }
}

/// What came over the socket in the end.
#[derive(Debug, PartialEq, Eq)]
enum Heard<T> {
    Answer(T),
    /// Its other end was closed within this call.
    End(String),
}

/// Tells of calls, until the answer comes, the other end closes, or a call takes longer than `limit`.
fn hear<T: DeserializeOwned>(
    socket: &UnixStream,
    module: &Path,
    limit: Duration,
) -> Result<Heard<T>, Broken> {
    socket
        .set_read_timeout(Some(limit))
        .map_err(|error| lost(&error))?;
    let mut lines = BufReader::new(socket);
    // The loader runs code of the module before there is a call.
    let mut call = Call::LOAD.to_owned();
    let mut told: Option<Box<dyn Any>> = None;
    loop {
        let mut line = Vec::new();
        match lines
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)
        {
            Ok(0) => return Ok(Heard::End(call)),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let seconds = limit.as_secs();
                let call = called(&call);
                return Err(format!("{call} did not come back within {seconds} s"));
            }
            // One that was killed has left what it was sent unread.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                return Ok(Heard::End(call));
            }
            Err(error) => return Err(lost(&error)),
        }
        drop(told.take());
        match serde_json::from_slice(&line) {
            Ok(Message::Calls(function)) => {
                call.clone_from(&function);
                told = Call::of_module(function, module).begin();
            }
            Ok(Message::Returned) => {}
            Ok(Message::Answers(answer)) => return Ok(Heard::Answer(answer)),
            Err(error) => return Err(lost(&error)),
        }
    }
}

fn called(function: &str) -> &str {
    match function {
        Call::LOAD => "loading it",
        function => function,
    }
}

fn lost(error: &dyn std::fmt::Display) -> Broken {
    format!("the program that was to try it cannot be talked to: {error}")
}

/// Answers the request of the process that started this one. Its calls are told to that one.
///
/// # Errors
/// When this process was not started so.
pub(crate) fn serve<R, T>(answer: impl FnOnce(R) -> T) -> io::Result<()>
where
    R: DeserializeOwned,
    T: Serialize,
{
    end_with_parent();
    let socket = take_socket()?;
    let mut request = Vec::new();
    BufReader::new(&socket)
        .take(LONGEST_LINE)
        .read_until(b'\n', &mut request)?;
    let request = serde_json::from_slice(&request)?;
    let socket = Arc::new(Mutex::new(socket));
    let tell = Arc::clone(&socket);
    watch_calls(Box::new(move |call| {
        let function = call.function.clone().into_owned();
        tell_parent(&tell, &Message::<()>::Calls(function));
        Some(Box::new(Returns(Arc::clone(&tell))))
    }));
    let answer = answer(request);
    tell_parent(&socket, &Message::Answers(answer));
    Ok(())
}

/// Says that a call has come back, when it is dropped.
struct Returns(Arc<Mutex<UnixStream>>);

impl Drop for Returns {
    fn drop(&mut self) {
        tell_parent(&self.0, &Message::<()>::Returned);
    }
}

fn tell_parent(socket: &Mutex<UnixStream>, message: &impl Serialize) {
    let socket = socket.lock().unwrap_or_else(PoisonError::into_inner);
    // With the other process gone there is nobody to tell.
    let _ = send(&socket, message);
}

fn send(mut socket: &UnixStream, message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    socket.write_all(&line)
}

/// Lets the system end this process when the one that started it is gone.
fn end_with_parent() {
    #[cfg(target_os = "linux")]
    // Where that cannot be had, it ends when its module comes back.
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// What is heard of a process that sends these messages, and then stays or goes.
    fn heard(messages: &[&str], stays: bool) -> Result<Heard<u8>, Broken> {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        for message in messages {
            writeln!(theirs, "{message}").unwrap();
        }
        let theirs = stays.then_some(theirs);
        let heard = hear(&ours, Path::new("m.so"), Duration::from_millis(50));
        drop(theirs);
        heard
    }

    #[test]
    fn the_answer_comes_after_calls() {
        let messages = [
            r#"{"calls":"C_Initialize"}"#,
            r#""returned""#,
            r#"{"answers":7}"#,
        ];
        assert_eq!(heard(&messages, true), Ok(Heard::Answer(7)));
    }

    #[test]
    fn the_call_is_named_in_which_a_process_ends_or_hangs() {
        let calls = [r#"{"calls":"C_GetSlotList"}"#];
        let end = Heard::End("C_GetSlotList".into());
        assert_eq!(heard(&calls, false), Ok(end));
        let hangs = heard(&calls, true).unwrap_err();
        assert!(
            hangs.starts_with("C_GetSlotList did not come back"),
            "{hangs}"
        );
        assert_eq!(heard(&[], false), Ok(Heard::End("dlopen".into())));
    }

    /// A process of this module that runs `script` in a shell.
    fn process(script: &str) -> ModuleProcess {
        let said = tempfile::tempfile().unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).stdout(said.try_clone().unwrap());
        let child = shell.spawn().unwrap();
        let (socket, _) = UnixStream::pair().unwrap();
        ModuleProcess {
            child,
            socket,
            said,
        }
    }

    #[test]
    fn what_a_process_has_said_is_told_when_it_ends() {
        assert_eq!(process("echo words; exit 3").end(), "words");
    }

    #[test]
    fn what_is_no_message_is_told_as_that() {
        let broken = heard(&["hello"], true).unwrap_err();
        assert!(broken.contains("cannot be talked to"), "{broken}");
    }
}
