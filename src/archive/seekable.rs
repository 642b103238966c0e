//! The encrypted body, at any place.

use std::fmt::{self, Debug, Formatter};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::blocks::{Blocks, HEADER, Known, Span, Stored};
use super::body::{Body, BodySource};
use super::last_blocks::{SeemingBlocks, last_blocks};
use super::stored_blocks::HISTORY;
use super::zip::Method;
use crate::file::{ReadAt, Spooled};

/// Bytes that a disk is asked for before the headers in them are read: asked for each by itself it can take many times
/// longer.
const SOON: u64 = 8 * 1024 * 1024;

/// Bytes to step over that are worth to be asked for.
const FAR: u64 = 1024 * 1024;

/// Bytes of data for each byte of a header, about, where zlib made the blocks.
const MEAN: u64 = 16 * 1024 / HEADER as u64;

/// A body whose bytes stand in the archive as they are: stored, or deflated to nothing but stored
/// blocks (RFC 1951, 3.2.4), which is what ciphertext deflates to.
///
/// Where its blocks are is found out while it is read, so that a disk is asked for each byte once.
#[derive(Debug)]
pub(crate) struct SeekableBody {
    source: BodySource,
    /// The blocks that were found from the beginning on.
    found: Mutex<Blocks>,
    /// The last ones, where they were found from the end.
    last: Option<Blocks>,
    rest: OnceLock<Rest>,
    keep: Option<Keep>,
    /// What is given back once it is known that nothing refers to it.
    held: Mutex<Range<u64>>,
}

/// Keeps what is left of a body in a file.
pub(crate) struct Keep(pub Box<dyn Fn(Body) -> io::Result<File> + Send + Sync>);

#[cfg(test)]
impl Keep {
    /// Keeps nothing, where that is an error.
    pub fn nothing() -> Self {
        Self(Box::new(|_| Err(changed())))
    }
}

impl Debug for Keep {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Keep")
    }
}

/// What follows a block that is not as all before it: inflated, in a file.
#[derive(Debug)]
struct Rest {
    from: u64,
    file: Spooled,
}

enum Place<'a> {
    InArchive(Span),
    InRest(&'a Rest),
}

impl SeekableBody {
    /// Finds all blocks now. `None` where the body has to be inflated, or is not what the archive says: reading it in
    /// order tells which.
    pub(super) fn of(source: &BodySource) -> io::Result<Option<Self>> {
        let body = Self::new(source, None, None);
        let readable = match source.method {
            Method::Stored => source.content.size == source.content.compressed,
            Method::Deflate => body.find_all()?,
        };
        Ok(readable.then_some(body))
    }

    /// Finds the last blocks now, and the others once they are read. If one of them has to be inflated, or is not what
    /// the archive says, `keep` gets all from there on. `None` where the last ones are not clear.
    pub(super) fn begun(source: &BodySource, keep: Keep) -> io::Result<Option<Self>> {
        if source.method != Method::Deflate {
            return Self::of(source);
        }
        let (start, end) = (source.start(), source.end());
        let last = last_blocks(&*source.file, start, end)?;
        Ok(last.map(|last| Self::new(source, Some(last), Some(keep))))
    }

    fn new(source: &BodySource, last: Option<Blocks>, keep: Option<Keep>) -> Self {
        Self {
            source: source.clone(),
            found: Mutex::new(Blocks::from(source.start())),
            last,
            rest: OnceLock::new(),
            keep,
            held: Mutex::default(),
        }
    }

    /// Steps over all blocks. Returns whether they are stored ones, and the whole body.
    fn find_all(&self) -> io::Result<bool> {
        let end = self.source.end();
        let found = &mut self.found();
        let mut asked = Asked::from(found.end().file);
        loop {
            asked.ahead_of(found.end().file, end.file, self);
            match self.step(found)? {
                Step::Taken => {}
                Step::Last => return Ok(true),
                Step::Other => return Ok(false),
            }
        }
    }

    /// Steps over blocks up to the one with the byte `at`; `None` where that is behind one that is no such block.
    fn find(&self, found: &mut Blocks, at: u64) -> io::Result<Option<Span>> {
        let mut asked = match at.saturating_sub(found.end().body) {
            FAR.. => Some(Asked::from(found.end().file)),
            _ => None,
        };
        let about = self.about(found.end(), at);
        while found.end().body <= at {
            if let Some(asked) = &mut asked {
                asked.ahead_of(found.end().file, about, self);
            }
            match self.step(found)? {
                Step::Taken => {}
                // A last one that ends before `at` is none.
                Step::Last => break,
                Step::Other => return Ok(None),
            }
        }
        Ok(found.span(at))
    }

    fn step(&self, found: &mut Blocks) -> io::Result<Step> {
        let at = found.end().file;
        if self.source.end().file.saturating_sub(at) < HEADER as u64 {
            return Ok(Step::Other);
        }
        let mut header = [0; HEADER];
        self.source.file.read_exact_at(&mut header, at)?;
        Ok(match Stored::of(&header) {
            Some(block) => self.take(found, block),
            None => Step::Other,
        })
    }

    /// Takes the block behind those that were found, if it can be one of this body.
    fn take(&self, found: &mut Blocks, block: Stored) -> Step {
        let next = found.end().after_block(block.len);
        // Only the last one ends there.
        let end = self.source.end();
        let fits = match (&self.last, block.last) {
            (None, true) => next == end,
            // It would lead over those that were found from the end.
            (Some(_), true) => false,
            (None, false) => next.body <= end.body && next.file < end.file,
            (Some(last), false) => {
                let last = last.start();
                next == last || next.body <= last.body && next.file < last.file
            }
        };
        if !fits || found.are_too_many() {
            return Step::Other;
        }
        found.push(block.len);
        match block.last {
            true => Step::Last,
            false => Step::Taken,
        }
    }

    fn locate(&self, at: u64) -> io::Result<Place<'_>> {
        if let Some(rest) = self.rest.get()
            && at >= rest.from
        {
            return Ok(Place::InRest(rest));
        }
        if self.source.method == Method::Stored {
            return Ok(Place::InArchive(Span {
                file: self.source.start + at,
                len: self.source.content.size - at,
            }));
        }
        if let Some(span) = self.last.as_ref().and_then(|last| last.span(at)) {
            return Ok(Place::InArchive(span));
        }
        let mut found = self.found();
        if let Some(span) = found.span(at) {
            return Ok(Place::InArchive(span));
        }
        match self.find(&mut found, at)? {
            Some(span) => Ok(Place::InArchive(span)),
            None => Ok(Place::InRest(self.rest(&found)?)),
        }
    }

    /// What follows the blocks that were found, read in order. Whoever asks has these.
    fn rest(&self, found: &Blocks) -> io::Result<&Rest> {
        if let Some(rest) = self.rest.get() {
            return Ok(rest);
        }
        let Keep(keep) = self.keep.as_ref().ok_or_else(changed)?;
        let from = found.end();
        let file = keep(self.source.open_behind(from, &self.before(found)?))?;
        let rest = Rest {
            from: from.body,
            file: Spooled(file),
        };
        self.check_last(&rest)?;
        Ok(self.rest.get_or_init(|| rest))
    }

    /// Requires that the blocks that were found from the end have the same bytes in them.
    fn check_last(&self, rest: &Rest) -> io::Result<()> {
        let Some(last) = &self.last else {
            return Ok(());
        };
        let mut at = last.start().body.max(rest.from);
        while let Some(span) = last.span(at) {
            let [mut found, mut true_ones] = [(); 2].map(|()| vec![0; span.len as usize]);
            self.source.file.read_exact_at(&mut found, span.file)?;
            rest.file.read_exact_at(&mut true_ones, at - rest.from)?;
            if found != true_ones {
                return Err(SeemingBlocks.into());
            }
            at += span.len;
        }
        Ok(())
    }

    /// Requires that the first blocks lead to the last ones, which some have read before they knew.
    ///
    /// # Errors
    /// [`SeemingBlocks`] in an [`io::Error`] where they do not; what reading met.
    pub(super) fn confirm(&self) -> io::Result<()> {
        let Some(last) = &self.last else {
            return Ok(());
        };
        let mut found = self.found();
        while found.end() != last.start() && self.rest.get().is_none() {
            if !matches!(self.step(&mut found)?, Step::Taken) {
                self.rest(&found)?;
            }
        }
        Ok(())
    }

    /// The last bytes of the blocks that were found, as far as what follows may refer to them.
    fn before(&self, found: &Blocks) -> io::Result<Vec<u8>> {
        let end = found.end().body;
        let mut at = end.saturating_sub(HISTORY as u64);
        let mut history = Vec::with_capacity(HISTORY);
        while let Some(span) = found.span(at) {
            let mut bytes = vec![0; span.len.min(end - at) as usize];
            self.source.file.read_exact_at(&mut bytes, span.file)?;
            at += bytes.len() as u64;
            history.append(&mut bytes);
        }
        Ok(history)
    }

    /// The place up to which no byte is needed to get at those behind it.
    fn known_without(&self) -> u64 {
        let len = self.source.content.size;
        let Some(last) = &self.last else { return len };
        let found = self.found().end();
        match found == last.start() || self.rest.get().is_some() {
            true => len,
            false => found.body.saturating_sub(HISTORY as u64),
        }
    }

    /// Where the byte `at` is in the archive.
    fn place(&self, at: u64) -> Option<u64> {
        match self.locate(at) {
            Ok(Place::InArchive(span)) => Some(span.file),
            _ => None,
        }
    }

    fn give_back_in_archive(&self, range: Range<u64>) -> bool {
        if range.is_empty() {
            return false;
        }
        match (self.place(range.start), self.place(range.end - 1)) {
            (Some(start), Some(last)) => self.source.file.give_back(start..last + 1),
            _ => false,
        }
    }

    /// Notes the blocks that were read behind a span which ended at `at`, as far as they are the next ones.
    fn note(&self, at: Known, read: &[Stored]) {
        let mut found = self.found();
        let mut here = at;
        for block in read {
            let is_next =
                found.end() == here && self.last.as_ref().is_none_or(|it| it.start() != here);
            if is_next && !matches!(self.take(&mut found, *block), Step::Taken) {
                return;
            }
            here = here.after_block(block.len);
        }
    }

    /// The place of the byte `at` in the file, about, as seen from one that is known.
    fn about(&self, known: Known, at: u64) -> u64 {
        let behind = at.saturating_sub(known.body);
        let before = known.body.saturating_sub(at);
        let place = (known.file + behind + behind / MEAN).saturating_sub(before + before / MEAN);
        place.clamp(self.source.start, self.source.end().file)
    }

    fn found(&self) -> MutexGuard<'_, Blocks> {
        lock(&self.found)
    }
}

enum Step {
    /// There are more.
    Taken,
    Last,
    /// There is no such block, or there are more than should be remembered.
    Other,
}

/// How far the disk was asked.
struct Asked(u64);

impl Asked {
    fn from(at: u64) -> Self {
        Self(at)
    }

    /// Has the disk read what follows `at`, up to `end`.
    fn ahead_of(&mut self, at: u64, end: u64, body: &SeekableBody) {
        if self.0 < end && self.0 < at.saturating_add(SOON / 2) {
            let until = at.saturating_add(SOON).min(end);
            body.source.file.read_soon(self.0.max(at)..until);
            self.0 = until;
        }
    }
}

/// Takes the headers of blocks out of `raw`, which begins with `first` bytes of data, and moves the
/// data together. Returns how much it is; up to a block of another kind. `blocks` gets what the headers tell.
fn without_headers(raw: &mut [u8], first: u64, blocks: &mut Vec<Stored>) -> usize {
    let mut kept = first.min(raw.len() as u64) as usize;
    let mut from = kept;
    while let Some(block) = raw[from..].first_chunk().and_then(Stored::of) {
        from += HEADER;
        let count = usize::from(block.len).min(raw.len() - from);
        raw.copy_within(from..from + count, kept);
        kept += count;
        from += count;
        blocks.push(block);
        if block.last {
            break;
        }
    }
    kept
}

fn changed() -> io::Error {
    io::Error::other("the archive changed while it was read")
}

impl ReadAt for SeekableBody {
    fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<usize> {
        let left = self.source.content.size.saturating_sub(at);
        let room = left.min(out.len() as u64) as usize;
        if room == 0 {
            return Ok(0);
        }
        let span = match self.locate(at)? {
            Place::InArchive(span) => span,
            Place::InRest(rest) => return rest.file.read_at(&mut out[..room], at - rest.from),
        };
        // Each byte has one source: those of the last blocks are not read with others.
        let until = match &self.last {
            Some(last) if at < last.start().body => last.start(),
            _ => self.source.end(),
        };
        // All blocks at once, their headers between them: a read of each costs more than to move it.
        let room = (until.file - span.file).min(room as u64) as usize;
        let count = self.source.file.read_at(&mut out[..room], span.file)?;
        if count == 0 {
            return Err(changed());
        }
        let mut blocks = Vec::new();
        let kept = without_headers(&mut out[..count], span.len, &mut blocks);
        if self.last.is_some() {
            let behind = Known {
                body: at + span.len,
                file: span.file + span.len,
            };
            self.note(behind, &blocks);
        }
        Ok(kept.min((until.body - at) as usize))
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.source.content.size)
    }

    /// Keeps, until it knows more, what a block may refer to that has to be inflated.
    fn give_back(&self, range: Range<u64>) -> bool {
        let known = self.known_without();
        let due = match range.end <= known {
            true => range,
            false => std::mem::replace(&mut *lock(&self.held), range),
        };
        if due.is_empty() || due.end > known {
            return false;
        }
        let from = self.rest.get().map_or(due.end, |rest| rest.from);
        let in_archive = self.give_back_in_archive(due.start..due.end.min(from));
        let in_rest = match self.rest.get() {
            Some(rest) if due.end > from => {
                let start = due.start.max(from) - from;
                rest.file.give_back(start..due.end - from)
            }
            _ => false,
        };
        in_archive || in_rest
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_agreement;
