//! What a result itself says, before it is held against anything.

use std::fs::File;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use super::unpacked;
use crate::archive::result_zip::{Contents, ResultZipError, Watcher};
use crate::archive::{Archive, Limits};
use crate::cli::commands::result::decrypt::{Holding, read_through};
use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::progress::{Progress, Unit, Work};
use crate::code::Code;
use crate::decrypt::DecryptError;
use crate::file::regular;
use crate::ipfs::Cid;
use crate::task::named_cid;
use crate::text::escape::Shown as _;
use crate::verify::{
    CidEvidence, CidOutcome, Digester, Evidence, Form, PlaintextEvidence, TaskEvidence,
};

/// What was found at a path.
pub(super) enum Found {
    /// A sealed archive; a file, or what was in it.
    Sealed { file: Option<File> },
    /// A zip of files.
    Zip(Contents, File),
    /// A folder of files.
    Folder(PathBuf),
}

/// What it was found to be.
pub(super) struct Measured {
    pub(super) form: Form,
    pub(super) cid: CidEvidence,
    pub(super) plaintext: PlaintextEvidence,
}

impl Measured {
    pub(super) fn put_into(self, evidence: &mut Evidence) {
        evidence.form = self.form;
        evidence.cid = self.cid;
        evidence.plaintext = self.plaintext;
    }
}

/// Finds out what stands at a path.
pub(super) fn look_at(path: &Path, limits: &Limits) -> Result<Found, Failure> {
    let is_zip = path.is_file();
    let not_sealed = match Archive::open(path, limits) {
        Ok(_) => {
            let file = is_zip && path.extension().is_none_or(|it| it != "aes");
            let file = file.then(|| regular::open(path)).transpose();
            return Ok(Found::Sealed {
                file: file.map_err(|error| unreadable(path, error))?,
            });
        }
        Err(error) => error,
    };
    if path.is_dir() {
        return Ok(Found::Folder(path.to_owned()));
    }
    let file = regular::open(path).map_err(|error| unreadable(path, error))?;
    let source = file.try_clone().map_err(|error| unreadable(path, error))?;
    match Contents::read(Arc::new(source), limits) {
        Ok(contents) => Ok(Found::Zip(contents, file)),
        // What it is not, the archive's words say better.
        Err(_) => Err(not_sealed.into()),
    }
}

/// Reads all of it.
pub(super) fn measure(
    context: &Context,
    path: &Path,
    found: Found,
    task: &TaskEvidence,
    holding: &Holding,
) -> Result<Measured, Failure> {
    let progress = context.progress(Work::Verify, Unit::Bytes);
    let measured = measured(context, path, found, (task, holding), &progress)?;
    progress.finish();
    Ok(measured)
}

fn measured(
    context: &Context,
    path: &Path,
    found: Found,
    (task, holding): (&TaskEvidence, &Holding),
    progress: &Progress,
) -> Result<Measured, Failure> {
    let digester = Arc::new(Digester::new());
    let watcher: Arc<dyn Watcher> = digester.clone();
    let (form, cid) = match found {
        Found::Sealed { file: Some(file) } => {
            let read = || read_through(context, path, holding, watcher, progress).map(drop);
            let cid = || cid(path, file, (task, Form::Sealed), progress);
            (Form::Sealed, beside(read, cid)?)
        }
        Found::Sealed { file: None } => {
            read_through(context, path, holding, watcher, progress)?;
            let why = "the archive is not here, only what was in it";
            (Form::Sealed, no_cid(task, why))
        }
        Found::Zip(contents, file) => {
            let read = || read_zip(path, contents, &watcher, progress);
            let cid = || cid(path, file, (task, Form::Opened), progress);
            (Form::Opened, beside(read, cid)?)
        }
        Found::Folder(folder) => {
            unpacked::read(&folder, &digester, &context.limits(), progress)?;
            let why = "the archive is not here, only the files that were in it";
            (Form::Opened, no_cid(task, why))
        }
    };
    Ok(Measured {
        form,
        cid,
        plaintext: digester.evidence(),
    })
}

/// Holds a file against its CID, on a thread of its own, while `read` reads what is in it.
fn beside(
    read: impl FnOnce() -> Result<(), Failure>,
    cid: impl FnOnce() -> Result<CidEvidence, Failure> + Send,
) -> Result<CidEvidence, Failure> {
    thread::scope(|scope| {
        let hashing = scope.spawn(cid);
        let read = read();
        let cid = hashing
            .join()
            .unwrap_or_else(|panic| resume_unwind(panic))?;
        read.map(|()| cid)
    })
}

/// Reads the files of a plain zip that the digest is taken of.
fn read_zip(
    path: &Path,
    contents: Contents,
    watcher: &Arc<dyn Watcher>,
    progress: &Progress,
) -> Result<(), Failure> {
    progress.add_total_bytes(contents.summary().size);
    let read = contents
        .watched_by(Some(watcher))
        .and_then(|contents| contents.read_watched(&|bytes| progress.add_bytes(bytes)));
    read.map_err(|error| {
        let error: DecryptError<std::convert::Infallible> = match error {
            ResultZipError::Damaged { reason } => {
                let what = format!("{} is damaged: {reason}", path.shown());
                return Failure::new(Code::NotAnArchive, what);
            }
            other => other.into(),
        };
        plain(error)
    })
}

/// Holds a file against the CID of the task.
fn cid(
    path: &Path,
    file: File,
    (task, form): (&TaskEvidence, Form),
    progress: &Progress,
) -> Result<CidEvidence, Failure> {
    let Some(cid) = cid_of(task) else {
        return Ok(no_cid(task, "the task names no file in IPFS by its CID"));
    };
    progress.add_total_bytes(file.metadata().map_or(0, |it| it.len()));
    let same = cid.is_of_file(progress.of_reading(file));
    let outcome = match same.map_err(|error| unreadable(path, error))? {
        Some(true) => CidOutcome::Same,
        // A result that was sealed is another file before.
        Some(false) if form == Form::Sealed => CidOutcome::Different,
        Some(false) => CidOutcome::Unknown {
            why: "the file is not the archive as it was downloaded".to_owned(),
        },
        None => CidOutcome::Unknown {
            why: "the file has another CID, which it also has where it was added to IPFS in another way".to_owned(),
        },
    };
    Ok(CidEvidence {
        cid: named_cid(task),
        outcome,
    })
}

fn no_cid(task: &TaskEvidence, why: &str) -> CidEvidence {
    CidEvidence {
        cid: named_cid(task),
        outcome: CidOutcome::Unknown {
            why: why.to_owned(),
        },
    }
}

/// The CID of the file that a task names; none where it is in a folder.
fn cid_of(task: &TaskEvidence) -> Option<Cid> {
    named_cid(task)?.parse().ok()
}

fn plain(error: DecryptError<std::convert::Infallible>) -> Failure {
    Failure::new(Code::NotAnArchive, error)
}

fn unreadable(path: &Path, error: impl std::fmt::Display) -> Failure {
    let what = format!("{} cannot be read: {error}", path.shown());
    Failure::new(Code::IoFailed, what).hint("Check the name and its permissions.")
}
