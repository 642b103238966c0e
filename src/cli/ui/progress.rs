use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work that is done sooner shows no bar.
const DELAY: Duration = Duration::from_secs(1);

/// A progress bar on the terminal, for work that takes more than a second.
///
/// Threads may share it.
pub(crate) struct Progress {
    bar: ProgressBar,
    started: Instant,
    shown: AtomicBool,
    wanted: bool,
}

impl Progress {
    /// Silent when `quiet` or when stderr is no terminal.
    pub(crate) fn new(quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        // With the longest figures it still fits 80 columns.
        let template = "{bytes:>10} of {total_bytes}  [{bar:20}]  {bytes_per_sec}  {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        Self {
            bar,
            started: Instant::now(),
            shown: AtomicBool::new(false),
            wanted: !quiet && std::io::stderr().is_terminal(),
        }
    }

    /// Counts bytes that are to be done.
    pub(crate) fn add_total(&self, bytes: u64) {
        self.bar.inc_length(bytes);
    }

    /// Counts bytes that are done.
    pub(crate) fn add(&self, bytes: u64) {
        self.bar.inc(bytes);
        self.show_when_late();
    }

    fn show_when_late(&self) {
        let late = self.wanted && self.started.elapsed() > DELAY;
        if late && !self.shown.swap(true, Ordering::Relaxed) {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    /// Says how many bytes are there, and how many there will be, as far as that is known.
    pub(crate) fn at(&self, bytes: u64, total: Option<u64>) {
        self.bar.set_length(total.unwrap_or(bytes));
        self.bar.set_position(bytes);
        self.show_when_late();
    }

    /// Takes the bar away while something else is printed.
    pub(crate) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
