//! Options of a download where nothing is downloaded, or nothing decrypted.

use super::Download;
use crate::cli::context::Context;
use crate::cli::idle::{refuse, setting};
use crate::cli::options::SETTINGS;
use crate::cli::ui::failure::Failure;

impl Download {
    /// Refuses options that nothing comes of.
    pub(super) fn refuse_unused(
        &self,
        context: &Context,
        decrypts: bool,
        force: bool,
    ) -> Result<(), Failure> {
        let (opening, holding) = (&self.opening, &self.opening.holding);
        let found = &context.settings.found;
        let of_opening = [
            ("verify", opening.verify),
            ("no_verify", self.verifying.no_verify),
            ("require_verified", self.verifying.require_verified),
            ("evidence", self.evidence.is_some()),
            (
                "beneficiary_key_file",
                holding.beneficiary_key_file.is_some(),
            ),
            ("require_agent", holding.require_agent),
            setting(&SETTINGS.no_agent, &found.no_agent),
            setting(&SETTINGS.agent_wait, &found.agent_wait),
            setting(&SETTINGS.max_entries, &found.max_entries),
        ];
        if self.download.is_some() && !decrypts {
            return refuse(
                &of_opening,
                "where nothing is decrypted",
                "Add --decrypt, or leave it out. A file that is downloaded as it is can be verified later, with result verify.",
            );
        }
        let of_download = [
            ("force", force),
            ("no_sync", opening.no_sync),
            setting(&SETTINGS.max_size, &found.max_size),
            setting(&SETTINGS.ipfs_gateway, &found.ipfs_gateway),
        ];
        if !decrypts {
            return refuse(
                &[&of_download[..], &of_opening].concat(),
                "without a result",
                "Ask for the result with --download, --decrypt or --extract, or leave it out.",
            );
        }
        Ok(())
    }
}
