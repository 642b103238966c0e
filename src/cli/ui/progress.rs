//! How far long work is: a line on the terminal, or lines of JSON for programs.

mod counts;
mod kinds;
mod rate;
mod shown;

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::{module_noise, status_line};
use counts::Counts;
use rate::Rate;
use shown::Shown;

pub(crate) use kinds::{Form, Unit, Work};

/// Work that is done sooner shows no line.
const DELAY: Duration = Duration::from_secs(1);

/// The time between two lines.
const INTERVAL: Duration = Duration::from_millis(250);

/// The progress of one work. Threads may share it: they only count, and a thread of its own shows what they counted.
pub(crate) struct Progress {
    counts: Arc<Counts>,
    /// How it is shown; nobody looks where it is not.
    form: Option<Form>,
    is_followed: AtomicBool,
    follower: Mutex<Option<JoinHandle<()>>>,
}

impl Progress {
    pub(crate) fn new(form: Option<Form>, work: Work, unit: Unit) -> Self {
        Self::of(form, Counts::new(work, unit))
    }

    fn of(form: Option<Form>, counts: Counts) -> Self {
        Self {
            counts: Arc::new(counts),
            form,
            is_followed: AtomicBool::new(false),
            follower: Mutex::default(),
        }
    }

    /// Waiting for `what`, from now on and until it is dropped; for at most so long.
    pub(crate) fn waiting(form: Option<Form>, what: &str, at_most: Option<Duration>) -> Self {
        let mut counts = Counts::new(Work::Wait, Unit::Seconds);
        counts.waits_for = Some(what.to_owned());
        counts.set_total(at_most.map(|it| it.as_secs()));
        let waiting = Self::of(form, counts);
        waiting.follow();
        waiting
    }

    /// Whether anybody is shown it.
    pub(crate) fn is_shown(&self) -> bool {
        self.form.is_some()
    }

    /// That of work that nobody is shown.
    pub(crate) fn hidden() -> Self {
        Self::new(None, Work::Wait, Unit::Bytes)
    }

    /// Counts what is to be done.
    pub(crate) fn add_total(&self, count: u64) {
        self.counts.add_total(count);
        self.follow();
    }

    /// Counts one more that is done.
    pub(crate) fn add_one(&self) {
        self.counts.add(1);
        self.follow();
    }

    /// Counts bytes that are to be done, where bytes are what is counted.
    pub(crate) fn add_total_bytes(&self, bytes: u64) {
        self.counts.add_total_bytes(bytes);
        self.follow();
    }

    /// Counts bytes that are done, also in work that counts something larger.
    pub(crate) fn add_bytes(&self, bytes: u64) {
        self.counts.add_bytes(bytes);
        self.follow();
    }

    /// Says how much is done, and how much there is to do, as far as that is known.
    pub(crate) fn at(&self, done: u64, total: Option<u64>) {
        self.counts.set_done(done);
        self.counts.set_total(total);
        self.follow();
    }

    /// `source`, whose bytes are counted when they are read.
    pub(crate) fn of_reading<R: Read>(&self, source: R) -> impl Read + use<'_, R> {
        Counted {
            progress: self,
            source,
        }
    }

    /// Says that all is done. Else the work has failed, and the last that is said of it stays true.
    pub(crate) fn finish(&self) {
        self.counts.finish();
        self.end();
    }

    fn follow(&self) {
        let Some(form) = self.form else { return };
        if self.is_followed.swap(true, Ordering::Relaxed) {
            return;
        }
        let counts = Arc::clone(&self.counts);
        let follower = thread::Builder::new().name("progress".into());
        // Without a thread nothing is shown.
        let follower = follower.spawn(move || follow(&counts, form));
        *self.lock() = follower.ok();
    }

    fn end(&self) {
        self.counts.end();
        if let Some(follower) = self.lock().take() {
            let _ = follower.join();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<JoinHandle<()>>> {
        self.follower.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

struct Counted<'a, R> {
    progress: &'a Progress,
    source: R,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(out)?;
        self.progress.add_bytes(count as u64);
        Ok(count)
    }
}

/// Shows what is counted until it ends.
fn follow(counts: &Counts, form: Form) {
    match form {
        Form::Line => {
            let mut rate = Rate::default();
            let mut pause = DELAY;
            while counts.goes_on_after(pause) {
                let now = counts.now();
                let per_second = rate.of(now.bytes());
                status_line::draw(|columns| now.line(per_second, columns));
                pause = INTERVAL;
            }
            status_line::clear();
        }
        Form::Json => {
            let mut last = None;
            let mut say = |now: Shown| {
                if last.as_ref() != Some(&now) {
                    module_noise::write(&format!("{}\n", now.json()));
                    last = Some(now);
                }
            };
            say(counts.now());
            while counts.goes_on_after(INTERVAL) {
                say(counts.now());
            }
            if counts.is_finished() {
                say(counts.now());
            }
        }
    }
}
