use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work that is done sooner shows no bar.
const DELAY: Duration = Duration::from_secs(1);

/// A progress bar on the terminal, for work that takes more than a second.
pub(super) struct Progress {
    bar: ProgressBar,
    started: Instant,
    shown: std::cell::Cell<bool>,
    wanted: bool,
}

impl Progress {
    /// For `total` bytes; silent when `quiet` or when stderr is no terminal.
    pub(super) fn new(total: u64, quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        let template = "{bytes:>10} of {total_bytes}  [{bar:24}]  {bytes_per_sec}  {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        Self {
            bar,
            started: Instant::now(),
            shown: std::cell::Cell::new(false),
            wanted: !quiet && std::io::stderr().is_terminal(),
        }
    }

    /// Counts bytes that are done.
    pub(super) fn add(&self, bytes: u64) {
        self.bar.inc(bytes);
        if self.wanted && !self.shown.get() && self.started.elapsed() > DELAY {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.shown.set(true);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
