use clap::Args;

use super::shared::{Which, facts_text, record};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::reply::Reply;
use crate::token::{Origin, Uri};

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  iexec-hsm key adopt 'pkcs11:serial=0123;id=%03' --wallet-address 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
)]
pub(in crate::cli) struct Adopt {
    #[command(flatten)]
    which: Which,
    /// Adopt a key that may leave its token
    #[arg(long)]
    allow_extractable: bool,
    /// Adopt a key that was imported, or that the token does not say it made
    #[arg(long)]
    allow_imported: bool,
}

impl Adopt {
    /// Of the key with this URI.
    pub(in crate::cli) fn named(uri: Uri, allow_imported: bool) -> Self {
        Self {
            which: Which::named(uri),
            allow_extractable: false,
            allow_imported,
        }
    }
}

pub(in crate::cli) fn run(context: &mut Context, command: Adopt) -> Result<Reply, Failure> {
    let address = context.located()?.address;
    context.folder().check_replaceable(&address)?;
    let mut pins = command.which.pins(context)?;
    let mut chosen = command.which.choose(context, Some(&mut pins))?;
    let key = &chosen.key;
    let facts = chosen.session.facts(key);
    if !facts.stays_on_token() && !command.allow_extractable {
        return Err(Failure::new(
            Exit::NotSupported,
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
            Exit::NotSupported,
            format!("a copy of the key may be elsewhere: {}", origin.as_str()),
        )
        .hint("Make a new key, or adopt this one all the same with --allow-imported."));
    }
    chosen.session.prove(key, &mut pins)?;
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
