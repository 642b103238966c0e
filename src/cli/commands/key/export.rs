use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::beneficiary::public_key_file;
use crate::cli::context::Context;
use crate::cli::key_choice::ChosenKey;
use crate::cli::named_address::OtherAddress;
use crate::cli::options::NamedKey;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::decrypt::{OutputError, check_file};
use crate::file::OutputStream;
use crate::text::escape::Shown as _;
use crate::token::names::key_name;

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  iexec-hsm key export --output beneficiary.pub")]
pub(crate) struct Export {
    #[command(flatten)]
    pub(super) key: NamedKey,
    /// The file to write [default: stdout]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long, requires = "output")]
    force: bool,
    #[command(flatten)]
    other_address: OtherAddress,
}

pub(super) fn run(context: &Context, command: Export) -> Result<Reply, Failure> {
    let mut pins = context.pins()?;
    // Public keys are visible without a PIN on most tokens, and after a login on the others.
    let chosen = match ChosenKey::find(context, None) {
        Ok(chosen) => chosen,
        Err(_) => ChosenKey::find(context, Some(&mut pins))?,
    };
    let pem = chosen.key.public.to_pem()?;
    let uri = chosen.key.uri(chosen.session.token()).to_string();
    let name = key_name(&chosen.key.label, &chosen.key.id);
    let json = json!({ "key": uri, "publicKey": pem });
    let output = match command.output {
        None => return Ok(Reply::new(json).exact(pem.trim_end())),
        Some(output) => output,
    };
    match OutputStream::of(&output) {
        Some(OutputStream::Stdout) => return Ok(Reply::new(json).exact(pem.trim_end())),
        Some(stream) => {
            let written = stream
                .open()
                .and_then(|mut it| it.write_all(pem.as_bytes()));
            written.map_err(|source| OutputError::Io {
                path: output,
                source,
            })?;
            let note = format!("The public key of {name} is on {}", stream.shown());
            return Ok(Reply::new(json).note(note));
        }
        None => {}
    }
    let recorded = context.every_key_record()?;
    let owners = recorded.of(chosen.session.token(), &chosen.key);
    let owners: Vec<_> = owners.filter_map(|it| it.address).collect();
    command.other_address.check(&output, &owners)?;
    check_file(&output, command.force, |_| false, "")?;
    public_key_file::write_atomic(&output, &pem, &context.temporaries)?;
    let path = context.absolute(&output);
    Ok(
        Reply::new(json!({ "key": uri, "publicKey": pem, "publicKeyPath": path }))
            .note(format!("The public key of {name} is in {}", path.shown())),
    )
}
