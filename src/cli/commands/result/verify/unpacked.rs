//! A folder that a result was unpacked into.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::archive::Limits;
use crate::archive::result_zip::{EntryName, Watcher as _};
use crate::cli::ui::failure::Failure;
use crate::cli::ui::progress::Progress;
use crate::code::Code;
use crate::file::regular;
use crate::text::escape::Shown as _;
use crate::verify::{COMPUTED_JSON, Digester, EntryFacts};

/// Bytes that are read at once.
const CHUNK: usize = 256 * 1024;

/// A file below the folder.
struct Unpacked {
    name: Vec<u8>,
    path: PathBuf,
    is_link: bool,
}

/// Has the files hashed that the digest is taken of. No link is followed.
pub(super) fn read(
    folder: &Path,
    digester: &Digester,
    limits: &Limits,
    progress: &Progress,
) -> Result<(), Failure> {
    let failed = |(path, error): (PathBuf, io::Error)| {
        let what = format!("{} cannot be read: {error}", path.shown());
        Failure::new(Code::IoFailed, what).hint("Check the folder and its permissions.")
    };
    let mut files = Vec::new();
    let listed = list(folder, &mut files, limits.max_entries).map_err(failed)?;
    if !listed {
        let what = format!("{} has too many files", folder.shown());
        return Err(Failure::new(Code::TooLarge, what)
            .hint("Raise --max-entries, or name the folder that the result was unpacked into."));
    }
    let is_computed = |it: &&Unpacked| it.name == COMPUTED_JSON.as_bytes() && !it.is_link;
    let computed = files.iter().find(is_computed);
    let computed = computed.map(|it| {
        let mut bytes = Vec::new();
        let file =
            regular::open(&it.path).and_then(|file| file.take(1 << 20).read_to_end(&mut bytes));
        file.map(|_| bytes)
            .map_err(|error| (it.path.clone(), error))
    });
    let computed = computed.transpose().map_err(failed)?;
    let facts = files.iter().map(|it| EntryFacts {
        name: &it.name,
        is_link: it.is_link,
    });
    digester.plan(computed.as_deref(), facts);
    for file in &files {
        if digester.wants(EntryName(&file.name)) {
            hash(file, digester, progress).map_err(|error| failed((file.path.clone(), error)))?;
        }
    }
    Ok(())
}

/// Lists what is below the folder, but for folders; returns whether it was all.
fn list(folder: &Path, files: &mut Vec<Unpacked>, most: u64) -> Result<bool, (PathBuf, io::Error)> {
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let fail = |error| (next.clone(), error);
        for entry in fs::read_dir(&next).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let kind = entry.file_type().map_err(fail)?;
            if files.len() as u64 + folders.len() as u64 > most {
                return Ok(false);
            }
            if kind.is_dir() {
                folders.push(entry.path());
                continue;
            }
            let path = entry.path();
            let name = path.strip_prefix(folder).unwrap_or(&path);
            files.push(Unpacked {
                name: name.as_os_str().as_bytes().to_vec(),
                is_link: !kind.is_file(),
                path,
            });
        }
    }
    Ok(true)
}

fn hash(file: &Unpacked, digester: &Digester, progress: &Progress) -> io::Result<()> {
    let mut watcher = digester.file(EntryName(&file.name));
    let open = regular::open(&file.path)?;
    progress.add_total_bytes(open.metadata()?.len());
    let mut open = progress.of_reading(open);
    let mut chunk = vec![0; CHUNK];
    loop {
        match open.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => watcher.see(&chunk[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    watcher.end();
    Ok(())
}
