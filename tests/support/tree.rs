//! Everything below a folder, to be compared with what is there later.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    File {
        mode: u32,
        content: Vec<u8>,
    },
    Folder {
        mode: u32,
    },
    Link(PathBuf),
    /// A pipe, a device or a socket.
    Other,
}

impl Node {
    pub fn file(content: impl AsRef<[u8]>) -> Self {
        Self::File {
            mode: 0o600,
            content: content.as_ref().to_owned(),
        }
    }

    pub fn folder() -> Self {
        Self::Folder { mode: 0o700 }
    }
}

/// Every file and folder below `folder`, by its path from there.
pub fn tree(folder: &Path) -> BTreeMap<PathBuf, Node> {
    let mut found = BTreeMap::new();
    walk(folder, folder, &mut found);
    found
}

fn walk(top: &Path, folder: &Path, found: &mut BTreeMap<PathBuf, Node>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = path.symlink_metadata().unwrap();
        let mode = metadata.permissions().mode() & 0o7777;
        let node = if metadata.is_symlink() {
            Node::Link(fs::read_link(&path).unwrap())
        } else if metadata.is_dir() {
            walk(top, &path, found);
            Node::Folder { mode }
        } else if metadata.is_file() {
            let content = fs::read(&path).unwrap();
            Node::File { mode, content }
        } else {
            Node::Other
        };
        found.insert(path.strip_prefix(top).unwrap().to_owned(), node);
    }
}

/// The files below `folder` whose names end in `.EXTENSION`.
pub fn files_in(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_in(&path, extension));
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
    found
}

/// Does something that must change nothing below `folder`.
#[track_caller]
pub fn unchanged<T>(folder: &Path, act: impl FnOnce() -> T) -> T {
    let before = tree(folder);
    let outcome = act();
    let after = tree(folder);
    let names: Vec<_> = after.keys().collect();
    assert!(after == before, "something changed: there is now {names:?}");
    outcome
}
