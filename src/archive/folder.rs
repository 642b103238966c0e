//! Wrapped key and body as files, where a zip was unpacked.

use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;

use super::body::BodySource;
use super::file_id::FileId;
use super::layout::{FROM_FOLDER, Layout, Pair, choose};
use super::listing;
use super::repacked;
use super::result_zip::EntryName;
use super::zipped::{check_body_len, read_key};
use super::{Archive, ArchiveError, Limits, WrappedKey};
use crate::file::regular;

/// Finds wrapped key and body below a folder that holds, or is, what was in the zip; or in the only
/// folder below it that does.
pub(super) fn open(folder: &Path, limits: &Limits) -> Result<Archive, ArchiveError> {
    if let Some(pair) = choose_among(&FROM_FOLDER, folder)? {
        return assemble(
            folder,
            pair,
            (pair.key.as_ref(), pair.body.as_ref()),
            limits,
        );
    }
    let below = listing::files_below(folder)?;
    let names: Vec<&[u8]> = below.iter().map(|it| it.as_os_str().as_bytes()).collect();
    let found = repacked::find(&names)?;
    assemble(
        folder,
        found.pair,
        (&below[found.key], &below[found.body]),
        limits,
    )
}

/// Takes a body by its path, and finds its key beside it.
pub(super) fn open_body(path: &Path, limits: &Limits) -> Result<Archive, ArchiveError> {
    // An empty one is the folder that the process is in.
    let folder = path.parent().unwrap_or(Path::new(""));
    let pairs: Vec<Pair> = FROM_FOLDER
        .into_iter()
        .filter(|pair| path.file_name().is_some_and(|name| name == pair.body))
        .collect();
    match choose_among(&pairs, folder)? {
        Some(pair) => assemble(
            folder,
            pair,
            (pair.key.as_ref(), pair.body.as_ref()),
            limits,
        ),
        None if pairs.is_empty() => Err(lone_body(path, "aes-key.rsa".into())),
        None => {
            let keys: Vec<&str> = pairs.iter().map(|pair| pair.key).collect();
            Err(lone_body(path, keys.join(" or ")))
        }
    }
}

fn lone_body(path: &Path, missing: String) -> ArchiveError {
    ArchiveError::LoneBody {
        body: path.into(),
        missing,
    }
}

fn choose_among(pairs: &[Pair], folder: &Path) -> Result<Option<Pair>, ArchiveError> {
    let mut present = Vec::new();
    for name in pairs.iter().flat_map(|pair| [pair.key, pair.body]) {
        if is_file(&folder.join(name))? {
            present.push(name);
        }
    }
    choose(pairs, |name| present.contains(&name))
}

fn is_file(path: &Path) -> Result<bool, ArchiveError> {
    match std::fs::metadata(path) {
        Ok(metadata) => Ok(metadata.is_file()),
        Err(error) if is_absence(&error) => Ok(false),
        Err(error) => Err(ArchiveError::io(path)(error)),
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn assemble(
    folder: &Path,
    pair: Pair,
    (key_name, body_name): (&Path, &Path),
    limits: &Limits,
) -> Result<Archive, ArchiveError> {
    let key_path = folder.join(key_name);
    let (key, key_id) = source(&key_path)?;
    let (body, body_id) = source(&folder.join(body_name))?;
    let key = WrappedKey::parse(read_key(&key, &key_path)?, pair)?;
    check_body_len(&body, limits)?;
    let shown = |name: &Path| EntryName(name.as_os_str().as_bytes()).shown();
    Ok(Archive {
        layout: Layout {
            scheme: key.scheme(),
            key_entry: shown(key_name),
            body_entry: shown(body_name),
        },
        key,
        body,
        inputs: vec![key_id, body_id],
    })
}

fn source(path: &Path) -> Result<(BodySource, FileId), ArchiveError> {
    let file = regular::open(path).map_err(ArchiveError::io(path))?;
    let metadata = file.metadata().map_err(ArchiveError::io(path))?;
    let source = BodySource::whole(Arc::new(file), metadata.len());
    Ok((source, FileId::of(&metadata)))
}
