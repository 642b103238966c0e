//! Archives that are opened as they come from elsewhere, side by side as far as the token, or its agent, gains by it.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use super::args::{Decrypt, Opening, Place};
use super::holder::Holder;
use super::job::{Destination, Job};
use super::keys::Keys;
use super::run::Run;
use crate::archive::result_zip::Watcher;
use crate::cli::agent_beside::mind_agent;
use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::progress::Progress;
use crate::decrypt::Report;
use crate::file::dir::Dir;

/// An archive that came, in a file without a name.
pub(in crate::cli::commands) struct Arrived<T> {
    /// Stands for it in messages.
    pub(in crate::cli::commands) name: PathBuf,
    pub(in crate::cli::commands) file: File,
    /// The folder that its result is meant for.
    pub(in crate::cli::commands) folder: PathBuf,
    /// Where one of that name is made, and the result waits until its sender moves it.
    pub(in crate::cli::commands) waiting: Arc<Dir>,
    /// Who sees its files while they are decrypted, and has a word before they are released.
    pub(in crate::cli::commands) watcher: Option<Arc<dyn Watcher>>,
    /// What its sender wants to be told with it.
    pub(in crate::cli::commands) about: T,
}

/// How the opening of an archive ended.
pub(in crate::cli::commands) enum Opened {
    /// Its result waits.
    Done(Report),
    /// It failed.
    Failed(Failure),
    /// It failed, and so would all others.
    FailedForAll(Failure),
}

/// Where archives come from.
pub(in crate::cli::commands) trait Arrivals: Sync {
    type About: Send;

    /// Waits for the next one; none when no more come.
    fn next(&self) -> Option<Arrived<Self::About>>;

    /// How many more may come.
    fn expected(&self) -> usize;

    /// Takes note of how one ended.
    fn ended(&self, about: Self::About, opened: Opened);
}

/// Opens archives until no more come.
pub(in crate::cli::commands) fn open_as_they_come(
    context: &Context,
    opening: &Opening,
    arrivals: &impl Arrivals,
) -> Result<(), Failure> {
    let nowhere = Place::Folder(PathBuf::new());
    let command = Decrypt::one(PathBuf::new(), nowhere, Vec::new(), opening.clone());
    let mut pins = context.pins()?;
    // Whoever they come from shows how far all of it is.
    let progress = Progress::hidden();
    let run = Run::new(context, &command, None, &progress);
    // While results go to the disk, other archives can be opened.
    let per_session = if opening.no_sync { 1 } else { 2 };
    if let Some(agent) = run.agent(&pins)? {
        let threads = (per_session * agent.sessions).min(arrivals.expected().max(1));
        let connections = (0..threads).map(|_| agent.connection(&pins)).collect();
        side_by_side(&run, arrivals, connections);
        return Ok(());
    }
    let mut holder = Holder::new(&run, &mut pins, arrivals.expected());
    while let Some(arrived) = arrivals.next() {
        // The first one logs in.
        let is_open = open(&run, arrivals, arrived, &mut holder);
        if is_open && let Some(shared) = holder.shared(arrivals.expected()) {
            side_by_side(&run, arrivals, shared.turns(per_session * shared.count()));
            break;
        }
    }
    Ok(())
}

fn side_by_side<K: Keys + Send>(run: &Run<'_>, arrivals: &impl Arrivals, holders: Vec<K>) {
    thread::scope(|scope| {
        for mut holder in holders {
            scope.spawn(move || {
                while let Some(arrived) = arrivals.next() {
                    open(run, arrivals, arrived, &mut holder);
                }
            });
        }
    });
}

/// Opens one, and tells whether that was well.
fn open<A: Arrivals>(
    run: &Run<'_>,
    arrivals: &A,
    arrived: Arrived<A::About>,
    holder: &mut impl Keys,
) -> bool {
    let job = Job {
        archive: arrived.name,
        place: Destination::Folder(arrived.folder),
        within: Some(arrived.waiting),
        only: Vec::new(),
        fetched: Some(arrived.file),
        watcher: arrived.watcher,
    };
    let opened = match run.open(&job, holder) {
        Ok(report) => Opened::Done(report),
        Err(stop) => {
            let failure = mind_agent(run.context, stop.failure);
            match stop.for_all {
                true => Opened::FailedForAll(failure),
                false => Opened::Failed(failure),
            }
        }
    };
    let is_open = matches!(opened, Opened::Done(_));
    arrivals.ended(arrived.about, opened);
    is_open
}
