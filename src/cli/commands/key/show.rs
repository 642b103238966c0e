use serde_json::json;

use super::describe::{to_json, to_text};
use crate::cli::context::Context;
use crate::cli::key_choice::ChosenKey;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;

pub(super) fn run(context: &Context) -> Result<Reply, Failure> {
    let mut pins = context.pins()?;
    let chosen = ChosenKey::find(context, Some(&mut pins))?;
    let recorded = context.every_key_record()?;
    let session = &chosen.session;
    let json = to_json(session, &chosen.key, &recorded);
    Ok(Reply::new(json!({ "key": json }))
        .text(to_text(session, &chosen.key, &recorded))
        .text(chosen.key.public.to_pem()?.trim_end()))
}
