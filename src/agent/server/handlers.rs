//! The answer to each request.

use std::sync::Arc;
use std::time::Instant;

use hyper::StatusCode;

use super::Server;
use super::confirm::Wanted;
use super::error::AgentError;
use super::login::Login;
use super::peer::Peer;
use super::workers::HeldKey;
use crate::agent::wire::{self, Keys, Secret, State, Status};
use crate::envelope::ContentKey;
use crate::sms::challenge::Web2Challenge;
use crate::text::hex::hex;
use crate::token::Pin;
use crate::wallet::address::Address;

impl Server {
    pub(super) async fn keys(&self) -> Result<Keys, AgentError> {
        let mut keys = Keys {
            state: self.agent.status().state,
            keys: vec![],
            wallets: vec![],
        };
        if matches!(keys.state, State::Locked | State::Unlocking) {
            return Ok(keys);
        }
        let login = self.agent.login()?;
        self.agent.ask(|worker| worker.read_keys()).await??;
        let (read, keeps_pin) = (login.keys(), login.keeps_pin());
        for key in &read.result {
            keys.keys.push(wire::Key {
                key: key.uri.clone(),
                label: key.label.clone(),
                bits: key.bits,
                public_key: key.public_key.clone(),
                usable: keeps_pin || !key.always_authenticate,
                always_authenticate: key.always_authenticate,
                allowed_mechanisms: key.allowed_mechanisms.clone(),
                facts: key.facts,
            });
        }
        for key in &read.wallets {
            keys.wallets.push(wire::WalletKey {
                wallet: key.uri.clone(),
                label: key.label.clone(),
                address: key.address.clone(),
                usable: keeps_pin || !key.always_authenticate,
            });
        }
        Ok(keys)
    }

    /// `chosen` is told the key's URI as soon as it is known.
    pub(super) async fn unwrap(
        &self,
        peer: &Peer,
        request: wire::Unwrap,
        chosen: &mut Option<String>,
    ) -> Result<(wire::Unwrapped, bool), AgentError> {
        let login = self.agent.login()?;
        let key = self.choose(&login, &request.key).await?;
        *chosen = Some(key.uri.clone());
        let (len, modulus_len) = (request.wrapped_key.len(), key.modulus_len());
        if len != modulus_len {
            let message =
                format!("`wrappedKey` has {len} bytes, and one for this key has {modulus_len}");
            return Err(AgentError::request(StatusCode::BAD_REQUEST, message));
        }
        may_be_used(&login, key.always_authenticate)?;
        let wait = self.back_off.wait(peer.pid, Instant::now());
        if !wait.is_zero() {
            return Err(AgentError::BackingOff(wait));
        }
        let scheme = request.scheme;
        let wanted = Wanted::Unwrap {
            scheme: scheme.as_str(),
            ciphertext: &request.wrapped_key,
        };
        self.confirmed(peer, &key.uri, wanted).await?;
        // Made for every request, so that a failure takes the path of a success.
        let invented =
            self.invented
                .content_key(&key.public_key, modulus_len, scheme, &request.wrapped_key);
        let ask = self.agent.ask(move |worker| worker.unwrap(&key, &request));
        let unwrapped = ask.await??;
        let found = unwrapped.and_then(|bytes| ContentKey::from_unwrapped(scheme, bytes));
        let failed = found.is_none();
        self.back_off.note(peer.pid, failed, Instant::now());
        let content_key = Secret::new(found.unwrap_or(invented).into_bytes());
        Ok((wire::Unwrapped { content_key }, failed))
    }

    /// The key that is named; the token is asked again when none is known by that name.
    async fn choose(&self, login: &Arc<Login>, wanted: &str) -> Result<HeldKey, AgentError> {
        if let Ok(chosen) = login.choose(wanted) {
            return Ok(chosen);
        }
        self.agent.ask(|worker| worker.read_keys()).await??;
        Ok(login.choose(wanted)?)
    }

    pub(super) async fn unlock(&self, request: wire::Unlock) -> Result<Status, AgentError> {
        let pin = request.pin.map(|pin| Pin::new(pin.into_bytes()));
        self.agent.unlock(pin, request.final_try).await?;
        Ok(self.agent.status())
    }

    pub(super) async fn lock(&self) -> Status {
        self.agent.lock_by_hand("somebody locked it");
        let agent = self.agent.clone();
        // The answer says how it is, whether the workers have ended by then or not.
        let _ = tokio::task::spawn_blocking(move || agent.workers_have_ended()).await;
        self.agent.status()
    }

    pub(super) fn stop(&self) -> Status {
        self.stopping.send_replace(true);
        self.agent.status()
    }

    pub(super) async fn sign(
        &self,
        peer: &Peer,
        request: wire::SignSmsChallenge,
        chosen: &mut Option<String>,
    ) -> Result<wire::SignedSmsChallenge, AgentError> {
        let owner: Address = request.owner.parse().map_err(|_| {
            AgentError::request(
                StatusCode::BAD_REQUEST,
                "`owner` is not an Ethereum address",
            )
        })?;
        *chosen = Some(owner.to_string());
        let login = self.agent.login()?;
        if login.keys().wallet(&owner).is_none() {
            self.agent.ask(|worker| worker.read_keys()).await??;
        }
        let keys = login.keys();
        let key = keys.wallet(&owner).ok_or(AgentError::NoWallet(owner))?;
        may_be_used(&login, key.always_authenticate)?;
        let challenge = Web2Challenge {
            owner,
            name: &request.name,
            value: &request.value,
        };
        let message = format!("0x{}", hex(&challenge.challenge()));
        let wanted = Wanted::Sign {
            owner: &owner,
            secret: &request.name,
            challenge: &message,
        };
        self.confirmed(peer, &owner.to_string(), wanted).await?;
        let ask = self.agent.ask(move |worker| {
            worker.sign(&Web2Challenge {
                owner,
                name: &request.name,
                value: &request.value,
            })
        });
        let signature = ask.await??.ok_or(AgentError::NoWallet(owner))?;
        Ok(wire::SignedSmsChallenge {
            owner: owner.to_string(),
            challenge: message,
            signature: signature.to_string(),
        })
    }
}

fn may_be_used(login: &Login, always_authenticate: bool) -> Result<(), AgentError> {
    if !always_authenticate || login.keeps_pin() {
        return Ok(());
    }
    Err(AgentError::PinNotKept)
}
