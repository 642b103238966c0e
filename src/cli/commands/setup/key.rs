use serde_json::json;

use super::args::Setup;
use super::candidates::Candidate;
use super::questions::Questions;
use crate::beneficiary::public_key_file;
use crate::cli::adopt_key::{Adoption, adopt_key};
use crate::cli::context::Context;
use crate::cli::make_key::{KeyToMake, make_key};
use crate::cli::options::SETTINGS;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::code::Code;
use crate::token::names::{key_name, key_of, token_of};
use crate::token::{Module, ResultKey, Session, TokenInfo, Uri, choose_key};
use crate::wallet::address::Address;

/// The origin of the key.
#[derive(Clone, Copy)]
pub(super) enum Key {
    Made,
    Adopted,
    /// The key files named it before.
    Kept,
}

impl Key {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Adopted => "adopted",
            Self::Kept => "kept",
        }
    }
}

/// The way to a key.
enum Plan {
    Make,
    Adopt(Box<Uri>),
    Keep(Box<Uri>),
}

/// Sees to it that `address` has a result key on the token, with its files. The context that comes back names it.
pub(super) fn ready(
    context: Context,
    setup: &Setup,
    questions: &Questions,
    candidate: &Candidate,
    address: &Address,
) -> Result<(Context, Reply, Key), Failure> {
    // All that is open is closed before the command that does it opens the module itself.
    let plan = {
        let module = context.load(&candidate.module)?;
        plan(&context, setup, questions, &module, candidate, address)?
    };
    match plan {
        Plan::Make => {
            context.tell("Making a key, which takes a moment ...");
            let reply = make_key(
                &context,
                KeyToMake {
                    bits: setup.bits.as_ref().and_then(|bits| bits.parse().ok()),
                    ..KeyToMake::default()
                },
            )?;
            Ok((context, reply, Key::Made))
        }
        Plan::Adopt(uri) => {
            let context = context.typed(&SETTINGS.key, uri.to_string())?;
            let adoption = Adoption {
                allow_imported: setup.allow_imported,
                ..Adoption::default()
            };
            let reply = adopt_key(&context, &adoption)?;
            Ok((context, reply, Key::Adopted))
        }
        Plan::Keep(uri) => {
            let reply = Reply::new(json!({ "key": uri.to_string() }));
            let reply = reply.note(format!(
                "The key of {address} is there already: {} on {}\n{uri}",
                key_of(&uri),
                token_of(&uri)
            ));
            Ok((context, reply, Key::Kept))
        }
    }
}

fn plan(
    context: &Context,
    setup: &Setup,
    questions: &Questions,
    module: &std::sync::Arc<Module>,
    candidate: &Candidate,
    address: &Address,
) -> Result<Plan, Failure> {
    if setup.new_key {
        return Ok(Plan::Make);
    }
    if let Some(uri) = &context.settings.key {
        return Ok(Plan::Adopt(Box::new(uri.clone())));
    }
    let token = &candidate.token;
    // Most tokens show the public keys to everybody.
    let keys = Session::open(module, token)?.result_keys()?;
    if let Some(recorded) = context.key_record(address)?
        && recorded.is_on(token)
        && (keys.is_empty() || keys.iter().any(|key| recorded.is(token, key)))
    {
        return Ok(Plan::Keep(Box::new(recorded.uri)));
    }
    if keys.is_empty() {
        return Ok(Plan::Make);
    }
    let uris: Vec<Uri> = keys.iter().map(|key| key.uri(token)).collect();
    if let Some(at) = only_of(context, address, token, &keys) {
        context.tell(format_args!(
            "The token has a key of {address} already: {}",
            key_name(&keys[at].label, &keys[at].id)
        ));
        return Ok(Plan::Adopt(Box::new(uris[at].clone())));
    }
    if !questions.can_ask() {
        let listed = uris.iter();
        let listed: String = listed
            .map(|uri| format!("\n  {}\n    {uri}", key_of(uri)))
            .collect();
        let what =
            format!("the token has a result key that no key file of {address} names:{listed}");
        return Err(Failure::new(Code::KeyNotFound, what)
            .hint("Adopt it with --key, or make a new one with --new-key."));
    }
    let mut items = vec!["make a new key".to_owned()];
    items.extend(keys.iter().map(text));
    let chosen = questions.choice(
        "The token has keys. The result key:",
        &items,
        "no key was chosen",
    )?;
    Ok(match chosen.checked_sub(1) {
        None => Plan::Make,
        Some(at) => Plan::Adopt(Box::new(uris[at].clone())),
    })
}

/// The only key that is of the address: by its public key, which a file here has, else by its label.
fn only_of(
    context: &Context,
    address: &Address,
    token: &TokenInfo,
    keys: &[ResultKey],
) -> Option<usize> {
    let path = context.folder().public_key_path(address);
    let public = public_key_file::read(&path).ok();
    let named = Uri::for_short_name(&address.to_string());
    let only = |is_of: &dyn Fn(&ResultKey) -> bool| {
        let mut fitting = (0..keys.len()).filter(|at| is_of(&keys[*at]));
        fitting.next().filter(|_| fitting.next().is_none())
    };
    match public {
        Some(public) => only(&|key| key.public == public),
        None => only(&|key| choose_key(token, vec![key.clone()], Some(&named)).is_ok()),
    }
}

fn text(key: &ResultKey) -> String {
    let id = crate::text::hex::hex(&key.id);
    format!("adopt {:?}, id {id}, RSA-{}", key.label, key.public.bits())
}
