//! Files with keys whose names say whose they are.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Args;

use super::context::Context;
use super::ui::failure::Failure;
use super::ui::hints;
use crate::beneficiary::addresses_in_name;
use crate::code::Code;
use crate::text::escape::Shown as _;
use crate::wallet::address::Address;

/// The word that lets a key be used for another address than the name of its file holds.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct OtherAddress {
    /// Accept a file whose name holds another address
    #[arg(long, hide_short_help = true)]
    allow_other_address: bool,
}

impl OtherAddress {
    /// Finds the address that the key in a file is for, and what says so: the user, else the name
    /// of the file, else the wallet that is there.
    pub(crate) fn owner(
        self,
        context: &Context,
        path: &Path,
    ) -> Result<(Address, String), Failure> {
        let settings = &context.settings;
        let said = settings.wallet_address.is_some() || settings.wallet_file.is_some();
        if !said && !self.allow_other_address {
            let named: Vec<_> = named(path)?.into_iter().collect();
            match named.as_slice() {
                [] => {}
                [only] => return Ok((*only, "the name of the file".into())),
                _ => {
                    let what = format!("the name of {path:?} holds several addresses");
                    return Err(Failure::new(Code::Usage, what)
                        .hint("Say which one the key is for, with --wallet-address."));
                }
            }
        }
        let located = context.located()?;
        self.check(path, &[located.address])?;
        Ok((located.address, hints::origin(&located.origin)))
    }

    /// Refuses a file whose name holds addresses, and none that the key is for.
    pub(crate) fn check(self, path: &Path, owners: &[Address]) -> Result<(), Failure> {
        if self.allow_other_address {
            return Ok(());
        }
        let named = named(path)?;
        let (Some(other), Some(owner)) = (named.first(), owners.first()) else {
            return Ok(());
        };
        if owners.iter().any(|owner| named.contains(owner)) {
            return Ok(());
        }
        let what =
            format!("the name of {path:?} holds the address {other}, and the key is for {owner}");
        Err(Failure::new(Code::Usage, what).hint(format!(
            "If it is the key of {other}, say so with --wallet-address {other}; if {owner} is meant, add --allow-other-address."
        )))
    }
}

/// The addresses in the name of a file, which are not mistyped.
fn named(path: &Path) -> Result<BTreeSet<Address>, Failure> {
    addresses_in_name(path).map_err(|error| {
        Failure::from(error).of(&path.shown()).hint(
            "Correct the name of the file; or say whose key it is with --wallet-address, and add --allow-other-address.",
        )
    })
}
