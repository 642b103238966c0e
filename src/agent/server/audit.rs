//! The audit log: a line for each request with its peer, kind, key and outcome. Never a byte of the request itself.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::peer::Peer;

/// Lines that may wait for the disk. A reader who has stopped reading must not stop the agent.
const WAITING: usize = 4096;

/// The audit log.
pub(super) struct Audit {
    lines: SyncSender<Vec<u8>>,
    lost: AtomicU64,
}

/// A channel that closes when all lines are written.
pub(super) type Written = Receiver<()>;

/// An event to be logged.
#[derive(Debug, Default)]
pub(super) struct Event<'a> {
    /// The kind of request.
    pub(super) request: &'a str,
    /// The key that was named, as a URI or an address.
    pub(super) key: Option<&'a str>,
    /// The outcome, in one word.
    pub(super) outcome: &'a str,
    /// The time that it took.
    pub(super) took: Duration,
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    pid: i32,
    uid: u32,
    program: &'a str,
    request: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    outcome: &'a str,
    milliseconds: f64,
}

impl Audit {
    /// Lines go to the end of the file, which only its owner may read, or to stderr. Once this is
    /// dropped and all is written, the other end of [`Written`] goes away.
    pub(super) fn start(file: Option<&Path>) -> io::Result<(Self, Written)> {
        let file = file.map(open).transpose()?;
        let (lines, waiting) = sync_channel(WAITING);
        let (all, written) = sync_channel(0);
        thread::Builder::new().name("audit".into()).spawn(move || {
            match file {
                Some(file) => write(&waiting, file),
                None => write(&waiting, io::stderr()),
            }
            drop(all);
        })?;
        let lost = AtomicU64::new(0);
        Ok((Self { lines, lost }, written))
    }

    /// Writes one line.
    pub(super) fn note(&self, peer: &Peer, event: &Event<'_>) {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let line = format!("{{\"lost\":{lost}}}\n").into_bytes();
            self.send(line, lost);
        }
        let line = Line {
            time: rfc3339(SystemTime::now()),
            pid: peer.pid,
            uid: peer.uid,
            program: &peer.program,
            request: event.request,
            key: event.key,
            outcome: event.outcome,
            milliseconds: (event.took.as_secs_f64() * 1e6).round() / 1e3,
        };
        if let Ok(mut text) = serde_json::to_vec(&line) {
            text.push(b'\n');
            self.send(text, 1);
        }
    }

    fn send(&self, line: Vec<u8>, lost_with_it: u64) {
        if self.lines.try_send(line).is_err() {
            self.lost.fetch_add(lost_with_it, Ordering::Relaxed);
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
}

fn write(lines: &Receiver<Vec<u8>>, mut to: impl Write) {
    for line in lines {
        // On a full disk there is nobody to tell.
        let _ = to.write_all(&line);
    }
}

/// A time as RFC 3339 has it, to the millisecond.
fn rfc3339(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, seconds) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let millis = since.subsec_millis();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// Year, month and day of so many days after 1970-01-01. Years begin in March here, so that the
/// leap day is the last one of its year.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + 400 * era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_date() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.007Z"),
            (951_782_399, "2000-02-28T23:59:59.007Z"),
            (951_782_400, "2000-02-29T00:00:00.007Z"),
            (951_868_800, "2000-03-01T00:00:00.007Z"),
            (1_795_391_999, "2026-11-22T23:59:59.007Z"),
            (4_107_542_400, "2100-03-01T00:00:00.007Z"),
        ] {
            let time = UNIX_EPOCH + Duration::new(seconds, 7_000_000);
            assert_eq!(rfc3339(time), text);
        }
    }
}
