use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::cli::context::Context;
use crate::file::ownership;

/// Tells of folders for results that other users have in their hands: they can replace there what this program wrote.
/// Returns whether there are any.
pub(in crate::cli::commands) fn warn_of_exposed(context: &Context, folders: &[PathBuf]) -> bool {
    let folders: BTreeSet<&PathBuf> = folders.iter().collect();
    let mut told = BTreeSet::new();
    for folder in folders {
        let folder = context.absolute(folder);
        // What is missing is made for this user alone.
        let Some(there) = folder.ancestors().find(|it| it.exists()) else {
            continue;
        };
        if let Ok(Err(exposed)) = ownership::of_file(there, context.home.as_deref())
            && told.insert(exposed.to_string())
        {
            context.warn(format_args!("others may change the result: {exposed}"));
        }
    }
    !told.is_empty()
}
