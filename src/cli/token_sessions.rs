//! The tokens that publishing needs: that of the result key, and that of a wallet, which may be
//! the same one. Each is logged in to once.

use std::sync::Arc;

use super::context::Context;
use super::key_records::KeyRecords;
use super::locating::{Located, shows_wallet};
use super::pins::Pins;
use super::taken_pin::TakenPin;
use super::ui::failure::Failure;
use crate::token::{Module, PinSource as _, Session, Uri, WalletKey};
use crate::wallet::address::Address;
use crate::wallet::on_token::{TokenWallet, choose};
use crate::wallet::sign::WalletError;

/// The modules and the logged-in session, once they are needed.
pub(crate) struct TokenSessions {
    modules: Vec<Arc<Module>>,
    pins: Pins,
    /// The session with the result key's token.
    session: Option<Session>,
    /// Whether a later part of the command logs in again.
    keeps_pin: bool,
}

impl TokenSessions {
    pub(crate) fn new(context: &Context) -> Result<Self, Failure> {
        Ok(Self {
            modules: Vec::new(),
            pins: context.pins()?,
            session: None,
            keeps_pin: false,
        })
    }

    /// Keeps the PIN of the wallet's token, once that has taken it, for a later part of the command.
    pub(crate) fn keep_pin(&mut self) {
        self.keeps_pin = true;
    }

    /// A logged-in session of the token that the result key is on.
    pub(crate) fn log_in(
        &mut self,
        context: &Context,
        recorded: &KeyRecords,
    ) -> Result<&mut Session, Failure> {
        let (module, token) = context.locate_among(&self.modules, recorded)?;
        self.keep(&module);
        let wallet = context.wallet().filter(|uri| token.fits(uri));
        if let (None, Some(uri)) = (&self.pins.file, wallet) {
            self.pins.file = uri.pin_file()?;
        }
        let session = Session::open_user(&module, &token, &mut self.pins)?;
        if context.wallet().is_none() {
            self.pins.forget();
        }
        Ok(self.session.insert(session))
    }

    /// The address of the wallet that `uri` names, found without a PIN; unknown where the token
    /// shows no public keys before a login.
    pub(crate) fn wallet_address(
        &mut self,
        context: &Context,
        uri: &Uri,
    ) -> Result<Option<Address>, Failure> {
        let (module, token) = self.wallet_token(context, uri)?;
        let keys = Session::open(&module, &token)?.wallet_keys()?;
        match choose(&token, keys, Some(uri)) {
            Ok(key) => Ok(Some(key.address())),
            Err(WalletError::NotOnToken { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The wallet that `uri` names, ready to sign. Where it is on the result key's token there is
    /// no second login.
    pub(crate) fn wallet(
        &mut self,
        context: &Context,
        uri: &Uri,
    ) -> Result<TokenWallet<'_>, Failure> {
        let (module, token) = self.wallet_token(context, uri)?;
        let session = match self.session.take() {
            Some(session) if session.is_on(&module, &token) => session,
            result => {
                if result.is_some() {
                    // The PIN of one token costs an attempt when another gets it.
                    self.pins = self.pins.for_other_token(uri.pin_file()?);
                } else if self.pins.file.is_none() {
                    self.pins.file = uri.pin_file()?;
                }
                let (session, pin) = Session::log_in(&module, &token, &mut self.pins)?;
                if self.keeps_pin {
                    let taken = pin.and_then(|pin| TakenPin::new(session.token(), pin));
                    context.secrets.taken_pin.put(taken);
                }
                session
            }
        };
        let keys = session.wallet_keys()?;
        let keys = keys.into_iter().filter(WalletKey::has_private).collect();
        let key = choose(&token, keys, Some(uri))?;
        Ok(TokenWallet::new(session, key, &mut self.pins))
    }

    /// The token of the wallet that `uri` names: that of the result key, or the one that `--token`
    /// names, where it fits; else it is looked for.
    fn wallet_token(&mut self, context: &Context, uri: &Uri) -> Result<Located, Failure> {
        if let Some(session) = &self.session
            && session.token().fits(uri)
            && (uri.names_token() || shows_wallet(session.token(), session.wallet_keys()?, uri))
        {
            return Ok((session.module().clone(), session.token().clone()));
        }
        let found = match &context.settings.token {
            Some(named) => context
                .locate_wallet(&self.modules, named)
                .ok()
                .filter(|(_, token)| token.fits(uri)),
            _ => None,
        };
        let found = found.map_or_else(|| context.locate_wallet(&self.modules, uri), Ok)?;
        self.keep(&found.0);
        Ok(found)
    }

    /// Keeps a module loaded for what is looked for next.
    fn keep(&mut self, module: &Arc<Module>) {
        if !self.modules.iter().any(|known| Arc::ptr_eq(known, module)) {
            self.modules.push(module.clone());
        }
    }
}
