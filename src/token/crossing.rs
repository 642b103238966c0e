//! How errors go from one process of this program to another: the parts that serde has no form for.

/// Words of this program. Under this name serde does not take them for borrowed ones.
pub(in crate::token) type Words = &'static str;

/// Words that are never freed: names of functions, capabilities and reasons.
pub(in crate::token) mod words {
    use std::collections::BTreeSet;
    use std::sync::{Mutex, PoisonError};

    use serde::{Deserialize as _, Deserializer, Serializer};

    /// The number of different ones that are kept. This program has not nearly as many; another one on the
    /// other side shall not fill the memory.
    const MOST: usize = 512;

    static KEPT: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());

    // The form is serde's.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    pub(in crate::token) fn serialize<S: Serializer>(
        words: &&'static str,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(words)
    }

    pub(in crate::token) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<&'static str, D::Error> {
        Ok(kept(String::deserialize(from)?))
    }

    /// The same words, for the life of the process.
    pub(in crate::token) fn kept(words: String) -> &'static str {
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get(words.as_str()) {
            return known;
        }
        if kept.len() == MOST {
            return "something";
        }
        let words = Box::leak(words.into_boxed_str());
        kept.insert(words);
        words
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_same_words_are_kept_once_and_not_too_many() {
            let first = kept("C_Something".into());
            assert!(std::ptr::eq(first, kept("C_Something".into())));
            for number in 0..2 * MOST {
                kept(format!("{number}"));
            }
            assert_eq!(kept("one more".into()), "something");
            assert!(std::ptr::eq(first, kept("C_Something".into())));
        }
    }
}

/// Paths, which need not be text.
pub(in crate::token) mod path {
    use std::ffi::OsString;
    use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
    use std::path::{Path, PathBuf};

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(in crate::token) fn serialize<S: Serializer>(
        path: &Path,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(path.as_os_str().as_bytes())
    }

    pub(in crate::token) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<PathBuf, D::Error> {
        Vec::deserialize(from).map(|bytes| OsString::from_vec(bytes).into())
    }
}

/// Several of them.
pub(in crate::token) mod paths {
    use std::path::PathBuf;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// One of them in its own form.
    #[derive(Serialize, Deserialize)]
    struct Item(#[serde(with = "super::path")] PathBuf);

    pub(in crate::token) fn serialize<S: Serializer>(
        paths: &[PathBuf],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(paths.iter().cloned().map(Item))
    }

    pub(in crate::token) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<PathBuf>, D::Error> {
        let items = Vec::<Item>::deserialize(from)?;
        Ok(items.into_iter().map(|it| it.0).collect())
    }
}

/// Errors of the system, in its words.
pub(in crate::token) mod io_error {
    use std::io;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(in crate::token) fn serialize<S: Serializer>(
        error: &io::Error,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_str(error)
    }

    pub(in crate::token) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<io::Error, D::Error> {
        String::deserialize(from).map(io::Error::other)
    }
}
