//! A batch that is begun again: what was dealt with before is passed over.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::json;
use sha3::{Digest as _, Sha3_256};

use super::args::Decrypt;
use super::failed_before::{FailedBefore, Identity};
use super::job::{Destination, Job};
use super::outcome;
use super::shared_folder::SharedFolder;
use super::tally::{Outcome, Passed, Tally};
use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::code::Code;
use crate::file::is_temporary;
use crate::file::ownership;
use crate::file::temporary::Temporaries;
use crate::text::escape::Shown as _;

/// What `--skip-existing` knows of earlier runs.
pub(super) struct Again<'a> {
    context: &'a Context,
    /// The archives that failed; none where there is no folder for results alone.
    failed: Option<Mutex<FailedBefore>>,
    /// Whether those are tried all the same.
    retry: bool,
}

impl<'a> Again<'a> {
    /// Looks for what earlier runs left, where that is to be skipped.
    pub(super) fn look(context: &'a Context, command: &Decrypt) -> Option<Self> {
        if !command.skip_existing {
            return None;
        }
        let warn = |path: &Path, error| {
            context.warn(format_args!(
                "{} is not used, so archives that failed before are tried again: {error}",
                path.shown()
            ));
        };
        let folder = command.folder_of_several();
        // Key files that cannot be read are told of when they are needed.
        let asked = folder.zip(question(context, command).ok());
        let failed = asked.map(|(folder, question)| FailedBefore::read(folder, question, warn));
        Some(Self {
            context,
            failed: failed.map(Mutex::new),
            retry: command.retry_failed,
        })
    }

    /// Returns the jobs that are to be done. Tells of the others, and counts them.
    pub(super) fn to_do(&self, jobs: Vec<Job>, tally: &mut Tally) -> Vec<Job> {
        let is_only = jobs.len() == 1;
        let mut is_warned = false;
        let is_to_do = |job: &Job| {
            let passed = self.passes(job);
            if let Some(passed) = passed {
                is_warned = is_warned || self.warn_of_foreign(&job.place, passed);
                outcome::tell_passed(self.context, job, passed, is_only);
                tally.add(Outcome::Passed(passed));
            }
            passed.is_none()
        };
        jobs.into_iter().filter(is_to_do).collect()
    }

    /// Tells of what is passed over although another user made it; returns whether it is so.
    fn warn_of_foreign(&self, place: &Destination, passed: Passed) -> bool {
        let found = place.path().filter(|_| matches!(passed, Passed::Existing));
        let Some((path, found)) = found.and_then(|it| Some((it, fs::symlink_metadata(it).ok()?)))
        else {
            return false;
        };
        let owner = found.uid();
        let is_foreign = !ownership::is_trusted(owner);
        if is_foreign {
            self.context.warn(format_args!(
                "{} is there, but it is not known what it is: it belongs to another user (number {owner})",
                path.shown()
            ));
        }
        is_foreign
    }

    /// Why `job` need not be done, if so.
    pub(super) fn passes(&self, job: &Job) -> Option<Passed> {
        if is_there(&job.place, &self.context.temporaries) {
            return Some(Passed::Existing);
        }
        let failed = self.failed().filter(|_| !self.retry)?;
        let code = failed.find(&self.context.absolute(&job.archive))?;
        Some(Passed::FailedBefore(code))
    }

    /// Remembers how an archive ended, for good; `before` is its identity before it was opened.
    pub(super) fn note(
        &self,
        job: &Job,
        before: Option<Identity>,
        failure: Option<Code>,
        folder: &SharedFolder<'_>,
    ) {
        let Some(mut failed) = self.failed() else {
            return;
        };
        let archive = self.context.absolute(&job.archive);
        match failure {
            None => failed.forget(&archive),
            Some(code) if is_final(code) => failed.note(&archive, before, code),
            // Of the device, the disk or the place: it may be good.
            Some(_) => {}
        }
        if failed.is_due() {
            self.write(&mut failed, folder);
        }
    }

    /// Writes down what is remembered.
    pub(super) fn save(&self, folder: &SharedFolder<'_>) {
        if let Some(mut failed) = self.failed()
            && failed.is_changed()
        {
            self.write(&mut failed, folder);
        }
    }

    fn write(&self, failed: &mut FailedBefore, folder: &SharedFolder<'_>) {
        let made = folder
            .make()
            .map_err(|failure| io::Error::other(failure.message().to_owned()));
        if let Err(error) = made.and_then(|()| failed.save(&self.context.temporaries)) {
            self.context.warn(format_args!(
                "the failures cannot be recorded in {}: {error}",
                failed.path().shown()
            ));
        }
    }

    fn failed(&self) -> Option<MutexGuard<'_, FailedBefore>> {
        let failed = self.failed.as_ref()?;
        Some(failed.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether something that can be a result is in its place. An empty file is none, nor is a folder that
/// a run was killed in before all of it was known to be good.
fn is_there(place: &Destination, temporaries: &Temporaries) -> bool {
    match place {
        Destination::File(path) => {
            fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() > 0)
        }
        Destination::Folder(path) => {
            if has_temporary(path) {
                temporaries.sweep(path);
            }
            !names_in(path).is_empty() && !has_temporary(path)
        }
        Destination::Stream(_) | Destination::Nowhere => false,
    }
}

fn has_temporary(folder: &Path) -> bool {
    names_in(folder).iter().any(|name| is_temporary(name))
}

fn names_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// Whether an archive that failed so is bad, as far as the same question goes.
fn is_final(code: Code) -> bool {
    matches!(
        code,
        Code::CannotDecrypt | Code::NotAnArchive | Code::TooLarge
    )
}

/// All that decides, beside an archive itself, whether it can be opened: the keys that are asked, the
/// limits and checks, and this program. As a digest.
fn question(context: &Context, command: &Decrypt) -> Result<String, Failure> {
    let settings = &context.settings;
    let records = context.key_records(command.opening.holding.beneficiary_key_file.as_deref())?;
    let mut recorded: Vec<String> = records
        .iter()
        .map(|it| match it.public.as_ref().map(|key| key.to_pem()) {
            Some(Ok(pem)) => pem,
            _ => it.uri.to_string(),
        })
        .collect();
    recorded.sort();
    let entries: Vec<_> = command
        .entry
        .iter()
        .map(|it| it.to_string_lossy())
        .collect();
    let question = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "module": context.named_module(),
        "token": settings.token.as_ref().map(ToString::to_string),
        "key": settings.key.as_ref().map(ToString::to_string),
        "recorded": recorded,
        "extract": command.extract.is_some(),
        "entries": entries,
        "verify": command.opening.verify,
        "max_size": settings.max_size,
        "max_entries": settings.max_entries,
    });
    let digest = Sha3_256::digest(question.to_string());
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}
