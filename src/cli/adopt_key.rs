//! The adoption of a key that is on the token already.

use std::path::PathBuf;

use super::context::Context;
use super::key_choice::ChosenKey;
use super::key_facts::facts_text;
use super::key_files::{made_for_other, read_public, record};
use super::named_address::OtherAddress;
use super::ui::failure::Failure;
use super::ui::reply::Reply;
use crate::code::Code;
use crate::text::escape::Shown as _;
use crate::token::names::{key_name, token_of};
use crate::token::{KeyOrigin, TokenError};

/// The key to adopt: what is known of it, and what it may be.
#[derive(Debug, Default)]
pub(crate) struct Adoption {
    /// A file with its public key.
    pub(crate) public_key: Option<PathBuf>,
    /// Whether it may leave its token.
    pub(crate) allow_extractable: bool,
    /// Whether it may have been imported.
    pub(crate) allow_imported: bool,
    /// Whether that file may be named after another address.
    pub(crate) other_address: OtherAddress,
}

/// Makes the key that is named the result key of the beneficiary's address.
pub(crate) fn adopt_key(context: &Context, adoption: &Adoption) -> Result<Reply, Failure> {
    let address = context.located()?.address;
    if let Some(path) = &adoption.public_key {
        adoption.other_address.check(path, &[address])?;
    }
    context.folder().check_replaceable(&address)?;
    let mut pins = context.pins()?;
    let given = adoption
        .public_key
        .as_deref()
        .map(read_public)
        .transpose()?;
    let mut chosen = ChosenKey::find_knowing(context, Some(&mut pins), given.as_ref())?;
    let key = &chosen.key;
    key.public.check_size().map_err(|error| {
        Failure::from(error).hint("Make a new key with `iexec-hsm result generate-encryption-keypair`. Results that were sealed for this one can still be opened: name it with --key.")
    })?;
    let facts = chosen.session.facts(key);
    if !facts.stays_on_token() && !adoption.allow_extractable {
        return Err(Failure::new(
            Code::NotSupported,
            format!(
                "the token does not say that the key stays on it: {}",
                facts_text(&facts)
            ),
        )
        .hint("Make a new key, or adopt this one with --allow-extractable."));
    }
    let origin = facts.origin();
    if origin != KeyOrigin::MadeOnToken && !adoption.allow_imported && !adoption.allow_extractable {
        return Err(Failure::new(
            Code::NotSupported,
            format!("a copy of the key may be elsewhere: {}", origin.as_str()),
        )
        .hint("Make a new key, or adopt this one with --allow-imported."));
    }
    if given.is_some_and(|given| given != key.public) {
        return Err(Failure::new(
            Code::NotSupported,
            "the token shows a public key other than the one in --public-key",
        )
        .hint("Leave --public-key out."));
    }
    chosen
        .session
        .prove(key, &mut pins)
        .map_err(|error| match (error, &adoption.public_key) {
            (error @ TokenError::Device { .. }, Some(path)) => Failure::new(
                Code::NotSupported,
                format!(
                    "the key does not open what was encrypted for {}: {error}",
                    path.shown()
                ),
            )
            .hint("Give the public key that belongs to this key. If it does, check that the device works."),
            (error, _) => error.into(),
        })?;
    let token = chosen.session.token();
    if let Some(other) = made_for_other(key, &address) {
        context.warn(format_args!("its label says that it was made for {other}"));
    }
    let recorded = context.every_key_record()?;
    let also_of = recorded.of(token, key).filter_map(|it| it.address);
    let also_of: Vec<_> = also_of.filter(|other| *other != address).collect();
    let files = record(context, &address, token, key)?;
    let reply = Reply::new(files.json(token, key, &facts))
        .note(format!(
            "{} on {} is the result key of {address} now: {}",
            key_name(&key.label, &key.id),
            token_of(&token.uri()),
            facts_text(&facts)
        ))
        .note(files.written());
    Ok(also_of.iter().fold(reply, |reply, other| {
        reply.note(format!("It is the result key of {other} as well."))
    }))
}
