//! No file of tests/ is forgotten: one that no crate includes would never run.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use crate::support::files_in;
use crate::support::pages::root;

/// The folders of tests/ that are packages of their own.
const PACKAGES: [&str; 2] = ["faulty-module", "kryoptic"];

/// Adds a file and all files that it includes by `mod NAME;`, also within one `mod FOLDER {` as in the crates' roots.
fn included(file: PathBuf, is_root: bool, found: &mut BTreeSet<PathBuf>) {
    let text = fs::read_to_string(&file).unwrap();
    let folder = match is_root || file.ends_with("mod.rs") {
        true => file.parent().unwrap().to_owned(),
        false => file.with_extension(""),
    };
    found.insert(file);
    let mut inside = folder.clone();
    let mut elsewhere = false;
    for line in text.lines() {
        let item = line.trim_start();
        let item = item.strip_prefix("pub ").unwrap_or(item);
        let name = item.strip_prefix("mod ");
        if line == "}" {
            inside.clone_from(&folder);
        } else if let Some(name) = name.and_then(|it| it.strip_suffix(" {")) {
            inside = folder.join(name);
        } else if let Some(name) = name.and_then(|it| it.strip_suffix(';'))
            && !elsewhere
        {
            let file = inside.join(name).with_extension("rs");
            match file.exists() {
                true => included(file, false, found),
                false => included(inside.join(name).join("mod.rs"), false, found),
            }
        }
        elsewhere = line.starts_with("#[path");
    }
}

/// The files that the crate of this name includes.
fn files_of_crate(name: &str) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    included(root().join("tests").join(name), true, &mut found);
    found
}

#[test]
fn every_file_of_tests_is_in_one_of_the_crates() {
    let program = files_of_crate("program.rs");
    let linked = files_of_crate("linked.rs");
    let tests = root().join("tests");
    let mut all = files_in(&tests, "rs");
    all.retain(|file| !PACKAGES.iter().any(|it| file.starts_with(tests.join(it))));
    // A program for people who try things, made of what the tests are made of.
    all.retain(|file| *file != tests.join("world.rs"));
    let forgotten: Vec<_> = all
        .iter()
        .filter(|it| !program.contains(*it) && !linked.contains(*it))
        .collect();
    assert!(forgotten.is_empty(), "in no crate: {forgotten:?}");
    let support = root().join("tests/support");
    let twice: Vec<_> = program
        .intersection(&linked)
        .filter(|it| !it.starts_with(&support))
        .collect();
    assert!(twice.is_empty(), "in both crates: {twice:?}");
}
