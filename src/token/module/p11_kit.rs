use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::token::well_known;

/// Folders in which the modules are registered that the proxy stands for.
const FOLDERS: [&str; 2] = ["/usr/share/p11-kit/modules", "/etc/pkcs11/modules"];

/// The parts of p11-kit that are installed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct P11Kit {
    /// The module that stands for all that are registered.
    pub proxy: Option<PathBuf>,
    /// The names of the registered modules, in order.
    pub registered: Vec<String>,
}

/// Looks for p11-kit. Nothing is loaded.
pub fn p11_kit() -> P11Kit {
    let is_proxy = |path: &PathBuf| path.ends_with("p11-kit-proxy.so");
    P11Kit {
        proxy: well_known().into_iter().find(is_proxy),
        registered: registered(&FOLDERS.map(Path::new)),
    }
}

fn registered(folders: &[&Path]) -> Vec<String> {
    let files = folders
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .flatten();
    let name = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        Some(name.strip_suffix(".module")?.to_owned())
    };
    let names: BTreeSet<String> = files.filter_map(name).collect();
    names.into_iter().collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_registered_by_files_of_one_kind() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.module", "a.module", "README"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let absent = folder.path().join("absent");
        let found = registered(&[folder.path(), &absent, folder.path()]);
        assert_eq!(found, ["a", "b"]);
    }
}
