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
use crate::file::temporary::folder_of;

/// `source` as a plaintext zip, at its beginning, that opens within `limits`. An archive that is made
/// inside of `source` is no part of it, neither as `output` nor as `pending`.
pub(super) fn plain_zip(
    source: &Path,
    (output, pending): (&Path, &Path),
    limits: &Limits,
) -> Result<File, EncryptError> {
    let (mut zip, made_here) = zip_or_made(source, output, pending)?;
    let file = zip
        .try_clone()
        .map_err(|error| OutputError::io(output, error))?;
    check(file, made_here, limits).map_err(|error| EncryptError::refused(source, error))?;
    zip.rewind()
        .map_err(|error| OutputError::io(output, error))?;
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
fn zip_or_made(source: &Path, output: &Path, pending: &Path) -> Result<(File, bool), EncryptError> {
    let read = |error| EncryptError::Read {
        path: source.to_owned(),
        source: error,
    };
    if source.is_dir() {
        let id = |path: &Path| Some(FileId::of(&std::fs::metadata(path).ok()?));
        let archive: Vec<_> = [output, pending].into_iter().filter_map(id).collect();
        let files = files_below(source, &archive).map_err(read)?;
        return Ok((zip_of(&files, source, output)?, true));
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
    Ok((zip_of(&[source.to_owned()], folder, output)?, true))
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

/// A zip of `files`, named relative to `folder`, in a file without a name beside `output`.
fn zip_of(files: &[PathBuf], folder: &Path, output: &Path) -> Result<File, EncryptError> {
    let write = |error| OutputError::io(output, error);
    let mut zip = ZipWriter::new(tempfile::tempfile_in(folder_of(output)).map_err(write)?);
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
