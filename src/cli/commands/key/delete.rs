use std::io;
use std::path::Path;

use clap::Args;
use serde_json::json;

use super::describe::Described;
use crate::cli::context::Context;
use crate::cli::key_choice::ChosenKey;
use crate::cli::key_records::KeyRecords;
use crate::cli::options::NamedKey;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::code::Code;
use crate::file::named;
use crate::text::escape::Shown as _;
use crate::text::hex::hex;
use crate::token::ResultKey;

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  iexec-hsm key delete dce1")]
pub(crate) struct Delete {
    #[command(flatten)]
    pub(super) key: NamedKey,
    /// The key's label (its id if it has none), instead of typing it
    #[arg(long, value_name = "LABEL")]
    confirm_label: Option<String>,
}

pub(super) fn run(context: &Context, command: Delete) -> Result<Reply, Failure> {
    let mut pins = context.pins()?;
    let chosen = ChosenKey::find(context, Some(&mut pins))?;
    let (token, key) = (chosen.session.token(), &chosen.key);
    let uri = key.uri(token).to_string();
    let recorded = context.every_key_record()?;
    // An empty line must not be enough.
    let label = match key.label.as_str() {
        "" => hex(&key.id),
        label => label.to_owned(),
    };
    let is_meant = match &command.confirm_label {
        Some(given) => *given == label,
        None => {
            let described = Described::of_token(&chosen.session, key, &recorded);
            let what = format!(
                "{}\nIt will be removed for good, and nothing sealed for it can ever be opened again.",
                described.text()
            );
            context.is_repeated(&what, name_to_type(key, &hex(&key.id)))
        }
    };
    if !is_meant {
        return Err(
            Failure::new(Code::Usage, format!("the key {label:?} was left as it is"))
                .hint("Type its id when asked, or give its label with --confirm-label."),
        );
    }
    chosen.session.delete(key)?;
    let forgotten = forget(context, &chosen, &recorded)?;
    let reply = Reply::new(json!({ "key": uri, "forgotten": forgotten }));
    let reply = reply.note(format!("The key is removed: {uri}"));
    Ok(forgotten.iter().fold(reply, |reply, path| {
        reply.note(format!("Removed {}", path.shown()))
    }))
}

/// What a person types who means this key: labels are often alike, ids are not.
fn name_to_type<'a>(key: &'a ResultKey, id: &'a str) -> (&'static str, &'a str) {
    match id {
        "" => ("label", &key.label),
        id => ("id", id),
    }
}

/// Removes the files that record the key: whoever published such a public key would lose results.
fn forget(
    context: &Context,
    chosen: &ChosenKey,
    recorded: &KeyRecords,
) -> Result<Vec<String>, Failure> {
    let folder = context.folder();
    let token = chosen.session.token();
    // Of one key on two tokens, the other one is still there.
    let gone = recorded.of(token, &chosen.key).filter(|it| it.is_on(token));
    let addresses = gone.filter_map(|it| it.address);
    let mut removed = Vec::new();
    for address in addresses {
        for path in [folder.key_path(&address), folder.public_key_path(&address)] {
            if path.exists() {
                remove(&path).map_err(|error| {
                    Failure::new(
                        Code::IoFailed,
                        format!("the key is removed, but not {}: {error}", path.shown()),
                    )
                })?;
                removed.push(path.to_string_lossy().into_owned());
            }
        }
    }
    Ok(removed)
}

fn remove(path: &Path) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::NotFound)?;
    named::open(named::folder_of(path))?.remove_file(name)
}
