use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use super::decrypt::open_archive;
use super::default_archive::{DEFAULT_ARCHIVE, check_default};
use crate::archive::Archive;
use crate::cli::context::Context;
use crate::cli::key_records::KeyRecords;
use crate::cli::options::groups;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::key_name::key_name_of;
use crate::cli::ui::reply::Reply;
use crate::code::Code;
use crate::token::{Module, ResultKey, Session, TokenInfo};

#[derive(Debug, Args)]
#[command(
    after_help = "If the token shows no key before a login, the program logs in with a PIN that is configured. It never asks for one.\n\nExample:\n  iexec-hsm result inspect encryptedResults.zip"
)]
pub(crate) struct Inspect {
    /// The archive: a zip, a folder that one was unzipped into, a file in it, or - for stdin
    #[arg(default_value = DEFAULT_ARCHIVE, value_name = "ARCHIVE")]
    archive: PathBuf,
    /// Read only the archive, not the token
    #[arg(long)]
    no_token: bool,
    #[command(flatten)]
    limits: groups::Limits,
}

pub(super) fn run(context: &Context, command: Inspect) -> Result<Reply, Failure> {
    check_default(&command.archive)?;
    let archive = open_archive(context, &command.archive, &context.cwd, &context.limits())?;
    let layout = archive.layout();
    let modulus_len = archive.wrapped_key().ciphertext().len();
    let keys = if command.no_token {
        Ok(vec![])
    } else {
        fitting(context, modulus_len)
    };
    // A PIN that was sent and refused must not be sent again unnoticed.
    let keys = match keys {
        Err(failure) if matches!(failure.code, Code::PinWrong | Code::PinBlocked) => {
            return Err(failure);
        }
        keys => keys,
    };
    let json_keys: Vec<Value> = keys
        .iter()
        .flatten()
        .map(|key| json!({ "key": key.uri, "label": key.label }))
        .collect();
    let reply = Reply::new(json!({
        "format": layout.scheme.as_str(),
        "keyEntry": layout.key_entry,
        "bodyEntry": layout.body_entry,
        "bits": 8 * modulus_len,
        "bodyBytes": archive.body_len(),
        "keys": json_keys,
        "tokenError": keys.as_ref().err().map(Failure::message),
    }));
    let reply = lines(&archive, modulus_len)
        .into_iter()
        .fold(reply, Reply::text);
    Ok(match &keys {
        _ if command.no_token => reply,
        Err(failure) => reply.text(format!(
            "fits      the token was not looked at: {}",
            failure.message()
        )),
        Ok(keys) if keys.is_empty() => reply.text("fits      no key on the token"),
        Ok(keys) => keys.iter().fold(reply, |reply, key| {
            let note = if key.current { "  (current)" } else { "" };
            context.say(|| format!("fits {}", key.uri));
            let name = key_name_of(&key.uri, &key.label);
            reply.text(format!("fits      {name}, by its size{note}"))
        }),
    })
}

fn lines(archive: &Archive, modulus_len: usize) -> Vec<String> {
    let layout = archive.layout();
    vec![
        format!("format    {}", layout.scheme.as_str()),
        format!(
            "key       {} (wrapped with RSA-{})",
            layout.key_entry,
            8 * modulus_len
        ),
        format!(
            "body      {} ({} bytes)",
            layout.body_entry,
            archive.body_len()
        ),
    ]
}

/// A key that could open an archive.
struct Fitting {
    uri: String,
    label: String,
    current: bool,
}

/// The keys on the token whose modulus is as long.
fn fitting(context: &Context, modulus_len: usize) -> Result<Vec<Fitting>, Failure> {
    let recorded = context.key_records(None)?;
    let (module, token) = context.locate(&recorded)?;
    let keys = visible_keys(context, &module, &token)?;
    let fits = |key: &ResultKey| key.public.modulus_len() == modulus_len;
    Ok(keys
        .into_iter()
        .filter(fits)
        .map(|key| describe(&token, &key, &recorded))
        .collect())
}

/// The result keys that the token shows; before a login, unless it shows none and a PIN is at hand.
fn visible_keys(
    context: &Context,
    module: &Arc<Module>,
    token: &TokenInfo,
) -> Result<Vec<ResultKey>, Failure> {
    let keys = Session::open(module, token)?.result_keys()?;
    if !keys.is_empty() {
        return Ok(keys);
    }
    let mut pins = context.pins()?;
    if pins.are_given() {
        let (session, _) = Session::log_in(module, token, &mut pins)?;
        return Ok(session.result_keys()?);
    }
    if !token.login_required() {
        return Ok(keys);
    }
    Err(Failure::new(
        Code::PinNeeded,
        "the token shows no key before a login, and no PIN is given",
    ))
}

fn describe(token: &TokenInfo, key: &ResultKey, recorded: &KeyRecords) -> Fitting {
    Fitting {
        uri: key.uri(token).to_string(),
        label: key.label.clone(),
        current: recorded.have(token, key),
    }
}
