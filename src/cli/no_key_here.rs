//! An address without a key file here: its key may well be on the token.

use std::path::Path;

use super::context::Context;
use super::key_records::KeyRecords;
use super::ui::command_line::CommandLine;
use super::ui::failure::Failure;
use crate::code::Code;
use crate::text::escape::Shown as _;
use crate::text::hex::hex;
use crate::token::names::key_name;
use crate::token::{ResultKey, Session, Uri, choose_key};
use crate::wallet::address::Address;

/// The failure where `path`, the public key file of `owner`, is not there. The token is looked at without a login, so that
/// the hint does not lead to a second key.
pub(crate) fn no_key_here(context: &Context, owner: &Address, path: &Path) -> Failure {
    let what = format!(
        "there is no result key of {owner} here: {} does not exist",
        path.shown()
    );
    Failure::new(Code::KeyNotFound, what).hint(match OnToken::of(context, owner) {
        OnToken::Its { name, adopt } => format!(
            "The token has a key of this address: {name}. Go to the folder where it was made, name that folder with --beneficiary-keystoredir, or use the key here: `{adopt}`."
        ),
        OnToken::Others => "The token has result keys: `iexec-hsm key list` shows them, and `iexec-hsm key adopt` makes one of them the key of this address. If its files are in another folder, go there, or name it with --beneficiary-keystoredir.".to_owned(),
        OnToken::None => "Make a key with `iexec-hsm result generate-encryption-keypair`. If there is one, go to the folder where it was made, or name that folder with --beneficiary-keystoredir.".to_owned(),
    })
}

/// The result keys that the token shows.
enum OnToken {
    /// One is of the address: its name, and the command that adopts it.
    Its { name: String, adopt: CommandLine },
    /// There are some.
    Others,
    /// It shows none, or cannot be looked at.
    None,
}

impl OnToken {
    fn of(context: &Context, owner: &Address) -> Self {
        let Some(found) = Self::look(context, owner) else {
            return Self::None;
        };
        found
    }

    fn look(context: &Context, owner: &Address) -> Option<Self> {
        let (module, token) = context.locate(&KeyRecords::default()).ok()?;
        let keys = Session::open(&module, &token).ok()?.result_keys().ok()?;
        let named = Uri::for_short_name(&owner.to_string());
        let its = |key: &ResultKey| choose_key(&token, vec![key.clone()], Some(&named)).is_ok();
        let mut fitting = keys.iter().filter(|key| its(key));
        Some(match (fitting.next(), fitting.next()) {
            (Some(key), None) => {
                let adopt =
                    CommandLine::ours("key adopt").option("--wallet-address", owner.to_string());
                let id = hex(&key.id);
                Self::Its {
                    name: key_name(&key.label, &key.id),
                    adopt: match id.as_str() {
                        "" => adopt.operand(&key.label),
                        id => adopt.operand(id),
                    },
                }
            }
            _ if keys.is_empty() => Self::None,
            _ => Self::Others,
        })
    }
}
