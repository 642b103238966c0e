//! The address that a key is published for, and the wallet that signs for it.

use std::path::PathBuf;

use super::context::{Context, WALLET_KEY};
use super::password::Password;
use super::token_sessions::TokenSessions;
use super::ui::failure::Failure;
use crate::code::Code;
use crate::sms::Authorization;
use crate::sms::challenge::Web2Challenge;
use crate::text::escape::Shown as _;
use crate::token::Uri;
use crate::wallet::address::Address;
use crate::wallet::eip191::eip191_digest;
use crate::wallet::keystore_v3::Keystore;
use crate::wallet::sign::Wallet;
use crate::wallet::signature::Signature;
use crate::wallet::software::SoftwareWallet;
use crate::wallet::wallet_file::{self, WalletFile};

/// The address that is spoken for: the one that was given, else that of whoever signs.
pub(crate) fn owner(context: &Context, sessions: &mut TokenSessions) -> Result<Address, Failure> {
    let settings = &context.settings;
    let given = settings.wallet_address.is_some() || settings.wallet_file.is_some();
    match context.wallet() {
        Some(uri) if !given => sessions.wallet_address(context, uri)?.ok_or_else(|| {
            let what = format!("no wallet that fits {} is visible", uri.identity());
            Failure::new(Code::Wallet, what).hint(
                "`iexec-hsm wallet list` shows the wallets; where a token hides them until the PIN is given, give the address too, with --wallet-address.",
            )
        }),
        _ => Ok(context.located()?.address),
    }
}

/// The address that is spoken for, with who signs for it where only that tells.
pub(crate) fn owner_and_signer(
    context: &Context,
    sessions: &mut TokenSessions,
) -> Result<(Address, Option<Signer>), Failure> {
    let is_file = context.wallet().is_none() && !context.secrets.wallet_key.is_set();
    let silent = match is_file {
        true => context.silent_wallet_file()?,
        false => None,
    };
    let Some(path) = silent else {
        return Ok((owner(context, sessions)?, None));
    };
    let wallet = match Signer::in_file(context, path)? {
        (
            Signer::Keystore {
                path,
                keystore,
                password,
            },
            _,
        ) => {
            let password = password.get(&path)?;
            keystore.unlock(&password)?
        }
        (signer, Some(address)) => return Ok((address, Some(signer))),
        (_, None) => return Ok((owner(context, sessions)?, None)),
    };
    let address = wallet.address();
    context.tell(format_args!("The wallet is that of {address}"));
    Ok((address, Some(Signer::Software(wallet))))
}

/// The place of the key that signs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum WalletSource {
    Token(Box<Uri>),
    Environment,
    File(PathBuf),
}

impl WalletSource {
    /// The one that is used.
    pub(crate) fn choose(context: &Context) -> Result<Self, Failure> {
        if let Some(uri) = context.wallet() {
            return Ok(Self::Token(Box::new(uri.clone())));
        }
        if context.secrets.wallet_key.is_set() {
            return Ok(Self::Environment);
        }
        if let Some(path) = context.silent_wallet_file()? {
            return Ok(Self::File(path));
        }
        let located = context.located()?;
        context.wallet_file_of(&located).map(Self::File)
    }
}

/// The wallet that signs; not asked for anything yet.
pub(crate) enum Signer {
    /// Somebody else has.
    Given(Signature),
    Token(Uri),
    Software(SoftwareWallet),
    Keystore {
        path: PathBuf,
        keystore: Keystore,
        password: Password,
    },
}

impl Signer {
    /// Finds who signs for `owner`. All that can be told without a PIN or password is checked.
    pub(crate) fn find(
        context: &Context,
        sessions: &mut TokenSessions,
        owner: &Address,
    ) -> Result<Self, Failure> {
        let source = WalletSource::choose(context)?;
        let (signer, address) = match source {
            WalletSource::Token(uri) => {
                context.say(|| format!("wallet {}", uri.identity()));
                let address = match sessions.wallet_address(context, &uri) {
                    Ok(address) => address,
                    Err(failure) if failure.code == Code::Wallet => return Err(failure),
                    // Which token it is shows when that of the result key is known.
                    Err(_) => None,
                };
                (Self::Token(*uri), address)
            }
            WalletSource::Environment => {
                context.say(|| format!("wallet in {WALLET_KEY}"));
                let wallet = context.environment_wallet()?;
                drop(context.secrets.wallet_key.take());
                let wallet = wallet.ok_or_else(|| Failure::new(Code::Wallet, "no wallet"))?;
                let address = Some(wallet.address());
                (Self::Software(wallet), address)
            }
            WalletSource::File(path) => Self::in_file(context, path)?,
        };
        if let Some(address) = address {
            agree(&address, owner)?;
        }
        Ok(signer)
    }

    fn in_file(context: &Context, path: PathBuf) -> Result<(Self, Option<Address>), Failure> {
        context.say(|| format!("wallet {}", path.shown()));
        let (key, exposed) = wallet_file::read(&path)?;
        if let Some(exposed) = exposed {
            context.warn(exposed);
        }
        Ok(match key {
            WalletFile::Plain(wallet) => {
                let address = wallet.address();
                (Self::Software(wallet), Some(address))
            }
            WalletFile::Encrypted(keystore) => {
                let address = keystore.address();
                let password = Password::find(context)?;
                let signer = Self::Keystore {
                    path,
                    keystore,
                    password,
                };
                (signer, address)
            }
        })
    }

    /// Refuses a signature made elsewhere that is not the owner's for this challenge.
    pub(crate) fn check(&self, challenge: &Web2Challenge<'_>) -> Result<(), Failure> {
        let Self::Given(signature) = self else {
            return Ok(());
        };
        let digest = eip191_digest(&challenge.challenge());
        match signature.recover(&digest) {
            Ok(address) if address == challenge.owner => Ok(()),
            _ => Err(Failure::new(
                Code::Wallet,
                format!(
                    "the signature is not that of {} for this key",
                    challenge.owner
                ),
            )
            .hint("Sign what --print-challenge prints now, as 32 bytes and not as text, with the wallet of that address.")),
        }
    }

    /// The signature of the challenge.
    pub(crate) fn sign(
        self,
        context: &Context,
        sessions: &mut TokenSessions,
        challenge: &Web2Challenge<'_>,
    ) -> Result<Authorization, Failure> {
        self.check(challenge)?;
        let signature = match self {
            Self::Given(signature) => signature,
            signer => signer.with_wallet(context, sessions, challenge.owner, |wallet| {
                Ok(wallet.sign_message32(&challenge.challenge())?)
            })?,
        };
        Ok(Authorization::new(signature.to_text())?)
    }

    /// Unlocks the wallet, which must be that of `owner`, and has it used.
    pub(crate) fn with_wallet<T>(
        self,
        context: &Context,
        sessions: &mut TokenSessions,
        owner: Address,
        work: impl FnOnce(&mut dyn Wallet) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let work = |wallet: &mut dyn Wallet| {
            agree(&wallet.address(), &owner)?;
            work(wallet)
        };
        match self {
            Self::Given(_) => Err(Failure::new(Code::Wallet, "there is no wallet that signs")),
            Self::Token(uri) => work(&mut sessions.wallet(context, &uri)?),
            Self::Software(mut wallet) => work(&mut wallet),
            Self::Keystore {
                path,
                keystore,
                password,
            } => {
                let password = password.get(&path)?;
                let wallet = keystore.unlock(&password);
                drop(password);
                work(&mut wallet?)
            }
        }
    }
}

fn agree(wallet: &Address, owner: &Address) -> Result<(), Failure> {
    if wallet == owner {
        return Ok(());
    }
    Err(Failure::new(
        Code::Wallet,
        format!("the wallet is that of {wallet}, and cannot sign for {owner}"),
    )
    .hint("Name the address's own wallet with --wallet or --wallet-file, or leave --wallet-address out; nothing was signed."))
}
