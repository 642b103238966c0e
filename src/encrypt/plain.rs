//! The plaintext zip that is sealed.

use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::error::EncryptError;
use super::{Progress, Stage, copy};
use crate::archive::result_zip::{Contents, ResultZipError};
use crate::archive::{FileId, Limits, begins_like_zip};
use crate::decrypt::OutputError;
use crate::file::dir::Dir;
use crate::file::{named, regular};

/// Bytes that are read at once.
const CHUNK: usize = 64 * 1024;

/// Where an archive is made.
pub(super) struct Place<'a> {
    pub(super) output: &'a Path,
    /// The folder that it is in.
    pub(super) folder: &'a Dir,
    /// The file that it is until it gets its name.
    pub(super) pending: FileId,
}

/// `source` as a plaintext zip, at its beginning, that opens within `limits`. An archive that is made
/// inside of `source` is no part of it, neither the new nor the old one.
pub(super) fn plain_zip(
    source: &Path,
    place: &Place<'_>,
    limits: &Limits,
    progress: &dyn Fn(Progress),
) -> Result<File, EncryptError> {
    let write = |error| OutputError::io(place.output, error);
    let (mut zip, made_here) = zip_or_made(source, place, progress)?;
    let file = zip.try_clone().map_err(write)?;
    check(file, made_here, limits, progress)
        .map_err(|error| EncryptError::refused(source, error))?;
    zip.rewind().map_err(write)?;
    Ok(zip)
}

/// Requires what opening a zip requires; of one that was just made, the files need not be read again.
fn check(
    zip: File,
    made_here: bool,
    limits: &Limits,
    progress: &dyn Fn(Progress),
) -> Result<(), ResultZipError> {
    let contents = Contents::read(Arc::new(zip), limits)?;
    if made_here {
        contents.extraction().map(drop)
    } else {
        let total = contents.summary().size;
        contents.check_all(&|bytes| {
            progress(Progress {
                stage: Stage::Checking,
                bytes,
                total,
            });
        })
    }
}

/// The zip that `source` is or that is made of it, and whether it was made.
fn zip_or_made(
    source: &Path,
    place: &Place<'_>,
    progress: &dyn Fn(Progress),
) -> Result<(File, bool), EncryptError> {
    let read = |error| EncryptError::Read {
        path: source.to_owned(),
        source: error,
    };
    if source.is_dir() {
        let folder = named::open_any(source).map_err(read)?;
        let old = std::fs::metadata(place.output);
        let mut archive = vec![place.pending];
        archive.extend(old.ok().map(|it| FileId::of(&it)));
        let (files, total) = files_below(source, &archive).map_err(read)?;
        let zip = Zipping::new(place, total, progress)?;
        return Ok((zip_of(&files, &folder, source, zip)?, true));
    }
    let mut file = regular::open(source).map_err(read)?;
    let mut head = Vec::new();
    (&file).take(4).read_to_end(&mut head).map_err(read)?;
    file.rewind().map_err(read)?;
    if begins_like_zip(&head) {
        return Ok((file, false));
    }
    let name = source.file_name().unwrap_or_default();
    let total = file.metadata().map_err(read)?.len();
    let mut zip = Zipping::new(place, total, progress)?;
    zip.add(name.as_ref(), source, file)?;
    Ok((zip.finish()?, true))
}

/// The regular files below `folder` but for `without`, in order of their names, and how many bytes they have.
fn files_below(folder: &Path, without: &[FileId]) -> io::Result<(Vec<PathBuf>, u64)> {
    let (mut files, mut bytes) = (Vec::new(), 0);
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            // Not of what a link leads to.
            let found = entry.metadata()?;
            if found.is_dir() {
                folders.push(entry.path());
            } else if found.is_file() && !without.contains(&FileId::of(&found)) {
                files.push(entry.path());
                bytes += found.len();
            }
        }
    }
    files.sort();
    Ok((files, bytes))
}

/// A zip of `files`, named relative to `source`. They are opened below `folder`, which stood there before they were
/// listed: of what somebody puts in their place meanwhile, no link leads elsewhere.
fn zip_of(
    files: &[PathBuf],
    folder: &Dir,
    source: &Path,
    mut zip: Zipping<'_>,
) -> Result<File, EncryptError> {
    for path in files {
        let name = path.strip_prefix(source).unwrap_or(path);
        let file = regular::open_below(folder, name).map_err(|source| EncryptError::Read {
            path: path.clone(),
            source,
        })?;
        zip.add(name, path, file)?;
    }
    zip.finish()
}

/// A zip that is made in a file without a name beside the archive.
struct Zipping<'a> {
    zip: ZipWriter<File>,
    output: &'a Path,
    /// Bytes of all files.
    total: u64,
    progress: &'a dyn Fn(Progress),
}

impl<'a> Zipping<'a> {
    fn new(
        place: &Place<'a>,
        total: u64,
        progress: &'a dyn Fn(Progress),
    ) -> Result<Self, EncryptError> {
        let output = place.output;
        let file = place.folder.create_unnamed();
        let zip = ZipWriter::new(file.map_err(|error| OutputError::io(output, error))?);
        Ok(Self {
            zip,
            output,
            total,
            progress,
        })
    }

    /// Adds a file, which is at `path`.
    fn add(&mut self, name: &Path, path: &Path, file: File) -> Result<(), EncryptError> {
        let name = name
            .to_str()
            .ok_or_else(|| EncryptError::Name(path.to_owned()))?;
        let len = file.metadata().map_err(|source| EncryptError::Read {
            path: path.to_owned(),
            source,
        })?;
        self.zip.start_file(name, entry_options(len.len()))?;
        let packed = |bytes| {
            (self.progress)(Progress {
                stage: Stage::Packing,
                bytes,
                total: self.total,
            });
        };
        let copied = copy(
            &mut BufReader::with_capacity(CHUNK, file),
            &mut self.zip,
            &packed,
        );
        copied.map_err(|error| OutputError::io(self.output, error))?;
        Ok(())
    }

    fn finish(self) -> Result<File, EncryptError> {
        Ok(self.zip.finish()?)
    }
}

/// Deflated, with room for sizes above 4 GiB where the entry may need it: base64 grows it by a
/// third, deflate by less.
pub(super) fn entry_options(len: u64) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .unix_permissions(0o644)
        .large_file(len >= u64::from(u32::MAX) / 2)
}
