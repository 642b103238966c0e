mod given;
mod key;
mod preview;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::options::groups;
use crate::cli::services::{Service, SmsArgs, each, named_by_project};
use crate::cli::signer::{Signer, owner_and_signer};
use crate::cli::token_sessions::TokenSessions;
use crate::cli::trusted_hosts::TrustArgs;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::code::Code;
use crate::sms::challenge::{RESULT_KEY_NAME, Web2Challenge};
use crate::sms::{Authorization, Pushed, value};
use crate::wallet::address::Address;

use given::{GivenSignature, parse_signature};
use key::{Candidate, KeyArgs, Proven};

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  iexec-hsm result push-encryption-key --chain arbitrum-mainnet\n  iexec-hsm result push-encryption-key --tee-framework all --force-update\n  iexec-hsm result push-encryption-key --wallet 'pkcs11:object=iexec%20wallet'"
)]
pub(crate) struct Push {
    #[command(flatten)]
    pub(crate) sms: SmsArgs,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    wallet: groups::Wallet,
    #[command(flatten)]
    password_file: groups::PasswordFile,
    /// Replace the key that is published
    #[arg(long)]
    force_update: bool,
    #[command(flatten)]
    key: KeyArgs,
    /// Show what would be sent; sign and send nothing
    #[arg(long, conflicts_with_all = ["print_challenge", "signature"])]
    dry_run: bool,
    /// Print what must be signed, for a wallet elsewhere; send nothing
    #[arg(long, conflicts_with = "signature")]
    print_challenge: bool,
    /// The signature of the challenge, made elsewhere; - reads it from stdin
    #[arg(long, value_name = "0x…|-", value_parser = parse_signature)]
    signature: Option<GivenSignature>,
}

pub(super) fn run(context: &Context, command: Push) -> Result<Reply, Failure> {
    let services = if command.print_challenge {
        Vec::new()
    } else {
        command.sms.services(context)?
    };
    if !command.dry_run {
        let named = named_by_project(&services);
        command.trust.agree(context, &named)?;
    }
    let mut sessions = TokenSessions::new(context)?;
    let (owner, unlocked) = owner_and_signer(context, &mut sessions)?;
    // What can be wrong without a PIN or password is looked at before either is asked for.
    let candidate = Candidate::find(context, &command.key, &owner)?;
    let signer = match command.signature {
        _ if command.print_challenge || command.dry_run => None,
        Some(given) => Some(Signer::Given(given.get()?)),
        None => Some(match unlocked {
            Some(signer) => signer,
            None => Signer::find(context, &mut sessions, &owner)?,
        }),
    };
    if let (Some(signer), Some(public)) = (&signer, candidate.public()) {
        signer.check(&challenge(owner, &value::value(public)?))?;
    }
    let key = candidate.prove(context, &mut sessions)?;
    let value = value::value(&key.public)?;
    let challenge = challenge(owner, &value);
    context.tell(format_args!("Encryption key of wallet {owner}"));
    key.tell(context);
    match signer {
        Some(signer) => Publication {
            context,
            sessions,
            key,
            challenge,
            force_update: command.force_update,
            signer: Some(signer),
            authorization: None,
        }
        .push(&services),
        None if command.print_challenge => Ok(preview::challenge(&challenge)),
        None => Ok(preview::dry_run(
            &services,
            &challenge,
            command.force_update,
            key.json(&owner),
        )),
    }
}

fn challenge(owner: Address, value: &str) -> Web2Challenge<'_> {
    Web2Challenge {
        owner,
        name: RESULT_KEY_NAME,
        value,
    }
}

/// A key that may be published, and who signs for it.
struct Publication<'a> {
    context: &'a Context,
    key: Proven,
    challenge: Web2Challenge<'a>,
    force_update: bool,
    /// Until it has signed.
    signer: Option<Signer>,
    authorization: Option<Authorization>,
    // Dropped last: a module may take long to end, and nothing secret waits for it.
    sessions: TokenSessions,
}

impl Publication<'_> {
    fn push(mut self, services: &[Service]) -> Result<Reply, Failure> {
        if let Some(signer) = &self.signer {
            signer.check(&self.challenge)?;
        }
        each(self.context, services, |service| self.push_to(service))
    }

    fn push_to(&mut self, service: &Service) -> Result<Reply, Failure> {
        let Web2Challenge { owner, name, value } = self.challenge;
        let secret = service.client.prepare(owner, name, self.force_update)?;
        // Signed only when something is to be written, and once: it holds for every service.
        if let Some(signer) = self.signer.take() {
            let signed = signer.sign(self.context, &mut self.sessions, &self.challenge)?;
            self.authorization = Some(signed);
        }
        let Some(authorization) = &self.authorization else {
            return Err(Failure::new(Code::Wallet, "the wallet did not sign"));
        };
        let pushed = secret.push(value, authorization)?;
        Ok(reply(service, &pushed, self.key.json(&owner)))
    }
}

fn reply(service: &Service, pushed: &Pushed, key: Value) -> Reply {
    let json = json!({
        "isPushed": true,
        "isUpdated": pushed.updated,
        "isInferred": pushed.inferred,
    });
    let reply = Reply::new(json)
        .with(key)
        .with(service.json(json!({})))
        .note("Encryption key successfully pushed");
    match pushed {
        Pushed { inferred: true, .. } => reply.note(
            "The answer was lost. There was no key before, and there is one now. To be sure that it is this one, push again with --force-update.",
        ),
        Pushed { updated: true, .. } => reply.note("It has replaced the key that was published before."),
        _ => reply,
    }
}
