//! What to do about small text files: keys, wallets, PINs, settings.

use std::io::{self, ErrorKind};

/// What helps against a file that is looked for at its usual place.
pub(crate) const MOVE_AWAY: &str = "Check its permissions, or move it away.";

/// The hint where such a file cannot be read; `otherwise` where the reason is not in the file.
pub(crate) fn unreadable(source: &io::Error, otherwise: &'static str) -> &'static str {
    match source.kind() {
        ErrorKind::InvalidData => "Save it as UTF-8 text.",
        ErrorKind::FileTooLarge | ErrorKind::InvalidInput => "Check that it is the file you meant.",
        _ => otherwise,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ui::hints::tests::says;

    #[test]
    fn what_is_in_the_file_is_not_called_a_matter_of_permissions() {
        let hint = |kind: ErrorKind| unreadable(&kind.into(), "Check its permissions.");
        says(hint(ErrorKind::InvalidData), "UTF-8");
        says(hint(ErrorKind::FileTooLarge), "the file you meant");
        says(hint(ErrorKind::InvalidInput), "the file you meant");
        says(hint(ErrorKind::PermissionDenied), "Check its permissions");
    }
}
