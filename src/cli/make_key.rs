//! The making of a result key.

use super::context::Context;
use super::key_facts::facts_text;
use super::key_files::{label_for, record_new};
use super::key_records::KeyRecords;
use super::ui::failure::Failure;
use super::ui::hints;
use super::ui::reply::Reply;
use crate::token::names::{key_name, key_of, token_of};
use crate::token::{NewKey, generate};

/// A key to make; what is not given is as usual.
#[derive(Debug, Default)]
pub(crate) struct KeyToMake {
    /// The size of its modulus.
    pub(crate) bits: Option<usize>,
    /// The `CKA_ID`.
    pub(crate) id: Option<Vec<u8>>,
    /// The `CKA_LABEL`.
    pub(crate) label: Option<String>,
    /// Whether the SO makes it.
    pub(crate) by_so: bool,
}

/// Makes a result key for the beneficiary's address, and records it.
pub(crate) fn make_key(context: &Context, wanted: KeyToMake) -> Result<Reply, Failure> {
    let located = context.located()?;
    let address = located.address;
    // Before a key is made that could then not be recorded.
    context.folder().check_replaceable(&address)?;
    // A damaged reference is replaced as if it were not there.
    let before = context.key_record(&address).unwrap_or_default();
    let (module, token) = context.locate(&KeyRecords::default())?;
    let mut pins = context.pins()?;
    let new = NewKey {
        bits: wanted.bits,
        id: wanted.id,
        label: wanted.label.unwrap_or_else(|| label_for(&address)),
        by_so: wanted.by_so,
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
            "Encryption keypair {:?} and {:?} generated in {:?}",
            files.key, files.public, files.folder
        ))
        .note(format!(
            "The private key is {} on {}: {}",
            key_name(&key.label, &key.id),
            token_of(&session.token().uri()),
            facts_text(&facts)
        ))
        .note(format!("{}", key.uri(session.token())));
    if let Some(before) = before {
        reply = reply.note(format!(
            "The previous key, {}, stays on its token and still opens its archives:\n{}",
            key_of(&before.uri),
            before.uri
        ));
    }
    Ok(reply)
}
