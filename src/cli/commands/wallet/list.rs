use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::context::{Context, WALLET_KEY};
use crate::cli::key_records::KeyRecords;
use crate::cli::locating::Located;
use crate::cli::options::groups;
use crate::cli::signer::WalletSource;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::code::Code;
use crate::text::escape::Shown as _;
use crate::token::names::{key_name, token_of};
use crate::token::{Session, WalletKey};
use crate::wallet::locate::FoundWallet;
use crate::wallet::on_token::choose;
use crate::wallet::sign::Wallet as _;

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  iexec-hsm wallet list --no-token")]
pub(crate) struct List {
    #[command(flatten)]
    wallet: groups::Wallet,
    /// Log in, for tokens that show nothing without the PIN
    #[arg(long, conflicts_with = "no_token")]
    login: bool,
    /// Look only at files and the environment
    #[arg(long)]
    no_token: bool,
}

/// A wallet, wherever it is.
struct Found {
    kind: &'static str,
    /// Its name where it is on a token, with that of the token.
    name: Option<String>,
    /// Its URI, the variable or the file.
    place: String,
    /// Or what is wrong with it.
    address: Result<String, String>,
    used: bool,
}

pub(super) fn run(context: &Context, command: List) -> Result<Reply, Failure> {
    let used = WalletSource::choose(context);
    let mut all = Vec::new();
    let mut token_error = None;
    if !command.no_token {
        match on_token(context, command.login) {
            Ok(found) => all.extend(found),
            // A PIN that was given, and refused, is worth more than a line.
            Err(failure) if command.login || is_about_wallets(&failure) => return Err(failure),
            Err(failure) => token_error = Some(failure.message().to_owned()),
        }
    }
    all.extend(in_environment(context, used.as_ref().ok()));
    all.extend(in_files(context, used.as_ref().ok())?);
    let json: Vec<Value> = all.iter().map(Found::json).collect();
    let mut reply = Reply::new(json!({ "wallets": json, "tokenError": token_error }));
    for found in &all {
        reply = reply.text(found.text());
    }
    if let Some(error) = token_error {
        reply = reply.remark(format!("The token was not looked at: {error}"));
    } else if !command.login && !command.no_token {
        reply = reply.remark("--login also shows tokens that show nothing without the PIN.");
    }
    match used {
        Err(failure) if !all.iter().any(|found| found.used) => {
            Ok(match all.iter().any(|found| found.name.is_some()) {
                true => reply.remark("None of them signs by itself: --wallet names the one on the token, by its id, label or address."),
                false => reply.remark(format!("None of them can sign: {}", failure.in_full())),
            })
        }
        _ => Ok(reply),
    }
}

fn is_about_wallets(failure: &Failure) -> bool {
    failure.code == Code::Wallet
}

fn on_token(context: &Context, login: bool) -> Result<Vec<Found>, Failure> {
    let (module, token) = token(context)?;
    let session = if login {
        let mut pins = context.pins()?;
        Session::open_user(&module, &token, &mut pins)?
    } else {
        Session::open(&module, &token)?
    };
    let keys = session.wallet_keys()?;
    let used = match context.wallet() {
        Some(uri) if token.fits(uri) => choose(&token, keys.clone(), Some(uri)).ok(),
        _ => None,
    };
    let used = used.map(|key| key.address());
    let found = |key: &WalletKey| Found {
        kind: "token",
        name: Some(format!(
            "{} on {}",
            key_name(&key.label, &key.id),
            token_of(&token.uri())
        )),
        place: key.uri(&token).to_string(),
        address: Ok(key.address().to_string()),
        used: used == Some(key.address()),
    };
    Ok(keys.iter().map(found).collect())
}

/// The token of `--token`, else the one that `--wallet` names.
fn token(context: &Context) -> Result<Located, Failure> {
    let settings = &context.settings;
    match context.wallet() {
        Some(wallet) if settings.token.is_none() && settings.key.is_none() => {
            context.locate_wallet(&[], wallet)
        }
        _ => context.locate(&KeyRecords::default()),
    }
}

fn in_environment(context: &Context, used: Option<&WalletSource>) -> Option<Found> {
    let address = match context.environment_wallet() {
        Ok(wallet) => Ok(wallet?.address().to_string()),
        Err(failure) => Err(failure.in_full()),
    };
    Some(Found {
        kind: "environment",
        name: None,
        place: WALLET_KEY.to_owned(),
        address,
        used: used == Some(&WalletSource::Environment),
    })
}

/// The files of the keystore and of the working folder, and one that was named elsewhere.
fn in_files(context: &Context, used: Option<&WalletSource>) -> Result<Vec<Found>, Failure> {
    let mut files: Vec<(PathBuf, Result<String, String>)> = context
        .wallet_files()?
        .into_iter()
        .map(|FoundWallet { path, address }| {
            let address = address.map(|it| it.to_string());
            (path, address.map_err(|it| Failure::from(it).in_full()))
        })
        .collect();
    if let Some(WalletSource::File(path)) = used
        && !files.iter().any(|(known, _)| known == path)
    {
        let address = context.located().map(|it| it.address.to_string());
        files.push((path.clone(), address.map_err(|it| it.in_full())));
    }
    let found = files.into_iter().map(|(path, address)| Found {
        kind: if path.ends_with("wallet.json") {
            "plain"
        } else {
            "keystore"
        },
        name: None,
        used: matches!(used, Some(WalletSource::File(used)) if *used == path),
        place: path.to_string_lossy().into_owned(),
        address,
    });
    Ok(found.collect())
}

impl Found {
    fn json(&self) -> Value {
        json!({
            "address": self.address.as_ref().ok(),
            "kind": self.kind,
            "wallet": self.place,
            "used": self.used,
            "problem": self.address.as_ref().err(),
        })
    }

    fn text(&self) -> String {
        let used = if self.used { "  (would sign)" } else { "" };
        let (address, problem) = match &self.address {
            Ok(address) => (address.as_str(), String::new()),
            Err(problem) if self.used => ("address not told", format!("\n  {problem}")),
            Err(problem) => ("not usable", format!("\n  {problem}")),
        };
        let name = self
            .name
            .as_ref()
            .map_or_else(String::new, |it| format!("\n  {it}"));
        format!("{address}{used}{name}\n  {}{problem}", self.place.shown())
    }
}
