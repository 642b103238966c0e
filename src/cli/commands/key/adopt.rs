use std::path::{Path, PathBuf};

use clap::Args;

use crate::beneficiary::public_key_file;
use crate::cli::chosen_key::{Which, facts_text, record};
use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::code::Code;
use crate::envelope::PublicKey;
use crate::token::{Origin, TokenError, Uri};

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  iexec-hsm key adopt 'pkcs11:serial=0123;id=%03' --wallet-address 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
)]
pub(crate) struct Adopt {
    #[command(flatten)]
    which: Which,
    /// Adopt a key that may leave its token
    #[arg(long)]
    allow_extractable: bool,
    /// Its public key as PEM, where the token does not show it; that they belong together is proved
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// Adopt a key that was imported, or that the token does not say it made
    #[arg(long)]
    allow_imported: bool,
}

impl Adopt {
    /// Adopts the key with this URI.
    pub(crate) fn named(uri: Uri, allow_imported: bool) -> Self {
        Self {
            which: Which::named(uri),
            allow_extractable: false,
            public_key: None,
            allow_imported,
        }
    }
}

pub(crate) fn run(context: &mut Context, command: Adopt) -> Result<Reply, Failure> {
    let address = context.located()?.address;
    context.folder().check_replaceable(&address)?;
    let mut pins = command.which.pins(context)?;
    let given = command.public_key.as_deref().map(read_public).transpose()?;
    let known = given.iter().map(|public| (None, public.clone())).collect();
    let mut chosen = command
        .which
        .choose_knowing(context, Some(&mut pins), known)?;
    let key = &chosen.key;
    let facts = chosen.session.facts(key);
    if !facts.stays_on_token() && !command.allow_extractable {
        return Err(Failure::new(
            Code::NotSupported,
            format!(
                "the token does not say that the key stays on it: {}",
                facts_text(&facts)
            ),
        )
        .hint("Make a new key, or adopt this one all the same with --allow-extractable."));
    }
    let origin = facts.origin();
    if origin != Origin::MadeOnToken && !command.allow_imported && !command.allow_extractable {
        return Err(Failure::new(
            Code::NotSupported,
            format!("a copy of the key may be elsewhere: {}", origin.as_str()),
        )
        .hint("Make a new key, or adopt this one all the same with --allow-imported."));
    }
    if given.is_some_and(|given| given != key.public) {
        return Err(Failure::new(
            Code::NotSupported,
            "the token shows another public key than --public-key gives",
        )
        .hint("Leave --public-key out."));
    }
    chosen
        .session
        .prove(key, &mut pins)
        .map_err(|error| match (error, &command.public_key) {
            (error @ TokenError::Device { .. }, Some(path)) => Failure::new(
                Code::NotSupported,
                format!(
                    "the key does not open what was encrypted for {}: {error}",
                    path.display()
                ),
            )
            .hint("Name the public key of this very key; if it is, check that the device works."),
            (error, _) => error.into(),
        })?;
    let token = chosen.session.token();
    let files = record(context, &address, token, key)?;
    Ok(Reply::new(files.json(token, key, &facts))
        .note(format!(
            "The key is the result key of {address} now: {}",
            facts_text(&facts)
        ))
        .note(format!(
            "\"{}\" and \"{}\" written in \"{}\"",
            files.key,
            files.public,
            files.folder.display()
        )))
}

fn read_public(path: &Path) -> Result<PublicKey, Failure> {
    let pem = public_key_file::read(path)?;
    let public = PublicKey::from_pem(&pem);
    public.map_err(|error| Failure::from(error).of(&path.display().to_string()))
}
