//! The worker process itself.

mod held;

use std::any::Any;
use std::env;
use std::fs::File;
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::stdio::{dup2_stdout, stderr, stdout};
use serde::Serialize;
use zeroize::Zeroizing;

use super::frame;
use super::notebook::Notebook;
use super::protocol::{Found, ModuleFile, Request};
use crate::agent::server::limits::LEAVING;
use crate::agent::wire::Secret;
use crate::confine;
use crate::process::take_socket;
use crate::token::{KeptPin, Module, Pin, TokenInfo, Watch, end_calls, watch_calls};
use held::Held;

/// Finds module and token, as the settings of a program say.
pub type Locate<E> = dyn FnOnce() -> Result<(Arc<Module>, TokenInfo), E>;

/// What a program gives its worker processes.
pub struct Inside<E> {
    /// Finds module and token.
    pub locate: Box<Locate<E>>,
    /// Whether the process confines itself.
    pub is_confined: bool,
    /// Is told of each call into the module.
    pub watch: Option<Box<Watch>>,
    /// Ends the process at once, without handlers that a module may have left behind.
    pub exit: fn() -> !,
}

/// Does what the front says, until it says that this is the end. When the front is gone, the process ends by itself, once
/// the call that it is in has come back. Signals that a terminal or a supervisor sends to all processes of an agent are for
/// the front: the program must not end by them.
///
/// # Errors
/// When this process was not started by [`Workers`](super::Workers).
pub fn work<E: Serialize>(program: Inside<E>) -> io::Result<()> {
    let socket = take_socket()?;
    let notebook = Arc::new(Notebook::of(take_notebook()?));
    note_calls(notebook, program.watch);
    if program.is_confined {
        confine::worker(env::home_dir().as_deref());
    }
    end_with_front(socket.try_clone()?, program.exit)?;
    let mut locate = Some(program.locate);
    let mut held = Held::default();
    let mut kept: Option<KeptPin> = None;
    while let Some(request) = frame::receive(&socket)? {
        match request {
            Request::Locate => {
                let Some(locate) = locate.take() else {
                    return Err(io::ErrorKind::InvalidInput.into());
                };
                let found = locate().map(|(module, token)| {
                    let file = ModuleFile::of(&module);
                    held.take(module, token.clone());
                    Found {
                        module: file,
                        token,
                    }
                });
                frame::send(&socket, &found)?;
            }
            Request::Load(file) => frame::send(&socket, &held.load(&file))?,
            Request::Find(find) => frame::send(&socket, &held.find(&find))?,
            Request::LogIn(log_in) => {
                let mut logged_in = held.log_in(log_in);
                if program.is_confined && logged_in.result.is_ok() {
                    confine::module();
                }
                logged_in.confinement = walls();
                frame::send(&socket, &logged_in)?;
            }
            Request::ReadKeys => frame::send(&socket, &held.read_keys())?,
            Request::Unwrap(standing, key, unwrap) => {
                let unwrapped = held.unwrap(standing, &key, &unwrap);
                frame::send(&socket, &unwrapped)?;
                if unwrapped.is_ok() {
                    // The next one takes no longer because this ciphertext was bad.
                    held.mend();
                }
            }
            Request::Sign(standing, owner, digest) => {
                frame::send(&socket, &held.sign(standing, &owner, &digest))?;
            }
            Request::KeepAlive { standing, proves } => {
                frame::send(&socket, &held.keep_alive(standing, proves))?;
            }
            Request::Look => frame::send(&socket, &held.look())?,
            Request::Renew => frame::send(&socket, &held.renew())?,
            Request::LogInAgain(standing) => frame::send(&socket, &held.log_in_again(standing))?,
            Request::Keep(pin) => {
                kept = KeptPin::new(&Pin::new(pin.into_bytes()));
                if program.is_confined {
                    confine::keeper();
                }
                frame::send(&socket, &kept.is_some())?;
            }
            Request::Kept => {
                let pin = kept.as_ref().map(KeptPin::get);
                let secret = |pin: &Pin| Secret::new(Zeroizing::new(pin.bytes().to_vec()));
                frame::send(&socket, &pin.as_ref().map(secret))?;
            }
            Request::End => {
                held.end();
                return Ok(());
            }
        }
    }
    // The front is gone: the thread that waits for that ends the process.
    loop {
        thread::park();
    }
}

/// The names of the walls around this process.
fn walls() -> Vec<String> {
    confine::standing()
        .map(|wall| wall.as_str().to_owned())
        .collect()
}

/// Takes the notebook from stdout, which leads where messages go from now on: a module may print.
fn take_notebook() -> io::Result<File> {
    let notebook = fcntl_dupfd_cloexec(stdout(), 3)?;
    dup2_stdout(stderr())?;
    Ok(notebook.into())
}

/// Notes each call while it is made.
fn note_calls(notebook: Arc<Notebook>, watch: Option<Box<Watch>>) {
    watch_calls(Box::new(move |call| {
        let told = watch.as_ref().and_then(|watch| watch(call));
        // A recovery has calls of its own.
        if call.function != crate::token::Call::RECOVERY {
            notebook.begin(&call.function);
        }
        let back = Back(notebook.clone());
        Some(Box::new((back, told)) as Box<dyn Any>)
    }));
}

/// Notes that a call is back, when it is dropped.
struct Back(Arc<Notebook>);

impl Drop for Back {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Starts the thread that ends this process when the front is gone: the call that is made is let back, as a module may be
/// writing, and the module finalised.
fn end_with_front(socket: UnixStream, exit: fn() -> !) -> io::Result<()> {
    thread::Builder::new().name("front".into()).spawn(move || {
        let mut gone = [PollFd::new(&socket, PollFlags::empty())];
        while gone[0].revents().is_empty() {
            // Tried again when a signal came.
            let _ = poll(&mut gone, None);
        }
        end_calls(LEAVING);
        exit();
    })?;
    Ok(())
}
