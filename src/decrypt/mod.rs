//! The main job: archive, unwrap, stream, checked output.
//!
//! `pipeline.rs` has the stages from the archive's bytes to those of the result.
//!
//! Nothing stands under its final name before all checks are passed, and every bad ciphertext
//! ends as the one [`DecryptError::CannotDecrypt`].

mod confined;
mod durable;
mod error;
mod file;
mod folder;
mod handing_on;
mod in_place;
mod key_search;
mod made_folder;
mod output;
mod pipeline;
mod pool;
mod prepare;
mod publication;
mod run;
mod tasks;
mod types;

use std::sync::Arc;

pub use error::DecryptError;
pub use made_folder::MadeFolder;
pub use output::OutputError;
pub(crate) use output::{check_file, check_folder};
pub use types::{Options, Progress, Report, Target};

pub use crate::file::temporary::Temporaries;

use crate::archive::Archive;
use crate::envelope::Unwrap;
use key_search::KeySearch;
use run::Run;

/// Opens `archive` with one of `keys` into `target`.
///
/// # Errors
/// [`DecryptError`]; whatever it is, what stood under the final name before is still there.
pub fn decrypt<U: Unwrap>(
    archive: &Archive,
    keys: &mut U,
    target: Target<'_>,
    options: &Options,
    progress: Progress<'_>,
) -> Result<Report, DecryptError<U::Error>> {
    target.check(archive)?;
    archive.read_soon();
    let mut recovered_once = false;
    let (key_search, name, key) = loop {
        let mut key_search = KeySearch::new(archive, keys)?;
        if let Some((name, key)) = key_search.content_key(keys)? {
            break (key_search, name, key);
        }
        let cause = key_search.fail_late(keys, progress)?;
        // A holder that has to recover again and again is no use.
        if std::mem::replace(&mut recovered_once, true) {
            return Err(DecryptError::Keys(cause));
        }
    };
    keys.done(true).map_err(DecryptError::Keys)?;
    let run = Run {
        archive,
        key: Arc::new(key),
        options,
        progress,
    };
    match run.to(target) {
        Ok((bytes, entries)) => Ok(Report {
            key: name,
            bytes,
            entries,
        }),
        Err(DecryptError::CannotDecrypt) => Err(key_search.fail_after_all(keys)),
        Err(error) => Err(error.with_keys()),
    }
}
