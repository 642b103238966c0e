use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::key_facts::{facts_json, facts_text};
use crate::cli::key_records::KeyRecords;
use crate::cli::options::{label_parser, parse_id};
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::token::create_wallet;
use crate::token::names::{key_name, token_of};

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  iexec-hsm wallet create --token demo")]
pub(crate) struct Create {
    /// The key's id (CKA_ID) in hexadecimal [default: two random bytes]
    #[arg(long, value_name = "HEX", value_parser = parse_id)]
    id: Option<std::vec::Vec<u8>>,
    /// The label of the wallet (CKA_LABEL)
    #[arg(long, default_value = "iexec wallet", value_parser = label_parser())]
    label: String,
}

pub(super) fn run(context: &Context, command: Create) -> Result<Reply, Failure> {
    let (module, token) = context.locate(&KeyRecords::default())?;
    let mut pins = context.pins()?;
    let id = command.id.as_deref();
    let (session, key) = create_wallet(&module, &token, &command.label, id, &mut pins)?;
    let facts = session.wallet_facts(&key);
    let address = key.address().to_string();
    let uri = key.uri(session.token()).to_string();
    Ok(Reply::new(json!({
        "address": address,
        "wallet": uri,
        "facts": facts_json(&facts),
    }))
    .note(format!(
        "The wallet is {} on {}: {}",
        key_name(&key.label, &key.id),
        token_of(&token.uri()),
        facts_text(&facts)
    ))
    .note("There is no copy of this key. If the token is lost, so are the address and everything that it owns.")
    .text(address)
    .note(uri))
}
