use super::describe::Described;
use crate::agent::wire;
use crate::cli::agent_beside::{keys_of, to_read_by};
use crate::cli::agent_keys::{names, records};
use crate::cli::agent_link::Link;
use crate::cli::context::Context;
use crate::cli::key_choice::ChosenKey;
use crate::cli::key_records::KeyRecords;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::token::choose_one;

pub(super) fn run(context: &Context) -> Result<Reply, Failure> {
    let recorded = context.every_key_record()?;
    let wanted = context.key_records(None)?;
    // One that it does not tell of may have its public key on the token alone.
    if let Some(link) = to_read_by(context, &wanted) {
        match choose(context, link, &wanted) {
            Ok(key) => {
                let described = Described::of_agent(&key, &recorded);
                return Ok(reply(&described, &key.public_key));
            }
            Err(failure) => context.note_passed_agent(failure.message().to_owned()),
        }
    }
    let mut pins = context.pins()?;
    let chosen = ChosenKey::find(context, Some(&mut pins))?;
    let described = Described::of_token(&chosen.session, &chosen.key, &recorded);
    Ok(reply(&described, &chosen.key.public.to_pem()?))
}

/// Chooses among the agent's keys as [`ChosenKey`] does among the token's.
fn choose(context: &Context, mut link: Link, wanted: &KeyRecords) -> Result<wire::Key, Failure> {
    let named = context.settings.key.as_ref();
    let mut keys = keys_of(context, &mut link)?;
    let is_recorded = |key: &wire::Key| wanted.any(|it| records(it, key));
    if named.is_none() && keys.iter().any(is_recorded) {
        keys.retain(is_recorded);
    }
    let place = (link.status.label.as_str(), link.status.login_required);
    let uri = |key: &wire::Key| key.key.clone();
    Ok(choose_one(place, keys, named, uri, names)?)
}

fn reply(key: &Described, pem: &str) -> Reply {
    Reply::new(key.json()).text(key.text()).text(pem.trim_end())
}
