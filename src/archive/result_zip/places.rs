//! The files and folders that names of entries make.

use std::cmp::Ordering;

use super::EntryName;

/// The name without the slash that makes it a folder's.
pub(super) fn place<'n>(name: &EntryName<'n>) -> &'n [u8] {
    name.0.strip_suffix(b"/").unwrap_or(name.0)
}

/// An order in which everything below a path follows right after it.
pub(super) fn by_components(one: &[u8], other: &[u8]) -> Ordering {
    let rank = |byte: &u8| match *byte {
        b'/' => 0,
        byte => u16::from(byte) + 1,
    };
    one.iter().map(rank).cmp(other.iter().map(rank))
}

/// Counts the files and folders that these names make: each folder once, whether it has an entry of its own or not.
pub fn count(mut names: Vec<EntryName<'_>>) -> u64 {
    names.sort_unstable_by(|one, other| by_components(place(one), place(other)));
    let mut before: &[u8] = &[];
    let mut count = 0;
    for name in names {
        let place = place(&name);
        // In this order, the folders that are known already are those of the name before.
        let known = shared_folders(before, place);
        let folders = place.iter().filter(|byte| **byte == b'/').count();
        count += 1 + (folders - known) as u64;
        before = place;
    }
    count
}

/// The number of folders that are on the way to both, or one of both and on the way to the other.
fn shared_folders(before: &[u8], name: &[u8]) -> usize {
    let same = before.iter().zip(name).take_while(|(a, b)| a == b).count();
    let slashes = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'/').count();
    match (before.get(same), name.get(same)) {
        // The one before is itself a folder that this one is in.
        (None, Some(b'/')) if same > 0 => slashes(&name[..same]) + 1,
        _ => slashes(&name[..same]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(names: &[&str]) -> u64 {
        count(names.iter().map(|it| EntryName(it.as_bytes())).collect())
    }

    #[test]
    fn each_file_and_each_folder_counts_once() {
        for (names, expected) in [
            (&[][..], 0),
            (&["a", "b"], 2),
            (&["a/b"], 2),
            (&["a/", "a/b"], 2),
            (&["a/b", "a/"], 2),
            (&["a/b", "a/c", "a/d/e"], 5),
            (&["a/b/c/d", "a/b/x/d"], 6),
            (&["a/b/", "a/b/c/"], 3),
            (&["ab/c", "ac/c", "a!/c", "a/c"], 8),
            (&["abc/x", "abd/x"], 4),
            (&["a/b/c", "a!", "a/b/d"], 5),
        ] {
            assert_eq!(counted(names), expected, "{names:?}");
        }
    }

    #[test]
    fn folders_that_nobody_else_is_in_all_count() {
        let names: Vec<String> = (0..10)
            .map(|at| format!("{at}/").repeat(30) + "file")
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(counted(&names), 10 * 31);
    }
}
