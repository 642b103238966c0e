//! The plaintext zip that is sealed.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::error::EncryptError;
use crate::archive::result_zip::{Contents, ResultZipError};
use crate::archive::{FileId, Limits, begins_like_zip};
use crate::decrypt::OutputError;
use crate::file::dir::Dir;

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
) -> Result<File, EncryptError> {
    let write = |error| OutputError::io(place.output, error);
    let (mut zip, made_here) = zip_or_made(source, place)?;
    let file = zip.try_clone().map_err(write)?;
    check(file, made_here, limits).map_err(|error| EncryptError::refused(source, error))?;
    zip.rewind().map_err(write)?;
    Ok(zip)
}

/// Requires what opening a zip requires; of one that was just made, the files need not be read again.
fn check(zip: File, made_here: bool, limits: &Limits) -> Result<(), ResultZipError> {
    let contents = Contents::read(Arc::new(zip), limits)?;
    if made_here {
        contents.extraction().map(drop)
    } else {
        contents.check_all()
    }
}

/// The zip that `source` is or that is made of it, and whether it was made.
fn zip_or_made(source: &Path, place: &Place<'_>) -> Result<(File, bool), EncryptError> {
    let read = |error| EncryptError::Read {
        path: source.to_owned(),
        source: error,
    };
    if source.is_dir() {
        let old = std::fs::metadata(place.output);
        let mut archive = vec![place.pending];
        archive.extend(old.ok().map(|it| FileId::of(&it)));
        let files = files_below(source, &archive).map_err(read)?;
        return Ok((zip_of(&files, source, place)?, true));
    }
    let mut file = File::open(source).map_err(read)?;
    let mut head = Vec::new();
    (&file).take(4).read_to_end(&mut head).map_err(read)?;
    // A pipe has lost these bytes, and says so.
    file.rewind().map_err(read)?;
    if begins_like_zip(&head) {
        return Ok((file, false));
    }
    let folder = source.parent().unwrap_or(Path::new(""));
    Ok((zip_of(&[source.to_owned()], folder, place)?, true))
}

/// The regular files below `folder` but for `without`, in order of their names.
fn files_below(folder: &Path, without: &[FileId]) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
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
            }
        }
    }
    files.sort();
    Ok(files)
}

/// A zip of `files`, named relative to `folder`, in a file without a name beside the archive.
fn zip_of(files: &[PathBuf], folder: &Path, place: &Place<'_>) -> Result<File, EncryptError> {
    let write = |error| OutputError::io(place.output, error);
    let mut zip = ZipWriter::new(place.folder.create_unnamed().map_err(write)?);
    for path in files {
        let name = path.strip_prefix(folder).unwrap_or(path);
        let name = name
            .to_str()
            .ok_or_else(|| EncryptError::Name(path.clone()))?;
        let read = |source| EncryptError::Read {
            path: path.clone(),
            source,
        };
        let mut file = File::open(path).map_err(read)?;
        zip.start_file(name, entry_options(file.metadata().map_err(read)?.len()))?;
        io::copy(&mut file, &mut zip).map_err(write)?;
    }
    Ok(zip.finish()?)
}

/// Deflated, with room for sizes above 4 GiB where the entry may need it: base64 grows it by a
/// third, deflate by less.
pub(super) fn entry_options(len: u64) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .unix_permissions(0o644)
        .large_file(len >= u64::from(u32::MAX) / 2)
}
