use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::beneficiary::software_key::backup_software_key;
use crate::cli::context::Context;
use crate::cli::key_facts::facts_text;
use crate::cli::key_files::{label_for, record_new};
use crate::cli::key_records::KeyRecords;
use crate::cli::named_address::OtherAddress;
use crate::cli::options::{label_parser, parse_id};
use crate::cli::ui::command_line::CommandLine;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::hints;
use crate::cli::ui::reply::Reply;
use crate::code::Code;
use crate::file::small;
use crate::text::escape::Shown as _;
use crate::token::names::{key_name, token_of};
use crate::token::{NewKey, SoftwareKey, import};

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  iexec-hsm result import-encryption-key .secrets/beneficiary/0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf_key"
)]
pub(crate) struct Import {
    /// The SDK's private key file (PKCS#8 or PKCS#1 PEM)
    #[arg(value_name = "PEM")]
    pem: PathBuf,
    /// The key's id (CKA_ID) in hexadecimal [default: two random bytes]
    #[arg(long, value_name = "HEX", value_parser = parse_id)]
    id: Option<std::vec::Vec<u8>>,
    /// The label of the key (CKA_LABEL)
    #[arg(long, value_parser = label_parser())]
    label: Option<String>,
    #[command(flatten)]
    other_address: OtherAddress,
}

pub(super) fn run(context: &Context, command: Import) -> Result<Reply, Failure> {
    let software = read(&command.pem)?;
    let (address, origin) = command.other_address.owner(context, &command.pem)?;
    let key_path = context.folder().key_path(&address);
    let in_place = same_file(&command.pem, &key_path);
    if in_place {
        context.folder().check_public_replaceable(&address)?;
    } else {
        // A software key of this address that is not the one imported must not be lost.
        context.folder().check_replaceable(&address)?;
    }
    let (module, token) = context.locate(&KeyRecords::default())?;
    let mut pins = context.pins()?;
    let new = NewKey {
        bits: Some(software.bits()),
        id: command.id,
        label: command.label.unwrap_or_else(|| label_for(&address)),
        by_so: false,
    };
    let (session, key) = import(&module, &token, &software, &new, &mut pins)?;
    let put_aside = || {
        if in_place {
            Ok(backup_software_key(&command.pem)?)
        } else {
            Ok(command.pem)
        }
    };
    let facts = session.facts(&key);
    let (files, kept) = record_new(context, &address, (&session, &key), put_aside)?;
    let kept = context.absolute(&kept);
    let mut json = files.json(session.token(), &key, &facts);
    json["softwareKey"] = json!(kept);
    Ok(Reply::new(json)
    .note(format!(
        "The key is {} on {}: {}",
        key_name(&key.label, &key.id),
        token_of(&session.token().uri()),
        facts_text(&facts)
    ))
    .note(key.uri(session.token()).to_string())
    .note(format!("It is the result key of {address} now ({origin}): {}", files.written()))
    .note(format!(
        "The software key is still in {}.\nAnyone who reads it can open your results: try the key on the token first, keep a copy offline if you need one, then destroy the file with `{}`.",
        kept.shown(),
        CommandLine::new("shred -u").operand(&kept)
    )))
}

fn read(path: &Path) -> Result<SoftwareKey, Failure> {
    let content = small::read(path).map_err(|error| {
        let what = format!("{} cannot be read: {error}", path.shown());
        Failure::new(Code::IoFailed, what).hint(hints::unreadable(
            &error,
            "Check the name and its permissions.",
        ))
    })?;
    SoftwareKey::from_pem(&*content).map_err(|error| Failure::from(error).of(&path.shown()))
}

fn same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}
