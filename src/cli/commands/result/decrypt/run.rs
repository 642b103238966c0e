use std::fs::File;
use std::io::IsTerminal as _;
use std::path::Path;

use super::again::Again;
use super::args::Decrypt;
use super::failed_before::Identity;
use super::job::{Destination, Job, spool_folder};
use super::keys::Keys;
use super::outcome;
use super::shared_folder::SharedFolder;
use super::streams::{open_archive, open_output};
use super::tally::{Outcome, Passed, Tally};
use crate::archive::Archive;
use crate::cli::agent_beside::mind_agent;
use crate::cli::context::Context;
use crate::cli::key_records::KeyRecords;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::progress::Progress;
use crate::cli::ui::reply::Reply;
use crate::cli::ui::status_line::{self, say};
use crate::code::Code;
use crate::decrypt::{self, Options, OutputError, Report, Target};
use crate::text::escape::Shown as _;

/// A run: the same for all its archives.
pub(super) struct Run<'a> {
    pub(super) context: &'a Context,
    pub(super) command: &'a Decrypt,
    pub(super) options: Options,
    pub(super) progress: &'a Progress,
    /// The folder that the results of several archives go to.
    pub(super) folder: SharedFolder<'a>,
    /// What earlier runs left, where that is to be skipped.
    pub(super) again: Option<Again<'a>>,
}

/// A failure, and whether it is one of all archives: what failed once would fail, and cost PIN
/// attempts, for each of them.
pub(super) struct Stop {
    pub(super) failure: Failure,
    pub(super) for_all: bool,
}

impl<E: Into<Failure>> From<E> for Stop {
    fn from(error: E) -> Self {
        let failure = error.into();
        let for_all = matches!(
            failure.code,
            Code::TokenNotUsable
                | Code::DeviceFailed
                | Code::PinWrong
                | Code::PinBlocked
                | Code::PinNeeded
                | Code::KeyNotFound
                | Code::AgentNotAvailable
        );
        Self { failure, for_all }
    }
}

impl<'a> Run<'a> {
    pub(super) fn new(
        context: &'a Context,
        command: &'a Decrypt,
        again: Option<Again<'a>>,
        progress: &'a Progress,
    ) -> Self {
        Self {
            context,
            command,
            options: Options {
                verify: command.opening.verify,
                no_sync: command.opening.no_sync,
                limits: context.limits(),
                temporaries: context.temporaries.clone(),
                ..Options::default()
            },
            progress,
            folder: SharedFolder::new(
                command.folder_of_several(),
                &context.temporaries,
                !command.opening.no_sync,
            ),
            again,
        }
    }
}

impl Run<'_> {
    /// The keys that the key files record.
    pub(super) fn recorded(&self) -> Result<KeyRecords, Failure> {
        let file = self.command.opening.holding.beneficiary_key_file.as_deref();
        self.context.key_records(file)
    }

    /// Keeps what the next run is to know.
    pub(super) fn save(&self) {
        if let Some(again) = &self.again {
            again.save(&self.folder);
        }
    }

    /// Whether a person is asked before something is replaced.
    fn asks(&self) -> bool {
        !self.command.opening.force && self.again.is_none()
    }

    /// Whether a person may be asked about what stands in the place of a result: questions come
    /// one after the other.
    pub(super) fn may_ask(&self, jobs: &[Job]) -> bool {
        self.asks()
            && jobs
                .iter()
                .any(|job| job.place.path().is_some_and(Path::exists))
    }

    /// Opens an archive, and remembers for the next run how that went.
    pub(super) fn open(&self, job: &Job, holder: &mut impl Keys) -> Result<Report, Stop> {
        let Some(again) = &self.again else {
            return self.open_now(job, holder);
        };
        let before = Identity::of(&job.archive);
        let opened = self.open_now(job, holder);
        let failed = opened.as_ref().err().map(|stop| stop.failure.code);
        again.note(job, before, failed, &self.folder);
        opened
    }

    fn open_now(&self, job: &Job, holder: &mut impl Keys) -> Result<Report, Stop> {
        let (context, command) = (self.context, self.command);
        let limits = &self.options.limits;
        let archive = match &job.fetched {
            Some(file) => Archive::from_temporary(copied(file)?, &job.archive, limits)?,
            None => open_archive(context, &job.archive, &spool_folder(job), limits)?,
        };
        let force = command.opening.force || (self.asks() && may_replace(context, job));
        let replace = |path: &Path| force || (self.asks() && context.can_replace(path));
        let mut opened;
        let target = match (&job.place, job.only.first()) {
            (Destination::File(path), None) => Target::File { path, force },
            (Destination::File(path), Some(name)) => Target::Entry { name, path, force },
            (Destination::Folder(path), _) => Target::Folder {
                path,
                only: &job.only,
                replace: &replace,
            },
            (Destination::Nowhere, _) => Target::Nowhere,
            (Destination::Stream(stream), name) => {
                opened = open_output(*stream).map_err(|source| OutputError::Io {
                    path: command.output.clone().unwrap_or_default(),
                    source,
                })?;
                if opened.is_terminal() {
                    // The result has the terminal from now on.
                    status_line::end();
                }
                match name {
                    None => Target::Stream(&mut opened),
                    Some(name) => Target::EntryStream(name, &mut opened),
                }
            }
        };
        // Before a PIN is asked for in vain.
        target.check(&archive)?;
        self.folder.make()?;
        let passes = target.passes(&self.options);
        let keys = holder.keys()?;
        self.progress.add_total_bytes(passes * archive.result_len());
        let progress = |bytes| self.progress.add_bytes(bytes);
        let options = Options {
            watcher: job.watcher.clone(),
            within: job.within.clone(),
            ..self.options.clone()
        };
        decrypt::decrypt(&archive, keys, target, &options, &progress)
            .map_err(|error| Failure::from(error).into())
    }

    /// Ends a run of several archives, with a line where not each of them was opened.
    pub(super) fn end(&self, tally: &Tally) -> Reply {
        self.save();
        if tally.not_tried() == 0 {
            self.progress.finish();
        }
        let global = &self.context.global;
        if global.raw {
            outcome::print(&tally.to_json());
        } else if let Some(line) = tally.line().filter(|_| !global.quiet) {
            say(&line);
        }
        Reply::done(tally.first)
    }

    /// Tells of one of several archives; returns how it ended.
    pub(super) fn tell(&self, job: &Job, opened: Result<Report, Stop>) -> Outcome {
        self.progress.add_one();
        let stop = match opened {
            Ok(report) => {
                outcome::tell(self.context, job, &report);
                return Outcome::Opened;
            }
            Err(stop) => stop,
        };
        if let Some(passed) = self.came_meanwhile(job, &stop) {
            outcome::tell_passed(self.context, job, passed, false);
            return Outcome::Passed(passed);
        }
        let failure = mind_agent(self.context, stop.failure);
        let failure = failure.of(&job.archive.shown());
        let raw = self.context.global.raw;
        failure.print(&self.context.global.command, raw);
        Outcome::Failed(failure.code)
    }

    /// Whether the result that was in the way is that of another run, at work at the same time.
    fn came_meanwhile(&self, job: &Job, stop: &Stop) -> Option<Passed> {
        let again = self.again.as_ref()?;
        let in_the_way = stop.failure.code == Code::OutputExists;
        again.passes(job).filter(|_| in_the_way)
    }
}

/// Another handle of a file that was fetched.
fn copied(file: &File) -> Result<File, Failure> {
    let copied = file.try_clone();
    copied.map_err(|error| {
        let message = format!("what was fetched cannot be read: {error}");
        Failure::new(Code::IoFailed, message)
    })
}

/// Whether the file that stands where a result goes may be replaced; asks on a terminal.
fn may_replace(context: &Context, job: &Job) -> bool {
    matches!(&job.place, Destination::File(path)
        if path.is_file() && !path.is_symlink() && context.can_replace(path))
}
