//! The archives that are opened, each with what must come of it. By their names: `good-*.zip` opens to the file of that
//! name in `plain/`, and to the folder; `bad-20-*.zip` fails with exit code 20.
// A folder that is not as benches/soak.sh makes it ends the program.
#![allow(clippy::expect_used, clippy::panic)]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub struct Sample {
    pub path: PathBuf,
    /// Without `.zip`.
    pub name: String,
    pub end: End,
}

/// What must come of an archive.
pub enum End {
    /// The zip, and the folder with the files in it.
    Opens { zip: PathBuf, files: PathBuf },
    /// This exit code.
    Fails(u8),
}

impl Sample {
    /// All archives of a folder.
    ///
    /// # Panics
    /// When there is none, or one has another name.
    pub fn all(folder: &Path) -> Vec<Self> {
        let entries = fs::read_dir(folder.join("archives")).expect("archives");
        let mut samples: Vec<Self> = entries
            .map(|entry| Self::of(entry.expect("an archive").path(), &folder.join("plain")))
            .collect();
        samples.sort_by(|one, other| one.path.cmp(&other.path));
        samples
    }

    fn of(path: PathBuf, plain: &Path) -> Self {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let name = name.into_owned();
        let end = match name.split('-').collect::<Vec<_>>()[..] {
            ["good", ..] => End::Opens {
                zip: plain.join(&name).with_extension("zip"),
                files: plain.join(&name),
            },
            ["bad", code, ..] => End::Fails(code.parse().expect("an exit code")),
            _ => panic!("{name} says not what must come of it"),
        };
        Self { path, name, end }
    }

    pub fn is_good(&self) -> bool {
        matches!(self.end, End::Opens { .. })
    }

    /// Whether `result`, a file or a folder, is what this archive must become.
    pub fn is(&self, result: &Path) -> io::Result<bool> {
        match &self.end {
            End::Fails(_) => Ok(false),
            End::Opens { files, .. } if result.is_dir() => Ok(same_files(files, result)?),
            End::Opens { zip, .. } => Ok(fs::read(zip)? == fs::read(result)?),
        }
    }
}

/// Whether two folders have the same files; those of `one` are in no folders of their own.
fn same_files(one: &Path, other: &Path) -> io::Result<bool> {
    let names = |folder: &Path| -> io::Result<Vec<_>> {
        let entries = fs::read_dir(folder)?;
        let mut names = entries
            .map(|entry| Ok(entry?.file_name()))
            .collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    };
    let all = names(one)?;
    if all != names(other)? {
        return Ok(false);
    }
    for name in all {
        if fs::read(one.join(&name))? != fs::read(other.join(&name))? {
            return Ok(false);
        }
    }
    Ok(true)
}
