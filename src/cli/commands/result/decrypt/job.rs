use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{DEFAULT_OUTPUT, Decrypt};
use crate::archive::result_zip::Watcher;
use crate::cli::ui::failure::Failure;
use crate::code::Code;
use crate::file::OutputStream;
use crate::file::dir::Dir;
use crate::file::named::folder_of;
use crate::text::escape::Shown as _;

/// One archive and where its result goes.
pub(super) struct Job {
    pub(super) archive: PathBuf,
    /// The archive itself, where it came from elsewhere and has no file of its own.
    pub(super) fetched: Option<File>,
    /// Who sees its files while they are decrypted, and has a word before they are released.
    pub(super) watcher: Option<Arc<dyn Watcher>>,
    pub(super) place: Destination,
    /// The folder in which one of the name of `place` is made, where it is not to be there yet.
    pub(super) within: Option<Arc<Dir>>,
    /// The names of the files that are taken out of it; all where there are none.
    pub(super) only: Vec<OsString>,
}

pub(super) enum Destination {
    File(PathBuf),
    Folder(PathBuf),
    Stream(OutputStream),
    /// Nothing is written.
    Nowhere,
}

impl Destination {
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) | Self::Folder(path) => Some(path),
            Self::Stream(_) | Self::Nowhere => None,
        }
    }

    /// The folder in which a result waits for its checks.
    pub(super) fn waiting(&self) -> Option<PathBuf> {
        match self {
            Self::File(path) => Some(folder_of(path).to_owned()),
            Self::Folder(path) => Some(path.clone()),
            Self::Stream(_) | Self::Nowhere => None,
        }
    }
}

/// The archives with a place for each.
pub(super) fn jobs(command: &Decrypt) -> Result<Vec<Job>, Failure> {
    let several = command.archives.len() > 1;
    let only = only(command)?;
    if several && command.output_dir.is_none() && command.extract.is_none() {
        return Err(
            Failure::new(Code::Usage, "several archives need a place each")
                .hint("Name a folder with --output-dir, or with --extract."),
        );
    }
    let stream = command.output.as_deref().and_then(OutputStream::of);
    if let (true, Some(stream)) = (command.skip_existing, stream) {
        return Err(Failure::new(
            Code::Usage,
            format!("{} has nothing to skip", stream.shown()),
        )
        .hint("Name a file with --output, or leave --skip-existing out."));
    }
    let jobs: Vec<Job> = command
        .archives
        .iter()
        .map(|archive| Job {
            archive: archive.clone(),
            fetched: None,
            watcher: None,
            place: place(command, archive),
            within: None,
            only: only.clone(),
        })
        .collect();
    let mut places: Vec<_> = jobs.iter().filter_map(|job| job.place.path()).collect();
    places.sort_unstable();
    if let Some(twice) = places.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Failure::new(
            Code::Usage,
            format!("two archives would become {}", twice[0].shown()),
        )
        .hint("Open them one by one, each under its own name."));
    }
    Ok(jobs)
}

/// The names of the files to take out, each once, if there is a place for them.
fn only(command: &Decrypt) -> Result<Vec<OsString>, Failure> {
    let mut only = Vec::new();
    for name in &command.entry {
        if !only.contains(name) {
            only.push(name.clone());
        }
    }
    match (&command.output, &command.extract) {
        (None, None) if !only.is_empty() => Err(Failure::new(
            Code::Usage,
            "--entry needs a place for the file",
        )
        .hint("Name the file with --output, or a folder with --extract.")),
        (Some(_), _) if only.len() > 1 => Err(Failure::new(
            Code::Usage,
            "several files do not fit into one --output",
        )
        .hint("Name a folder with --extract, or take them out one by one.")),
        _ => Ok(only),
    }
}

fn place(command: &Decrypt, archive: &Path) -> Destination {
    let stem = match archive.file_stem() {
        // `...zip` has the stem `..`, which would lead out of the folder.
        Some(stem) if archive != Path::new("-") && stem != "." && stem != ".." => {
            PathBuf::from(stem)
        }
        _ => PathBuf::from("results"),
    };
    match (&command.extract, &command.output_dir, &command.output) {
        (Some(folder), ..) if command.extracts_several() => Destination::Folder(folder.join(stem)),
        (Some(folder), ..) => Destination::Folder(folder.clone()),
        (_, Some(folder), _) => {
            let mut name = stem.into_os_string();
            name.push(".zip");
            Destination::File(folder.join(name))
        }
        (.., Some(output)) => match OutputStream::of(output) {
            Some(stream) => Destination::Stream(stream),
            None => Destination::File(output.clone()),
        },
        _ => Destination::File(DEFAULT_OUTPUT.into()),
    }
}

/// The folder in which an archive from a pipe waits, still encrypted: on the disk that the result goes to.
pub(super) fn spool_folder(job: &Job) -> PathBuf {
    let parent = job
        .place
        .path()
        .and_then(Path::parent)
        .filter(|it| it.is_dir());
    match parent {
        Some(parent) => parent.to_owned(),
        None if matches!(job.place, Destination::Stream(_)) => std::env::temp_dir(),
        None => PathBuf::from("."),
    }
}
