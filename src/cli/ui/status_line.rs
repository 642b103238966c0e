//! The last line of the terminal, which says how far work is, and makes room for whatever else is printed.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::module_noise;
use super::text_layout::{TextLayout, knows_sequences};
use crate::text::escape::escape;

/// Erases the line that the cursor is in.
const ERASE: &str = "\r\x1b[2K";

static LINE: Mutex<Line> = Mutex::new(Line {
    is_drawn: false,
    asides: 0,
});

struct Line {
    is_drawn: bool,
    /// How many are at work on the terminal who want no line there.
    asides: usize,
}

/// Whether the terminal of stderr can show one.
pub(crate) fn is_possible() -> bool {
    TextLayout::of(&io::stderr()).width.is_some() && knows_sequences()
}

/// Draws it anew. `text` makes it, for so many columns.
pub(crate) fn draw(text: impl FnOnce(usize) -> String) {
    let mut line = line();
    let columns = TextLayout::of(&io::stderr()).width;
    if let Some(columns) = columns.filter(|_| line.asides == 0) {
        // A line that fills the last column is broken by some terminals.
        module_noise::write(&format!("{ERASE}{}", escape(&text(columns - 1))));
        line.is_drawn = true;
    }
}

/// Takes it away.
pub(crate) fn clear() {
    line().erase();
}

/// Takes it away while `print` prints something, or asks.
pub(crate) fn aside<T>(print: impl FnOnce() -> T) -> T {
    let _aside = Aside::begin();
    print()
}

/// Takes it away for good: the process ends.
pub(crate) fn end() {
    std::mem::forget(Aside::begin());
}

/// Prints a line of text to stderr.
pub(crate) fn say(text: &str) {
    aside(|| module_noise::write(&format!("{}\n", escape(text))));
}

struct Aside(());

impl Aside {
    fn begin() -> Self {
        let mut line = line();
        line.erase();
        line.asides += 1;
        Self(())
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        line().asides -= 1;
    }
}

impl Line {
    fn erase(&mut self) {
        if std::mem::take(&mut self.is_drawn) {
            module_noise::write(ERASE);
        }
    }
}

fn line() -> MutexGuard<'static, Line> {
    LINE.lock().unwrap_or_else(PoisonError::into_inner)
}
