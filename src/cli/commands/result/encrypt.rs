use std::cell::RefCell;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::archive::Scheme;
use crate::cli::context::Context;
use crate::cli::key_files::read_public;
use crate::cli::no_key_here::no_key_here;
use crate::cli::options::groups;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::progress::{Progress, Unit, Work};
use crate::cli::ui::reply::Reply;
use crate::code::Code;
use crate::encrypt::{self, Options, Stage, encrypt};
use crate::file::OutputStream;
use crate::text::escape::Shown as _;

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  iexec-hsm result encrypt my-result/ --output encryptedResults.zip"
)]
pub(crate) struct Encrypt {
    /// The result: a folder, a zip, or another file
    #[arg(value_name = "FILE|FOLDER")]
    source: PathBuf,
    /// The archive to write
    #[arg(
        long,
        short,
        default_value = "encryptedResults.zip",
        value_name = "FILE"
    )]
    output: PathBuf,
    /// The beneficiary's public key (SPKI PEM) [default: the .pub file of the address]
    #[arg(long, value_name = "PEM")]
    public_key: Option<PathBuf>,
    /// The format: current, legacy-ecb or guide-2019
    #[arg(long, default_value = "current")]
    format: Format,
    /// Replace the archive if it exists
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    limits: groups::Limits,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// AES-256-CBC: the current format
    Current,
    /// AES-128-ECB in base64: the legacy-ecb format (before 9.0.0)
    LegacyEcb,
    /// RSA-OAEP and iexec_out/: the guide-2019 format
    #[value(name = "guide-2019")]
    Guide2019,
}

impl From<Format> for Scheme {
    fn from(format: Format) -> Self {
        match format {
            Format::Current => Self::Current,
            Format::LegacyEcb => Self::LegacyEcb,
            Format::Guide2019 => Self::Guide2019,
        }
    }
}

pub(super) fn run(context: &Context, command: Encrypt) -> Result<Reply, Failure> {
    if let Some(stream) = OutputStream::of(&command.output) {
        let what = format!("an archive cannot be written to {}", stream.shown());
        return Err(Failure::new(Code::Usage, what).hint("Name a file with --output."));
    }
    let public_path = match command.public_key {
        Some(path) => path,
        None => {
            let owner = context.located()?.address;
            let path = context.folder().public_key_path(&owner);
            if !path.exists() {
                return Err(no_key_here(context, &owner, &path));
            }
            path
        }
    };
    let public = read_public(&public_path)?;
    let scheme = Scheme::from(command.format);
    let options = Options {
        scheme,
        force: command.force,
        limits: context.limits(),
        temporaries: context.temporaries.clone(),
    };
    let stages = Stages::new(context);
    let progress = |now| stages.tell(now);
    let sealed = encrypt(
        &command.source,
        &public,
        &command.output,
        &options,
        &progress,
    )?;
    stages.end();
    let path = context.absolute(&command.output);
    Ok(Reply::new(json!({
        "encryptedResultsPath": path,
        "format": scheme.as_str(),
        "bits": public.bits(),
        "bytes": sealed.bytes,
    }))
    .note(format!(
        "Result sealed for {} in {}",
        public_path.shown(),
        path.shown()
    )))
}

/// The progress of one stage after the other.
struct Stages<'a> {
    context: &'a Context,
    now: RefCell<Option<(Stage, Progress)>>,
}

impl<'a> Stages<'a> {
    fn new(context: &'a Context) -> Self {
        Self {
            context,
            now: RefCell::new(None),
        }
    }

    fn tell(&self, now: encrypt::Progress) {
        let is_at = |stage: &Option<(Stage, Progress)>| {
            stage.as_ref().is_some_and(|(stage, _)| *stage == now.stage)
        };
        if !is_at(&self.now.borrow()) {
            self.end();
            let work = match now.stage {
                Stage::Packing => Work::Pack,
                Stage::Checking => Work::Check,
                _ => Work::Encrypt,
            };
            let progress = self.context.progress(work, Unit::Bytes);
            progress.add_total_bytes(now.total);
            *self.now.borrow_mut() = Some((now.stage, progress));
        }
        if let Some((_, progress)) = &*self.now.borrow() {
            progress.add_bytes(now.bytes);
        }
    }

    fn end(&self) {
        if let Some((_, progress)) = self.now.take() {
            progress.finish();
        }
    }
}
