//! The result of a task, from IPFS to its place: as it is, or decrypted.

mod unused;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Seek as _};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::told::Told;
use crate::chain::poco::{Id, Task};
use crate::cli::commands::result::{self, Opening, open_fetched, opened_in, warn_of_exposed};
use crate::cli::context::Context;
use crate::cli::evidence_file;
use crate::cli::gateways::{fetch, fetched_json, gateways};
use crate::cli::node::Place;
use crate::cli::options::groups;
use crate::cli::ui::failure::Failure;
use crate::cli::verification::Verification;
use crate::cli::verifying::{Verifier, VerifyingArgs, Whom};
use crate::code::Code;
use crate::decrypt::{OutputError, Report, check_file, check_folder};
use crate::file::OutputStream;
use crate::file::named::{self, folder_of};
use crate::ipfs::{Gateways, Location};
use crate::task::result_location;
use crate::text::escape::Shown as _;

/// The options that ask for the result of a task.
#[derive(Debug, Args)]
pub(crate) struct Download {
    /// Download the result to this file, - for stdout [default: TASKID.zip]
    #[arg(long, value_name = "NAME", num_args = 0..=1)]
    download: Option<Option<PathBuf>>,
    /// Download the result and decrypt it
    #[arg(long)]
    decrypt: bool,
    /// Download and decrypt the result, and unpack it into this folder
    #[arg(long, short = 'x', value_name = "FOLDER")]
    extract: Option<PathBuf>,
    /// Extract only this file; to --download or --extract; may be repeated
    #[arg(long, hide_short_help = true, value_name = "NAME")]
    entry: Vec<OsString>,
    #[command(flatten)]
    verifying: VerifyingArgs,
    /// Write the evidence to this file, for result verify
    #[arg(
        long,
        hide_short_help = true,
        value_name = "FILE",
        conflicts_with = "no_verify"
    )]
    evidence: Option<PathBuf>,
    #[command(flatten)]
    ipfs_gateway: groups::IpfsGateway,
    #[command(flatten)]
    opening: Opening,
}

/// What a result is of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::cli::commands) enum Of {
    /// Of this task.
    Task(Id),
    /// Of a run, whose task nobody knows yet. Its `--force` agrees to what it costs, too.
    Run,
}

/// A download that is wanted, with a place that it can go to.
pub(in crate::cli::commands) struct Wanted {
    place: Destination,
    /// Whether the result is decrypted on the way.
    decrypt: bool,
    only: Vec<OsString>,
    verifying: VerifyingArgs,
    evidence: Option<PathBuf>,
    opening: Opening,
}

enum Destination {
    File(PathBuf),
    Folder(PathBuf),
    Stream(OutputStream, PathBuf),
}

/// A result in its place.
pub(super) struct Downloaded {
    /// What `--raw` says, beside the task.
    pub(super) json: Value,
    /// What people are told.
    pub(super) note: String,
    /// What is proven of it, where that was looked at.
    pub(super) verification: Option<Verification>,
    /// Whether the standard output is taken by the result.
    pub(super) is_stream: bool,
}

/// A result that did not get to its place.
pub(super) struct Undone {
    pub(super) failure: Failure,
    /// The lines of the checks, where it failed by these.
    pub(super) checks: Vec<String>,
}

impl From<Failure> for Undone {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            checks: Vec::new(),
        }
    }
}

impl Download {
    /// The download that is asked for, if any. What is in its way is told before anything is asked, which may take long.
    pub(in crate::cli::commands) fn wanted(
        &self,
        context: &Context,
        of: Of,
    ) -> Result<Option<Wanted>, Failure> {
        let decrypt = self.decrypt || self.extract.is_some() || !self.entry.is_empty();
        self.refuse_unused(context, decrypt, self.opening.force && of != Of::Run)?;
        if self.download.is_none() && !decrypt {
            return Ok(None);
        }
        let mut wanted = Wanted {
            place: match of {
                Of::Task(task) => self.place(task)?,
                Of::Run => self.place(Id::ZERO)?,
            },
            decrypt,
            only: self.entry.clone(),
            verifying: self.verifying.clone(),
            evidence: self.evidence.clone(),
            opening: self.opening.clone(),
        };
        wanted.check(context)?;
        Ok(Some(wanted))
    }

    /// The same, for a task whose id was not known before.
    pub(in crate::cli::commands) fn of_task(
        &self,
        wanted: Wanted,
        task: Id,
    ) -> Result<Wanted, Failure> {
        let place = self.place(task)?;
        Ok(Wanted { place, ..wanted })
    }

    /// Whether `--force` was given.
    pub(in crate::cli::commands) fn is_forced(&self) -> bool {
        self.opening.force
    }

    fn place(&self, task: Id) -> Result<Destination, Failure> {
        let name = self.download.as_ref().and_then(Option::as_ref);
        if let Some(folder) = &self.extract {
            return match name {
                None => Ok(Destination::Folder(folder.clone())),
                Some(_) => Err(Failure::new(
                    Code::Usage,
                    "a result goes to one place: --extract, or the name after --download",
                )
                .hint("Leave the name or --extract out.")),
            };
        }
        if let (None, false) = (name, self.entry.is_empty()) {
            return Err(
                Failure::new(Code::Usage, "--entry needs a place for the file")
                    .hint("Name the file after --download, or a folder with --extract."),
            );
        }
        let name = name.cloned().unwrap_or_else(|| task.to_string().into());
        Ok(match OutputStream::of(&name) {
            Some(stream) => Destination::Stream(stream, name),
            // The file that is taken out has a form of its own.
            None if !self.entry.is_empty() => Destination::File(name),
            None => Destination::File(with_zip(name)),
        })
    }
}

/// The name with the ending that the SDK gives it.
fn with_zip(name: PathBuf) -> PathBuf {
    let mut name = name.into_os_string();
    let bytes = name.as_encoded_bytes();
    if bytes.len() <= 4 || !bytes.ends_with(b".zip") {
        name.push(".zip");
    }
    name.into()
}

impl Wanted {
    /// Whether the result is decrypted on the way.
    pub(in crate::cli::commands) fn is_decrypted(&self) -> bool {
        self.decrypt
    }

    /// Refuses a place that is taken; a person may agree to have the file there replaced.
    fn check(&mut self, context: &Context) -> Result<(), Failure> {
        if let Some(evidence) = &self.evidence {
            let other = match &self.place {
                Destination::File(path) => Some(path.as_path()),
                _ => None,
            };
            evidence_file::check(context, evidence, other, self.opening.force)?;
        }
        let path = match &self.place {
            Destination::File(path) => path,
            Destination::Folder(path) => return Ok(check_folder(path)?),
            Destination::Stream(..) => return Ok(()),
        };
        named::open(folder_of(path)).map_err(|error| OutputError::io(path, error))?;
        let checked = check_file(path, self.opening.force, |_| false, "");
        if matches!(checked, Err(OutputError::Exists(_))) && context.can_replace(path) {
            self.opening.force = true;
            return Ok(());
        }
        Ok(checked?)
    }

    /// Gets the result of a task and puts it into its place.
    pub(super) fn get(
        &self,
        context: &Context,
        place: &Place,
        told: &Told,
    ) -> Result<Downloaded, Undone> {
        let location = result_location(&told.task, told.now).map_err(Failure::from)?;
        let max_size = match self.decrypt {
            true => context.limits().max_archive(),
            false => context.limits().max_size,
        };
        let gateways = gateways(context, &place.chain, place.options.clone(), max_size)?;
        match self.decrypt {
            true => self.decrypted(context, &gateways, &location, (place, &told.task)),
            false => Ok(self.as_it_is(context, &gateways, &location)?),
        }
    }

    fn as_it_is(
        &self,
        context: &Context,
        gateways: &Gateways,
        location: &Location,
    ) -> Result<Downloaded, Failure> {
        let durable = !self.opening.no_sync;
        let fetched = match &self.place {
            Destination::Stream(stream, name) => {
                let failed = |error| OutputError::io(name, error);
                let waiting = tempfile::tempfile().map_err(failed)?;
                let fetched = fetch(context, gateways, location, &waiting, false)?;
                copy(waiting, *stream).map_err(failed)?;
                fetched
            }
            Destination::File(path) | Destination::Folder(path) => {
                let failed = |error| OutputError::io(path, error);
                warn_of_exposed(context, &[folder_of(path).to_owned()]);
                let mut file = context.temporaries.file(path).map_err(failed)?;
                let fetched = fetch(context, gateways, location, file.file(), durable)?;
                let published = match durable {
                    true => file.publish(self.opening.force),
                    false => file.publish_unsynced(self.opening.force),
                };
                published.map_err(failed)?;
                fetched
            }
        };
        let place = self.shown(context);
        let mut json = self.json(context);
        json["download"] = fetched_json(location, &fetched);
        Ok(Downloaded {
            json,
            note: format!("Downloaded task result to {place}"),
            verification: None,
            is_stream: self.is_stream(),
        })
    }

    fn decrypted(
        &self,
        context: &Context,
        gateways: &Gateways,
        location: &Location,
        (node, task): (&Place, &Task),
    ) -> Result<Downloaded, Undone> {
        let names_key = self.opening.holding.names_key(context);
        let verifier = self.verifying.verifier(Whom::Us { names_key });
        let place = match &self.place {
            Destination::Folder(folder) => result::Place::Folder(folder.clone()),
            Destination::File(path) | Destination::Stream(_, path) => {
                result::Place::Output(path.clone())
            }
        };
        let mut json = self.json(context);
        let get = |folder: &Path| {
            let waiting = waiting_file(folder)?;
            let fetch = || Ok(fetch(context, gateways, location, &waiting, false)?);
            let fetched = match &verifier {
                Some(verifier) => verifier.fetch(context, node, task, &waiting, fetch)?,
                None => fetch()?,
            };
            json["download"] = fetched_json(location, &fetched);
            verifier.as_ref().map_or(Ok(()), Verifier::check_early)?;
            Ok(waiting)
        };
        let only = self.only.clone();
        let name = location.to_string();
        let watcher = verifier.as_ref().map(Verifier::watcher);
        let opened = open_fetched(context, &name, (place, only), &self.opening, watcher, get);
        let (report, verification) = match &verifier {
            Some(verifier) => self.verified(context, verifier, opened)?,
            None => (opened?, None),
        };
        add_report(&mut json, &report);
        Ok(Downloaded {
            json,
            note: opened_in(context, &self.place_shown(context), &report),
            verification,
            is_stream: self.is_stream(),
        })
    }

    /// The end of an opening, with what is proven of the result, which is written down where that is wanted.
    fn verified(
        &self,
        context: &Context,
        verifier: &Verifier,
        opened: Result<Report, Failure>,
    ) -> Result<(Report, Option<Verification>), Undone> {
        let written = match &self.evidence {
            Some(file) => verifier.write_evidence(context, file, self.opening.force),
            None => Ok(()),
        };
        let verification = verifier.verification();
        let report = opened.map_err(|failure| {
            let failure = verifier.failure(failure);
            let is_verdict = matches!(failure.code, Code::VerifiedDifferent | Code::NotVerified);
            let found = verification.as_ref().filter(|_| is_verdict);
            Undone {
                failure,
                checks: found.map(Verification::lines).unwrap_or_default(),
            }
        })?;
        written?;
        Ok((report, verification))
    }

    fn is_stream(&self) -> bool {
        matches!(self.place, Destination::Stream(..))
    }

    fn json(&self, context: &Context) -> Value {
        let mut json = match &self.place {
            Destination::Stream(..) => json!({}),
            Destination::File(path) | Destination::Folder(path) => {
                json!({ "resultPath": context.absolute(path) })
            }
        };
        if !self.only.is_empty() {
            let taken: Vec<_> = self.only.iter().map(|it| it.to_string_lossy()).collect();
            json["taken"] = json!(taken);
        }
        json
    }

    /// The place with the word that the SDK puts before it.
    fn shown(&self, context: &Context) -> String {
        let place = self.place_shown(context);
        match &self.place {
            Destination::Stream(..) => place,
            Destination::File(_) => format!("file {place}"),
            Destination::Folder(_) => format!("folder {place}"),
        }
    }

    fn place_shown(&self, context: &Context) -> String {
        match &self.place {
            Destination::Stream(stream, _) => stream.shown(),
            Destination::File(path) | Destination::Folder(path) => {
                context.absolute(path).shown().into_owned()
            }
        }
    }
}

/// Writes a file to a stream.
fn copy(mut from: File, to: OutputStream) -> io::Result<u64> {
    from.rewind()?;
    io::copy(&mut from, &mut to.open()?)
}

/// A file without a name, in which an archive waits as it came, still encrypted.
fn waiting_file(folder: &Path) -> Result<File, Failure> {
    let made = tempfile::tempfile_in(folder);
    Ok(made.map_err(|error| OutputError::io(folder, error))?)
}

fn add_report(json: &mut Value, report: &Report) {
    json["key"] = json!(report.key.uri);
    json["bytes"] = json!(report.bytes);
    json["entries"] = json!(report.entries);
}
