//! The terminal: questions go to it and answers come from it, wherever stdin and stdout lead.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::sync::{Mutex, PoisonError};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use zeroize::Zeroizing;

use super::status_line;
use super::text_layout::TextLayout;
use crate::text::escape::escape;

/// Longest line that is taken as an answer, in bytes.
const LONGEST: usize = 4096;

/// The terminal as it was before echo was switched off, for the thread that ends the process.
static BEFORE: Mutex<Option<(File, Termios)>> = Mutex::new(None);

/// Switches echo on again if a question switched it off. Called before the process ends by a
/// signal.
pub(crate) fn restore() {
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some((terminal, modes)) = before {
        // The process is ending: nothing can be done about a terminal that is gone.
        let _ = tcsetattr(&terminal, OptionalActions::Now, &modes);
        let _ = writeln!(&terminal);
    }
}

/// The controlling terminal, if there is one.
pub(crate) fn open() -> Option<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .ok()
}

/// Shows a line.
pub(crate) fn tell(terminal: &File, line: &str) {
    let line = TextLayout::of(terminal).fitted(line);
    let mut terminal = terminal;
    // With the terminal gone there is nobody to tell.
    let _ = status_line::aside(|| terminal.write_all(format!("{line}\n").as_bytes()));
}

/// Asks for a line that is not shown.
pub(crate) fn ask_secret(terminal: &File, question: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    let modes = tcgetattr(terminal)?;
    let mut silent = modes.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    silent.local_modes.insert(LocalModes::ECHONL);
    // A shell that stops and resumes a program gives it back with echo on.
    silent.special_codes[SpecialCodeIndex::VSUSP] = 0;
    *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) =
        Some((terminal.try_clone()?, modes.clone()));
    // What was typed before the question is no answer to it.
    let answer = tcsetattr(terminal, OptionalActions::Flush, &silent)
        .map_err(io::Error::from)
        .and_then(|()| status_line::aside(|| ask(terminal, question)));
    let restored = tcsetattr(terminal, OptionalActions::Now, &modes);
    *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = None;
    restored?;
    match answer {
        // Typed by mistake, it would cost an attempt.
        Ok(line) if line.iter().any(u8::is_ascii_control) => {
            Err(io::Error::other("it contained a control character"))
        }
        answer => answer,
    }
}

/// Asks for a line that is shown.
pub(crate) fn ask_line(terminal: &File, question: &str) -> io::Result<String> {
    let answer = status_line::aside(|| ask(terminal, question))?;
    Ok(String::from_utf8_lossy(&answer).trim().to_owned())
}

fn ask(terminal: &File, question: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut terminal = terminal;
    terminal.write_all(escape(question).as_bytes())?;
    terminal.flush()?;
    // With room for all of it, so that no copy is left where the vector grew.
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    let mut byte = Zeroizing::new([0]);
    while line.len() < LONGEST {
        match terminal.read(byte.as_mut_slice()) {
            Ok(0) => {
                // No newline was typed that the terminal would show.
                terminal.write_all(b"\n")?;
                if line.is_empty() {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                break;
            }
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) => line.push(byte[0]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(line)
}
