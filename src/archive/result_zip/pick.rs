//! Some files of a result, by their names.

use super::{Contents, EntryName, Member, ResultZipError};
use crate::archive::listed::listed;

/// Names at most that a message repeats.
const TOLD: usize = 40;

impl Contents {
    /// Returns the files of these names, each once and in the order of the directory. Names are
    /// compared byte by byte, folders included.
    ///
    /// # Errors
    /// [`ResultZipError::NoSuchEntry`] for the first that is not there;
    /// [`ResultZipError::UnsafeName`] for a link, [`ResultZipError::Unreadable`] for what cannot be
    /// unpacked.
    pub fn pick(&self, names: &[&[u8]]) -> Result<Vec<Member<'_>>, ResultZipError> {
        let is_file = |name: &&[u8]| {
            let is = |member: Member<'_>| member.name().0 == *name && !member.name().is_folder();
            self.entries().any(is)
        };
        if let Some(name) = names.iter().find(|name| !is_file(name)) {
            return Err(self.no_such(name));
        }
        let picked = self.entries().filter(|it| names.contains(&it.name().0));
        let picked: Vec<Member<'_>> = picked.collect();
        for member in &picked {
            if member.is_symlink() {
                return Err(member.name().refused("is a symbolic link"));
            }
            member.check_readable()?;
        }
        Ok(picked)
    }

    /// The answer where `name` is not a file's: those below it, if it is a folder's, or else all.
    fn no_such(&self, name: &[u8]) -> ResultZipError {
        let folder = [name.strip_suffix(b"/").unwrap_or(name), b"/"].concat();
        let names = self.entries().map(|member| member.name());
        let files: Vec<EntryName<'_>> = names.filter(|it| !it.is_folder()).collect();
        let below: Vec<EntryName<'_>> = files
            .iter()
            .filter(|it| it.0.starts_with(&folder))
            .copied()
            .collect();
        let list = |of| listed(", ", TOLD, of, |it: &EntryName<'_>| it.shown());
        let there = match (&files[..], &below[..]) {
            ([], _) => "which holds none".to_owned(),
            (all, []) => format!("which holds {}", list(all)),
            (_, below) => format!("but a folder with {}", list(below)),
        };
        ResultZipError::NoSuchEntry {
            name: EntryName(name).shown(),
            there,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use super::*;
    use crate::archive::Limits;
    use crate::archive::testing::{Item, Sizes, file_of, handmade, zip_of};

    fn contents(zip: &[u8]) -> Contents {
        Contents::read(Arc::new(file_of(zip)), &Limits::default()).unwrap()
    }

    fn picked(contents: &Contents, names: &[&str]) -> Result<Vec<Vec<u8>>, String> {
        let names: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
        let picked = contents.pick(&names).map_err(|error| error.to_string())?;
        Ok(picked.iter().map(|it| it.name().0.to_vec()).collect())
    }

    #[test]
    fn names_are_matched_exactly_and_each_once() {
        let contents = contents(&zip_of(&[("b", b""), ("sub/a", b""), ("a", b"")]));
        let found = picked(&contents, &["a", "b", "a"]).unwrap();
        assert_eq!(found, [b"b", b"a"]);
        for name in ["A", "./a", "a/", "sub", "*", ""] {
            assert!(picked(&contents, &["a", name]).is_err(), "{name}");
        }
    }

    #[test]
    fn what_is_there_is_listed() {
        let zip = zip_of(&[("b", b""), ("sub/a", b""), ("sub/x\n", b"")]);
        let said = |name| picked(&contents(&zip), &[name]).unwrap_err();
        assert_eq!(
            said("a"),
            "there is no file \"a\" in the result, which holds b, sub/a, sub/x\\n"
        );
        for folder in ["sub", "sub/"] {
            assert!(said(folder).ends_with("but a folder with sub/a, sub/x\\n"));
        }
        let none = picked(&contents(&zip_of(&[])), &["a"]).unwrap_err();
        assert!(none.ends_with("which holds none"), "{none}");
        let many: Vec<String> = (0..50).map(|at| format!("{at:02}")).collect();
        let many: Vec<(&str, &[u8])> = many.iter().map(|it| (it.as_str(), &b""[..])).collect();
        let many = picked(&contents(&zip_of(&many)), &["a"]).unwrap_err();
        assert!(many.ends_with("38, 39, 10 more"), "{many}");
    }

    #[test]
    fn links_and_what_cannot_be_unpacked_are_refused_only_where_they_are_picked() {
        let mut link = Item::stored("link", b"/etc", Sizes::Ahead);
        link.attributes = 0o120_777 << 16;
        let mut packed = Item::stored("packed", b"x", Sizes::Ahead);
        packed.method = 12;
        let good = Item::stored("good", b"x", Sizes::Ahead);
        let contents = contents(&handmade(&[link, packed, good]));
        assert_eq!(picked(&contents, &["good"]).unwrap(), [b"good"]);
        let said = picked(&contents, &["good", "link"]).unwrap_err();
        assert!(said.contains("symbolic link"), "{said}");
        let said = picked(&contents, &["packed"]).unwrap_err();
        assert!(said.contains("bzip2"), "{said}");
    }
}
