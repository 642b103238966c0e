//! Wrapped key and body among names that a person packed again: below a folder, behind `./`, or with
//! backslashes. Taken only where exactly one pair is there.

use std::collections::{BTreeMap, BTreeSet};

use super::ArchiveError;
use super::layout::{FROM_FOLDER, Pair, partners};
use super::listed::listed;
use super::result_zip::EntryName;

/// The folder that macOS adds to a zip, for what it knows of the files in it.
const MACOSX: &[u8] = b"__MACOSX";

/// Names at most that a message repeats.
const TOLD: usize = 4;

/// A pair, and which of the names are its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub pair: Pair,
    pub key: usize,
    pub body: usize,
}

/// A known name that was seen, and the folder above it.
#[derive(Debug)]
struct Seen {
    number: usize,
    folder: Vec<u8>,
    known: &'static str,
}

/// Finds the only pair among `names`.
///
/// # Errors
/// [`ArchiveError`] that says what was seen, and where.
pub(super) fn find(names: &[&[u8]]) -> Result<Found, ArchiveError> {
    let seen = seen(names);
    let pairs = pairs(&seen);
    match pairs.as_slice() {
        [found] => Ok(*found),
        [] => Err(nothing_complete(names, &seen)),
        several => Err(ArchiveError::Ambiguous {
            reason: listed(", and ", TOLD, several, |found| {
                let shown = |number: usize| EntryName(names[number]).shown();
                format!("{} with {}", shown(found.body), shown(found.key))
            }),
        }),
    }
}

fn seen(names: &[&[u8]]) -> Vec<Seen> {
    let mut seen = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let Some(path) = plain_path(name) else {
            continue;
        };
        for known in known_names() {
            if let Some(folder) = folder_above(&path, known) {
                let folder = folder.to_owned();
                seen.push(Seen {
                    number,
                    folder,
                    known,
                });
            }
        }
    }
    seen
}

/// The names of wrapped keys and bodies, each once.
fn known_names() -> impl Iterator<Item = &'static str> {
    let all = || FROM_FOLDER.iter().flat_map(|pair| [pair.body, pair.key]);
    all()
        .enumerate()
        .filter(move |(at, name)| all().position(|it| it == *name) == Some(*at))
        .map(|(_, name)| name)
}

/// `name` with slashes for backslashes and without `.`; nothing where it leads elsewhere, or is what
/// macOS added.
fn plain_path(name: &[u8]) -> Option<Vec<u8>> {
    let parts: Vec<&[u8]> = name
        .split(|byte| matches!(byte, b'/' | b'\\'))
        .filter(|part| *part != b".")
        .collect();
    let leads_on = |part: &&[u8]| !part.is_empty() && *part != b".." && *part != MACOSX;
    parts.iter().all(leads_on).then(|| parts.join(&b'/'))
}

fn folder_above<'p>(path: &'p [u8], known: &str) -> Option<&'p [u8]> {
    match path.strip_suffix(known.as_bytes())? {
        [] => Some(&[]),
        [folder @ .., b'/'] => Some(folder),
        _ => None,
    }
}

/// The pairs that are complete. Of names that come to the same path, two are as good as all: it is
/// not known which is meant.
fn pairs(seen: &[Seen]) -> Vec<Found> {
    let mut by_place: BTreeMap<(&[u8], &str), Vec<usize>> = BTreeMap::new();
    for it in seen {
        let place = by_place.entry((&it.folder, it.known)).or_default();
        place.push(it.number);
    }
    let mut found = Vec::new();
    // `iexec_out/result.zip.aes` is also `result.zip.aes` in a folder.
    let mut taken = BTreeSet::new();
    for ((folder, body_name), bodies) in &by_place {
        for pair in FROM_FOLDER.iter().filter(|pair| pair.body == *body_name) {
            let keys = by_place.get(&(*folder, pair.key));
            for &key in keys.into_iter().flatten().take(2) {
                for &body in bodies.iter().take(2) {
                    if taken.insert((key, body)) {
                        found.push(Found {
                            pair: *pair,
                            key,
                            body,
                        });
                    }
                }
            }
        }
    }
    found
}

fn nothing_complete(names: &[&[u8]], seen: &[Seen]) -> ArchiveError {
    let is_body = |it: &&Seen| FROM_FOLDER.iter().any(|pair| pair.body == it.known);
    let Some(first) = seen.iter().find(is_body).or(seen.first()) else {
        return holds_zips(names).unwrap_or(ArchiveError::NotEncrypted);
    };
    let mut numbers: Vec<usize> = seen.iter().map(|it| it.number).collect();
    numbers.dedup();
    let mut missing: Vec<String> = Vec::new();
    for it in seen.iter().filter(|it| it.number == first.number) {
        for partner in partners(&FROM_FOLDER, it.known) {
            let partner = match it.folder.as_slice() {
                [] => partner.to_owned(),
                folder => format!("{}/{partner}", EntryName(folder).shown()),
            };
            if !missing.contains(&partner) {
                missing.push(partner);
            }
        }
    }
    ArchiveError::Missing {
        found: listed(" and ", TOLD, &numbers, |number| {
            EntryName(names[*number]).shown()
        }),
        missing: missing.join(" or "),
    }
}

/// The answer where zips are what is there, one of which may be the archive.
fn holds_zips(names: &[&[u8]]) -> Option<ArchiveError> {
    let is_zip = |name: &&&[u8]| {
        let Some(path) = plain_path(name) else {
            return false;
        };
        let ends = path.len() > 4 && path[path.len() - 4..].eq_ignore_ascii_case(b".zip");
        // What macOS knows of a file may also lie beside it.
        let file = path.rsplit(|byte| *byte == b'/').next();
        ends && !file.is_some_and(|it| it.starts_with(b"._"))
    };
    let zips: Vec<&[u8]> = names.iter().filter(is_zip).copied().collect();
    (!zips.is_empty()).then(|| ArchiveError::HoldsZips {
        zips: listed(" and ", TOLD, &zips, |name| EntryName(name).shown()),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn find_in(names: &[&str]) -> Result<Found, ArchiveError> {
        find(&names.iter().map(|name| name.as_bytes()).collect::<Vec<_>>())
    }

    fn error(names: &[&str]) -> String {
        find_in(names).unwrap_err().to_string()
    }

    #[test]
    fn the_only_pair_is_found_wherever_it_lies() {
        for names in [
            ["aes-key.rsa", "iexec_out.zip.aes"],
            ["./aes-key.rsa", "./iexec_out.zip.aes"],
            ["./aes-key.rsa", "iexec_out.zip.aes"],
            ["0xab/aes-key.rsa", "0xab/iexec_out.zip.aes"],
            ["./0xab/./aes-key.rsa", "0xab\\iexec_out.zip.aes"],
            ["a/b/aes-key.rsa", "a/b/iexec_out.zip.aes"],
            ["aes-key.rsa", "result.zip.aes"],
            ["encrypted_key", "result.zip.aes"],
            ["iexec_out\\aes-key.rsa", "iexec_out\\result.zip.aes"],
            [
                "0xab/iexec_out/encrypted_key",
                "0xab/iexec_out/result.zip.aes",
            ],
        ] {
            let all = [
                "__MACOSX/0xab/._aes-key.rsa",
                names[1],
                "__MACOSX/aes-key.rsa",
                "computed.json",
                names[0],
            ];
            let found = find_in(&all).unwrap();
            assert_eq!((found.key, found.body), (4, 1), "{names:?}");
            assert_eq!(found.pair.oaep, names[0].ends_with("encrypted_key"));
        }
    }

    #[test]
    fn of_several_pairs_none_is_taken_and_all_are_named() {
        let two = error(&[
            "a/aes-key.rsa",
            "a/iexec_out.zip.aes",
            "b/aes-key.rsa",
            "b/iexec_out.zip.aes",
        ]);
        let expected =
            "a/iexec_out.zip.aes with a/aes-key.rsa, and b/iexec_out.zip.aes with b/aes-key.rsa";
        assert!(two.ends_with(expected), "{two}");
        for names in [
            ["./aes-key.rsa", "aes-key.rsa", "iexec_out.zip.aes"],
            [
                "a/aes-key.rsa",
                "a/iexec_out.zip.aes",
                "a\\iexec_out.zip.aes",
            ],
            [
                "iexec_out/aes-key.rsa",
                "iexec_out/encrypted_key",
                "iexec_out/result.zip.aes",
            ],
        ] {
            let error = find_in(&names).unwrap_err();
            assert!(matches!(error, ArchiveError::Ambiguous { .. }), "{error}");
        }
        let many: Vec<String> = (0..9)
            .flat_map(|at| ["aes-key.rsa", "iexec_out.zip.aes"].map(|it| format!("{at}/{it}")))
            .collect();
        let many = error(&many.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(many.ends_with("3/aes-key.rsa, and 5 more"), "{many}");
    }

    #[test]
    fn halves_are_named_with_where_they_are_and_what_is_not() {
        for (names, expected) in [
            (
                &["x/aes-key.rsa"][..],
                "there is x/aes-key.rsa, but not x/iexec_out.zip.aes or x/result.zip.aes",
            ),
            (
                &["iexec_out/result.zip.aes"],
                "there is iexec_out/result.zip.aes, but not iexec_out/aes-key.rsa or iexec_out/encrypted_key",
            ),
            (
                &["aes-key.rsa", "x/iexec_out.zip.aes"],
                "there is aes-key.rsa and x/iexec_out.zip.aes, but not x/aes-key.rsa",
            ),
        ] {
            assert_eq!(error(names), expected);
        }
    }

    #[test]
    fn names_that_only_look_alike_are_none() {
        for key in [
            "AES-KEY.RSA",
            "xaes-key.rsa",
            "/aes-key.rsa",
            "../aes-key.rsa",
            "aes-key.rsa/",
            "._aes-key.rsa",
        ] {
            let said = error(&[key, "iexec_out.zip.aes"]);
            assert!(said.ends_with("but not aes-key.rsa"), "{key}: {said}");
        }
        assert!(matches!(
            find_in(&["a", "b"]),
            Err(ArchiveError::NotEncrypted)
        ));
    }

    #[test]
    fn zips_in_it_are_named() {
        let said = error(&["__MACOSX/._0xab.zip", "d/0xab.ZIP", "d/._0xab.zip", ".zip"]);
        assert!(said.ends_with("but holds d/0xab.ZIP"), "{said}");
    }
}
