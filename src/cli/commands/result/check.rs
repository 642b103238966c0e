use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::options::groups;
use crate::cli::services::{Service, SmsArgs, each};
use crate::cli::signer::owner;
use crate::cli::token_sessions::TokenSessions;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::code::Code;
use crate::sms::challenge::RESULT_KEY_NAME;
use crate::wallet::address::Address;

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  iexec-hsm result check-encryption-key 0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf --chain bellecour"
)]
pub(crate) struct Check {
    /// Whose key is looked for [default: your own address]
    #[arg(value_name = "ADDRESS", value_parser = Address::parse_beneficiary)]
    address: Option<Address>,
    #[command(flatten)]
    pub(crate) sms: SmsArgs,
    #[command(flatten)]
    wallet: groups::Wallet,
    /// Fail (exit 15) when there is none
    #[arg(long)]
    require: bool,
}

pub(super) fn run(context: &Context, command: Check) -> Result<Reply, Failure> {
    let services = command.sms.services(context)?;
    let address = match command.address {
        Some(address) => address,
        None => {
            let mut sessions = TokenSessions::new(context)?;
            owner(context, &mut sessions)?
        }
    };
    context.tell(format_args!(
        "Checking encryption key exists for wallet {address}"
    ));
    each(context, &services, |service| {
        check(service, &address, command.require)
    })
}

fn check(service: &Service, address: &Address, require: bool) -> Result<Reply, Failure> {
    let exists = service.client.exists(*address, RESULT_KEY_NAME)?;
    let missing = format!("No encryption key found for address {address}");
    if require && !exists {
        return Err(Failure::new(Code::KeyNotFound, missing)
            .hint("`iexec-hsm result push-encryption-key` publishes one."));
    }
    let reply = Reply::new(service.json(json!({
        "isEncryptionKeySet": exists,
        "address": address.to_string(),
    })));
    if !exists {
        return Ok(reply.text(missing));
    }
    Ok(reply
        .text(format!("Encryption key found for address {address}"))
        .remark("The SMS does not say whose key it is: any program that uses that wallet may have replaced it. To be sure, push yours again with --force-update."))
}
