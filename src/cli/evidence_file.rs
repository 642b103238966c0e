//! The file that `--evidence` names.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;

use super::context::Context;
use super::ui::failure::Failure;
use crate::code::Code;
use crate::decrypt::{OutputError, check_file};
use crate::file::regular;
use crate::text::escape::Shown as _;
use crate::verify::EvidenceFile;

/// Bytes of the longest file of evidence that is read.
const LONGEST: u64 = 64 << 20;

/// Refuses a place that is taken, or that something else of the same command has; before anything is done.
pub(crate) fn check(
    context: &Context,
    path: &Path,
    other: Option<&Path>,
    force: bool,
) -> Result<(), Failure> {
    let is_same = |other: &Path| {
        let [one, other] = [path, other].map(|it| context.absolute(it));
        let same_file = fs::canonicalize(&one)
            .ok()
            .is_some_and(|it| Some(it) == fs::canonicalize(&other).ok());
        one == other || same_file
    };
    if other.is_some_and(is_same) {
        let what = format!(
            "{} has two uses: --evidence needs a file of its own",
            path.shown()
        );
        return Err(Failure::new(Code::Usage, what).hint("Give --evidence another name."));
    }
    Ok(check_file(path, force, |_| false, "")?)
}

pub(crate) fn read(path: &Path) -> Result<EvidenceFile, Failure> {
    let unreadable = |why: String| {
        Failure::new(
            Code::IoFailed,
            format!("{} cannot be read: {why}", path.shown()),
        )
        .hint("Check the name; with --task the file is written, without it is read.")
    };
    let file = regular::open(path).map_err(|it| unreadable(it.to_string()))?;
    let mut bytes = Vec::new();
    let read = file.take(LONGEST + 1).read_to_end(&mut bytes);
    read.map_err(|it| unreadable(it.to_string()))?;
    if bytes.len() as u64 > LONGEST {
        return Err(unreadable("it is larger than any evidence".to_owned()));
    }
    EvidenceFile::parse(&bytes).map_err(|error| {
        Failure::new(Code::Usage, format!("{}: {error}", path.shown()))
            .hint("Name a file that --evidence has written.")
    })
}

pub(crate) fn write(
    context: &Context,
    path: &Path,
    content: &EvidenceFile,
    force: bool,
) -> Result<(), Failure> {
    let json = content
        .to_json()
        .map_err(|error| Failure::new(Code::Failed, error))?;
    let failed = |error| OutputError::io(path, error);
    let mut file = context.temporaries.file(path).map_err(failed)?;
    file.file().write_all(json.as_bytes()).map_err(failed)?;
    file.publish(force).map_err(failed)?;
    Ok(())
}
