//! Extraction on a thread of its own, which reaches nothing but the folder that it writes into.

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use super::types::Progress;
use crate::confine;
use crate::file::dir::Dir;

/// What the thread has to say to the one that waits for it.
enum Message {
    Worked(u64),
    /// Whether the file at a path may be replaced, and where to answer.
    Asks(PathBuf, Sender<bool>),
    /// Whether all of it may be released.
    IsDone(Sender<bool>),
}

/// The way to the thread that waits.
pub(super) struct Outside(Sender<Message>);

impl Outside {
    /// Tells of bytes that were worked on.
    pub(super) fn tell(&self, bytes: u64) {
        // The other end stays as long as this thread.
        let _ = self.0.send(Message::Worked(bytes));
    }

    /// Asks whether the file at `path` may be replaced.
    pub(super) fn may_replace(&self, path: &Path) -> bool {
        self.ask(|answer| Message::Asks(path.to_owned(), answer))
    }

    /// Asks whether all that was read may be released.
    pub(super) fn may_release(&self) -> bool {
        self.ask(Message::IsDone)
    }

    fn ask(&self, question: impl FnOnce(Sender<bool>) -> Message) -> bool {
        let (answer, answered) = channel();
        let _ = self.0.send(question(answer));
        answered.recv().unwrap_or(false)
    }
}

/// Does `work` where only what is below `folder` can be reached, as far as the kernel can see to that. Meanwhile
/// `progress`, `replace` and `release` are called here: whoever is asked is asked from outside.
pub(super) fn below<T: Send>(
    folder: &Dir,
    progress: Progress<'_>,
    replace: &dyn Fn(&Path) -> bool,
    release: &dyn Fn() -> bool,
    work: impl FnOnce(&Outside) -> T + Send,
) -> T {
    let (send, messages) = channel();
    let confined = move || {
        // Without it the names in a result are still checked, and every folder is held by its descriptor.
        let _ = confine::only_below(folder);
        work(&Outside(send))
    };
    thread::scope(|scope| {
        let thread = scope.spawn(confined);
        for message in messages {
            match message {
                Message::Worked(bytes) => progress(bytes),
                Message::Asks(path, answer) => {
                    let _ = answer.send(replace(&path));
                }
                Message::IsDone(answer) => {
                    let _ = answer.send(release());
                }
            }
        }
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}
