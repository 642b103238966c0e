//! What a worker process has: a module, a session, and the keys that it sees there.

use std::sync::Arc;
use std::thread;

use zeroize::Zeroizing;

use super::super::protocol::{
    Find, HeldKey, HeldWallet, Keys, LogIn, LoggedIn, ModuleFile, Place, Recorded, SignedBy,
    Standing, Unwrapped,
};
use crate::agent::wire::{self, Secret};
use crate::envelope::PublicKey;
use crate::token::{
    KeptPin, MissingPin, Module, Pin, PinError, PinRequest, PinSource, Remedy, ResultKey, Session,
    TokenError, TokenInfo, Uri, WalletKey,
};
use crate::wallet::signature::Signature;

/// The state of a worker.
#[derive(Default)]
pub(super) struct Held {
    module: Option<Arc<Module>>,
    token: Option<TokenInfo>,
    session: Option<Session>,
    keys: HeldKeys,
    kept: Option<KeptPin>,
}

/// The keys that this login can use. Their handles hold for it alone.
#[derive(Default)]
struct HeldKeys {
    result: Vec<ResultKey>,
    wallets: Vec<WalletKey>,
}

impl Held {
    /// Takes over what the program has found.
    pub(super) fn take(&mut self, module: Arc<Module>, token: TokenInfo) {
        self.module = Some(module);
        self.token = Some(token);
    }

    pub(super) fn load(&mut self, file: &ModuleFile) -> Result<(), TokenError> {
        let module = Module::load_with(file.path(), file.parameters.as_deref())?;
        self.module = Some(module);
        Ok(())
    }

    /// Finds the token, wherever it is plugged in now. When it is not there, the module is initialised anew, once, where
    /// that may be done; a few times where there are others.
    pub(super) fn find(&mut self, find: &Find) -> Result<TokenInfo, TokenError> {
        // A module that is restarted knows no session any more.
        self.session = None;
        let module = self.module()?;
        let wanted: Uri = find.wanted.parse().unwrap_or_default();
        let known = &find.known;
        let look = || {
            let in_slot = |it: &TokenInfo| it.slot_id() == known.slot_id();
            let tokens = module.tokens()?;
            module.choose(tokens, Some(&wanted), in_slot)
        };
        let mut found = look();
        if found.is_err() && find.may_restart {
            module.restart()?;
            found = look();
        }
        let mut pauses = Module::PAUSES_OF_LOOKS.into_iter();
        let token = loop {
            let is_beside_others = found.as_ref().is_err_and(TokenError::is_beside_others);
            let token = match found {
                // Some tokens change their label.
                Err(TokenError::NoToken { .. }) if known.is_there() => module.find_again(known),
                found => found,
            };
            match (token, pauses.next()) {
                (Err(_), Some(pause)) if is_beside_others => thread::sleep(pause),
                (token, _) => break token?,
            }
            module.restart()?;
            found = look();
        };
        self.token = Some(token.clone());
        Ok(token)
    }

    pub(super) fn log_in(&mut self, log_in: LogIn) -> LoggedIn {
        if let Some(module) = &self.module {
            module.wait_for_sessions(log_in.patience);
        }
        let pin = log_in.pin.map(|pin| Pin::new(pin.into_bytes()));
        let mut given = GivenPin {
            pin,
            final_try: log_in.final_try,
        };
        let result = self.open(&mut given, &log_in.recorded);
        let pin = given.pin.filter(|_| log_in.keep_pin && result.is_ok());
        self.kept = pin.as_ref().and_then(KeptPin::new);
        let session = self.session.as_ref();
        LoggedIn {
            needs_none: session.is_some_and(Session::needs_no_login),
            token: self.look().ok(),
            confinement: Vec::new(),
            result,
        }
    }

    fn open(&mut self, pins: &mut GivenPin, recorded: &Recorded) -> Result<Keys, TokenError> {
        self.session = None;
        let token = self.token.as_ref().ok_or_else(nothing)?;
        let mut session = Session::open_user(&self.module()?, token, pins)?;
        for (uri, public) in recorded {
            if let (Ok(uri), Ok(public)) = (uri.parse(), PublicKey::from_pem(public)) {
                session.know_recorded(&uri, &public);
            }
        }
        self.session = Some(session);
        // One that cannot be read from is of no use.
        self.read_keys().inspect_err(|_| self.session = None)
    }

    pub(super) fn look(&self) -> Result<TokenInfo, TokenError> {
        let token = self.token.as_ref().ok_or_else(nothing)?;
        self.module()?.refresh(token)
    }

    /// Reads the keys anew: one may have been made since.
    pub(super) fn read_keys(&mut self) -> Result<Keys, TokenError> {
        let session = self.session.as_ref().ok_or_else(nothing)?;
        let result = session.private_keys()?;
        let mut wallets = session.wallet_keys()?;
        wallets.retain(WalletKey::has_private);
        let keys = HeldKeys { result, wallets };
        let told = told(session, &keys)?;
        self.keys = keys;
        Ok(told)
    }

    pub(super) fn unwrap(
        &mut self,
        standing: Standing,
        place: &Place,
        unwrap: &wire::Unwrap,
    ) -> Result<Unwrapped, TokenError> {
        let mut pins = self.stand(standing)?;
        let session = self.session.as_mut().ok_or_else(nothing)?;
        let mut keys = self.keys.result.iter();
        let key = keys.find(|it| it.id == place.id && it.label == place.label);
        let key = key.ok_or_else(gone)?;
        let bytes = session.decrypt(key, unwrap.scheme, &unwrap.wrapped_key, &mut pins)?;
        Ok(Unwrapped {
            bytes: bytes.map(Secret::new),
            // Asked after a success, too, so that both take the same time.
            silent: session.answers().err(),
        })
    }

    pub(super) fn sign(
        &mut self,
        standing: Standing,
        owner: &str,
        digest: &[u8; 32],
    ) -> Result<SignedBy, TokenError> {
        let mut pins = self.stand(standing)?;
        let session = self.session.as_mut().ok_or_else(nothing)?;
        let mut keys = self.keys.wallets.iter();
        let Some(key) = keys.find(|key| key.address().to_string() == owner) else {
            return Ok(SignedBy::Nobody);
        };
        let numbers = session.sign(key, digest, &mut pins)?;
        let signature = Signature::of_key(&numbers, digest, &key.public);
        Ok(match signature {
            Some(signature) => {
                let text = Zeroizing::new(signature.to_string().into_bytes());
                SignedBy::Wallet(Secret::new(text))
            }
            None => SignedBy::Wrongly,
        })
    }

    pub(super) fn keep_alive(
        &mut self,
        standing: Standing,
        proves: bool,
    ) -> Result<(), TokenError> {
        self.stand(standing)?;
        let session = self.session.as_mut().ok_or_else(nothing)?;
        session.is_logged_in()?;
        if proves {
            session.prove_device(&self.keys.result)?;
        }
        Ok(())
    }

    pub(super) fn renew(&mut self) -> Result<(), TokenError> {
        self.session.as_mut().ok_or_else(nothing)?.renew()
    }

    pub(super) fn log_in_again(&mut self, standing: Standing) -> Result<Keys, TokenError> {
        let mut pins = self.stand(standing)?;
        let session = self.session.as_mut().ok_or_else(nothing)?;
        session.log_in_again(&mut pins)?;
        self.read_keys()
    }

    /// Between two requests, so that the next one takes no longer because this one failed.
    pub(super) fn mend(&mut self) {
        if let Some(session) = &mut self.session {
            // What fails now fails again, and is told, when the session is used.
            let _ = session.mend();
        }
    }

    /// Logs out, closes the session and finalises the module.
    pub(super) fn end(&mut self) {
        self.kept = None;
        if let Some(session) = self.session.take() {
            // Closing the last session does so, too.
            let _ = session.log_out();
        }
        if let Some(module) = self.module.take() {
            module.finalise();
        }
    }

    fn module(&self) -> Result<Arc<Module>, TokenError> {
        self.module.clone().ok_or_else(nothing)
    }

    /// Takes over what has changed, and returns the PIN for one use, as a source.
    fn stand(&mut self, standing: Standing) -> Result<KeptPinSource, TokenError> {
        if !standing.keeps_pin {
            self.kept = None;
        }
        if standing.keys_changed {
            self.read_keys()?;
        }
        Ok(KeptPinSource(self.kept.as_ref().map(KeptPin::get)))
    }
}

/// The public facts of keys.
fn told(session: &Session, keys: &HeldKeys) -> Result<Keys, TokenError> {
    let token = session.token();
    let result = keys.result.iter().map(|key| {
        let public_key = key.public.to_pem();
        Ok(HeldKey {
            uri: key.uri(token).to_string(),
            id: key.id.clone(),
            label: key.label.clone(),
            bits: key.public.bits(),
            public_key: public_key.map_err(|error| TokenError::NotSupported {
                what: error.to_string(),
                remedy: Remedy::Documentation,
            })?,
            always_authenticate: key.always_authenticate,
            allowed_mechanisms: key.allowed_mechanisms(),
            facts: session.facts(key),
        })
    });
    let wallets = keys.wallets.iter().map(|key| HeldWallet {
        uri: key.uri(token).to_string(),
        label: key.label.clone(),
        address: key.address().to_string(),
        always_authenticate: key.always_authenticate,
    });
    Ok(Keys {
        result: result.collect::<Result<_, TokenError>>()?,
        wallets: wallets.collect(),
    })
}

/// The front asks for what comes later.
fn nothing() -> TokenError {
    TokenError::device("a worker process", "nothing: it has no session")
}

/// The key went away since it was chosen.
fn gone() -> TokenError {
    TokenError::NoKey {
        label: String::new(),
        wanted: "it any more".into(),
        present: vec![],
        login_required: true,
        recorded: None,
    }
}

/// The PIN that is kept, if any, as a source.
struct KeptPinSource(Option<Pin>);

impl PinSource for KeptPinSource {
    fn pin(&mut self, request: &PinRequest<'_>) -> Result<Pin, PinError> {
        self.0.clone().ok_or_else(|| PinError::NobodyToAsk {
            token: request.token.label.clone(),
            missing: MissingPin::NotKept,
        })
    }

    fn is_given(&self, _: &PinRequest<'_>) -> bool {
        self.0.is_some()
    }

    /// Nobody can be asked.
    fn allow_final_try(&mut self, _: &TokenInfo) -> bool {
        false
    }
}

/// The one PIN that came with a request to log in.
struct GivenPin {
    pin: Option<Pin>,
    final_try: bool,
}

impl PinSource for GivenPin {
    fn pin(&mut self, request: &PinRequest<'_>) -> Result<Pin, PinError> {
        self.pin.clone().ok_or_else(|| PinError::NobodyToAsk {
            token: request.token.label.clone(),
            missing: MissingPin::NotSent,
        })
    }

    fn is_given(&self, _: &PinRequest<'_>) -> bool {
        self.pin.is_some()
    }

    fn allow_final_try(&mut self, _: &TokenInfo) -> bool {
        self.final_try
    }
}
