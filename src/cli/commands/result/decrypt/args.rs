use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::commands::result::default_archive::DEFAULT_ARCHIVE;
use crate::cli::context::Context;
use crate::cli::options::groups;

pub(super) const DEFAULT_OUTPUT: &str = "results.zip";

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  iexec-hsm result decrypt 0x1234….zip\n  iexec-hsm result decrypt 0x1234….zip --extract result/\n  iexec-hsm result decrypt downloads/*.zip --output-dir results/\n  iexec-hsm result decrypt 0x1234….zip --entry computed.json --output -\n  curl … | iexec-hsm result decrypt - --output - | bsdtar -tf -"
)]
pub(crate) struct Decrypt {
    /// Archives: zips, folders that one was unzipped into, files in them, or - for stdin
    #[arg(default_value = DEFAULT_ARCHIVE, value_name = "ARCHIVE")]
    pub(super) archives: Vec<PathBuf>,
    /// The file for the result, - for stdout [default: results.zip]
    #[arg(long, short, value_name = "FILE", conflicts_with_all = ["output_dir", "extract"])]
    pub(super) output: Option<PathBuf>,
    /// The folder for several results; each gets the name of its archive
    #[arg(long, value_name = "FOLDER", conflicts_with = "extract")]
    pub(super) output_dir: Option<PathBuf>,
    /// Unpack the result into this folder; of several archives, each into its own subfolder
    #[arg(long, short = 'x', value_name = "FOLDER")]
    pub(super) extract: Option<PathBuf>,
    /// Extract only this file; to --output or --extract; may be repeated
    #[arg(long, value_name = "NAME", conflicts_with = "output_dir")]
    pub(super) entry: Vec<OsString>,
    #[command(flatten)]
    pub(super) opening: Opening,
    /// Skip archives whose result exists, and those that failed before in this folder
    #[arg(long, conflicts_with = "force")]
    pub(super) skip_existing: bool,
    /// With --skip-existing: try failed archives again
    #[arg(long, hide_short_help = true, requires = "skip_existing")]
    pub(super) retry_failed: bool,
}

/// The way in which results are opened and written, wherever they come from.
#[derive(Debug, Clone, Args)]
pub(crate) struct Opening {
    /// Replace existing files
    #[arg(long)]
    pub(crate) force: bool,
    /// Check the CRC of every file; also if the result is not unpacked
    #[arg(long)]
    pub(crate) verify: bool,
    /// Do not sync to disk: a power cut may lose the result
    #[arg(long, hide_short_help = true)]
    pub(crate) no_sync: bool,
    #[command(flatten)]
    pub(crate) holding: Holding,
}

impl Opening {
    /// Writes nothing.
    pub(super) fn only_reading(holding: Holding) -> Self {
        Self {
            force: false,
            verify: false,
            no_sync: false,
            holding,
        }
    }
}

/// What an archive may ask of this machine, and who holds the keys that open it.
#[derive(Debug, Clone, Args)]
pub(crate) struct Holding {
    #[command(flatten)]
    limits: groups::Limits,
    /// The key file to use; a name in the key folder, instead of that of the address
    #[arg(long, hide_short_help = true, value_name = "FILE")]
    pub(crate) beneficiary_key_file: Option<PathBuf>,
    #[command(flatten)]
    no_agent: groups::NoAgent,
    /// Fail if no agent holds the token
    #[arg(long, hide_short_help = true, conflicts_with = "no_agent")]
    pub(crate) require_agent: bool,
    #[command(flatten)]
    agent_wait: groups::AgentWait,
}

impl Holding {
    /// Whether a key is named by itself, which tells nothing of whose results it opens.
    pub(crate) fn names_key(&self, context: &Context) -> bool {
        self.beneficiary_key_file.is_some() || context.settings.key.is_some()
    }
}

/// The place of a result: a folder, else a file or a stream.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Folder(PathBuf),
    Output(PathBuf),
}

impl Decrypt {
    /// Opens one archive that has no file of its own, to `place`, or the files with these names in it.
    pub(super) fn one(
        archive: PathBuf,
        place: Place,
        entry: Vec<OsString>,
        opening: Opening,
    ) -> Self {
        let (output, extract) = match place {
            Place::Folder(folder) => (None, Some(folder)),
            Place::Output(file) => (Some(file), None),
        };
        Self {
            archives: vec![archive],
            output,
            output_dir: None,
            extract,
            entry,
            opening,
            skip_existing: false,
            retry_failed: false,
        }
    }

    /// Whether each archive gets a folder of its own below that of `--extract`. In a batch that is
    /// begun again, one that is alone does as well: the others may have been there before.
    pub(super) fn extracts_several(&self) -> bool {
        self.archives.len() > 1 || self.skip_existing
    }

    /// The folder that the results of several archives go to or below.
    pub(super) fn folder_of_several(&self) -> Option<&Path> {
        let extract = self.extract.as_deref().filter(|_| self.extracts_several());
        self.output_dir.as_deref().or(extract)
    }
}
