use std::path::Path;

use super::check::Check;
use crate::cli::context::{Context, WALLET_KEY};
use crate::cli::signer::WalletSource;
use crate::cli::ui::command_line::CommandLine;
use crate::cli::ui::failure::Failure;
use crate::text::escape::Shown as _;
use crate::token::{Session, Uri};
use crate::wallet::address::Address;
use crate::wallet::on_token::choose;
use crate::wallet::sign::Wallet as _;
use crate::wallet::wallet_file;
use crate::wallet::wallet_file::WalletFile;

const NAME: &str = "wallet";

/// Checks the wallet that would sign for publishing. Nothing is unlocked.
pub(super) fn check(context: &Context, session: Option<&Session>) -> Check {
    let check = match WalletSource::choose(context) {
        Ok(WalletSource::Token(uri)) => on_token(session, &uri),
        Ok(WalletSource::Environment) => in_environment(context),
        Ok(WalletSource::File(path)) => in_file(&path),
        Err(failure) => Err(failure),
    };
    check.unwrap_or_else(|failure| {
        if context.wallet().is_some()
            || context.secrets.wallet_key.is_set()
            || context.settings.wallet_file.is_some()
        {
            // One that was named should be there.
            return Check::failed(NAME, failure);
        }
        Check::not_there(
            NAME,
            format!("only publishing needs one: {}", failure.in_full()),
        )
    })
}

fn on_token(session: Option<&Session>, uri: &Uri) -> Result<Check, Failure> {
    let Some(session) = session.filter(|session| session.token().fits(uri)) else {
        return Ok(Check::skipped(
            NAME,
            format!("on a token that was not looked at: {}", uri.identity()),
        ));
    };
    let keys = session.wallet_keys()?;
    if keys.is_empty() {
        let what = format!("not visible without the PIN: {}", uri.identity());
        return Ok(Check::skipped(NAME, what).fix("Look with --login."));
    }
    let key = choose(session.token(), keys, Some(uri))?;
    Ok(signs_for(key.address(), "a key on the token"))
}

fn in_environment(context: &Context) -> Result<Check, Failure> {
    let wallet = context.environment_wallet()?;
    Ok(match wallet {
        Some(wallet) => signs_for(wallet.address(), WALLET_KEY),
        None => Check::not_there(NAME, "none"),
    })
}

fn in_file(path: &Path) -> Result<Check, Failure> {
    let (key, exposed) = wallet_file::read(path)?;
    let address = match key {
        WalletFile::Plain(wallet) => Some(wallet.address()),
        WalletFile::Encrypted(keystore) => keystore.address(),
    };
    let place = path.shown();
    Ok(match (address, exposed) {
        (_, Some(exposed)) => Check::warning(NAME, exposed.to_string()).fix(format!(
            "`{}`.",
            CommandLine::new("chmod 600").operand(path)
        )),
        (Some(address), None) => signs_for(address, &place),
        (None, None) => Check::ok(NAME, format!("{place}; it does not say for which address")),
    })
}

fn signs_for(address: Address, place: &str) -> Check {
    Check::ok(NAME, format!("{place} signs for {address}"))
}
