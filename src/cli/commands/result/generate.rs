use clap::Args;

use crate::cli::chosen_key::{facts_text, label_for, record_new};
use crate::cli::context::Context;
use crate::cli::options::{groups, label_parser, parse_id};
use crate::cli::ui::failure::Failure;
use crate::cli::ui::hints;
use crate::cli::ui::reply::Reply;
use crate::token::{NewKey, generate};

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  iexec-hsm result generate-encryption-keypair --wallet-address 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
)]
pub(crate) struct Generate {
    /// Modulus size [default: the largest of these that the token makes]
    #[arg(long, value_parser = ["2048", "3072", "4096"])]
    bits: Option<String>,
    /// CKA_ID in hexadecimal; a free one of two bytes when not given
    #[arg(long, value_name = "HEX", value_parser = parse_id)]
    id: Option<std::vec::Vec<u8>>,
    /// CKA_LABEL
    #[arg(long, value_parser = label_parser())]
    label: Option<String>,
    /// Have the SO (security officer) make the key, for tokens that let nobody else
    #[arg(long)]
    so_login: bool,
    #[command(flatten)]
    so_pin_file: groups::GenerateSoPinFile,
    /// Accepted for the SDK's sake: nothing is overwritten that would be lost
    #[arg(long)]
    force: bool,
}

impl Generate {
    /// Makes a key of that size, and all else as usual.
    pub(crate) fn of_bits(bits: Option<String>) -> Self {
        Self {
            bits,
            id: None,
            label: None,
            so_login: false,
            so_pin_file: groups::GenerateSoPinFile,
            force: false,
        }
    }
}

pub(crate) fn run(context: &mut Context, command: Generate) -> Result<Reply, Failure> {
    let located = context.located()?;
    let address = located.address;
    // Before a key is made that could then not be recorded.
    context.folder().check_replaceable(&address)?;
    // A damaged reference is replaced as if it were not there.
    let before = context.key_record(&address).unwrap_or_default();
    let module = context.module()?;
    let token = context.token(&module, None)?;
    let mut pins = context.pins()?;
    let new = NewKey {
        // One of the three numbers above.
        bits: command.bits.and_then(|bits| bits.parse().ok()),
        id: command.id,
        label: command.label.unwrap_or_else(|| label_for(&address)),
        by_so: command.so_login,
    };
    let (session, key) = generate(&module, &token, &new, &mut pins)?;
    let facts = session.facts(&key);
    let (files, ()) = record_new(context, &address, (&session, &key), || Ok(()))?;
    let mut reply = Reply::new(files.json(session.token(), &key, &facts))
        .note(format!(
            "Generate encryption keypair for wallet address {address} ({})",
            hints::origin(&located.origin)
        ))
        .note(format!(
            "Encryption keypair \"{}\" and \"{}\" generated in \"{}\"",
            files.key,
            files.public,
            files.folder.display()
        ))
        .note(format!(
            "The private key is on the token \"{}\": {}",
            token.label,
            facts_text(&facts)
        ))
        .note(format!("{}", key.uri(session.token())));
    if let Some(before) = before {
        reply = reply.note(format!(
            "The key before it stays on its token and still opens its archives:\n{}",
            before.uri
        ));
    }
    Ok(reply)
}
