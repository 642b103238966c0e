use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{AgentClient, ClientError, Waits};
use crate::agent::wire::{self, Code, Key, Refusal};
use crate::archive::{Scheme, WrappedKey};
use crate::envelope::{Candidate, KeyName, Proof, PublicKey, Steadiness, Unwrap};

/// The result keys of an unlocked agent, as the holder that opens archives.
pub struct AgentKeys {
    client: AgentClient,
    keys: Vec<(Key, PublicKey)>,
    waits: Waits,
    steadiness: Steadiness,
}

impl AgentKeys {
    /// Holds `keys`, the likeliest first. One whose public key cannot be read is left out.
    pub fn new(client: AgentClient, keys: Vec<Key>) -> Self {
        let keys = keys.into_iter().filter_map(|key| {
            let public = PublicKey::from_pem(&key.public_key).ok()?;
            Some((key, public))
        });
        Self {
            client,
            keys: keys.collect(),
            waits: Waits::default(),
            steadiness: Steadiness::default(),
        }
    }

    /// Sets how long an agent is waited for that is gone, or brings its device back.
    #[must_use]
    pub fn with_waits(mut self, waits: Waits) -> Self {
        self.waits = waits;
        self
    }

    /// Shares what is known of the token with others who use it.
    #[must_use]
    pub fn with_steadiness(mut self, steadiness: Steadiness) -> Self {
        self.steadiness = steadiness;
        self
    }

    fn ask(
        &mut self,
        key: &str,
        scheme: Scheme,
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, ClientError> {
        let request = wire::Unwrap {
            key: key.to_owned(),
            scheme,
            wrapped_key: ciphertext.to_vec(),
        };
        let answer = self
            .waits
            .patiently(&mut self.client, |client| client.unwrap(&request))?;
        Ok(answer.content_key.into_bytes())
    }
}

impl Unwrap for AgentKeys {
    type Error = ClientError;

    fn candidates(&mut self, modulus_len: usize) -> Result<Vec<Candidate>, ClientError> {
        let fitting = self
            .keys
            .iter()
            .filter(|(key, public)| key.usable && public.modulus_len() == modulus_len);
        Ok(fitting
            .map(|(key, _)| Candidate {
                name: KeyName {
                    uri: key.key.clone(),
                    label: key.label.clone(),
                },
                may_repeat: true,
            })
            .collect())
    }

    /// Always `Some`: the agent has a random key for a ciphertext that is bad.
    fn unwrap(
        &mut self,
        key: &KeyName,
        wrapped: &WrappedKey,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, ClientError> {
        let content_key = self.ask(&key.uri, wrapped.scheme(), wrapped.ciphertext())?;
        Ok(Some(match wrapped.scheme() {
            // In these the content key is wrapped as base64.
            Scheme::LegacyEcb => Zeroizing::new(STANDARD.encode(&*content_key).into_bytes()),
            Scheme::Current | Scheme::Guide2019 => content_key,
        }))
    }

    fn is_of_key(error: &ClientError) -> bool {
        matches!(error, ClientError::Refused(refusal) if refusal.code == Code::NotSupported)
    }

    fn steadiness(&self) -> Steadiness {
        self.steadiness.clone()
    }

    fn prove(&mut self, keys: &[Candidate]) -> Result<Proof<ClientError>, ClientError> {
        for Candidate { name, .. } in keys {
            let Some((key, public)) = self.keys.iter().find(|it| it.0.key == name.uri) else {
                continue;
            };
            let scheme = scheme_of_trial(key);
            let mut secret = Zeroizing::new([0; 32]);
            let wrapped = getrandom::fill(secret.as_mut_slice())
                .map_err(|error| error.to_string())
                .and_then(|()| {
                    let wrapped = public.wrap(scheme, secret.as_slice());
                    wrapped.map_err(|error| error.to_string())
                })
                .map_err(|error| ClientError::Refused(Refusal::new(Code::Failed, error)))?;
            // The device may fail once in a while.
            for attempt in 1..=2 {
                let back = match self.ask(&name.uri, scheme, &wrapped) {
                    // Other keys may be used.
                    Err(error) if Self::is_of_key(&error) => break,
                    back => back?,
                };
                match back.as_slice() == secret.as_slice() {
                    true if attempt > 1 && !self.steadiness.doubt() => {
                        return Ok(Proof::Recovered(ClientError::Refused(device_failed())));
                    }
                    true => break,
                    false if attempt > 1 => return Err(ClientError::Refused(device_failed())),
                    false => {}
                }
            }
        }
        Ok(Proof::Works)
    }
}

/// The scheme that a trial of the key takes: the one of today, unless the key may not.
fn scheme_of_trial(key: &Key) -> Scheme {
    let allowed = &key.allowed_mechanisms;
    let may = |name: &str| allowed.is_empty() || allowed.iter().any(|it| it == name);
    match may("CKM_RSA_PKCS") {
        false if may("CKM_RSA_PKCS_OAEP") => Scheme::Guide2019,
        _ => Scheme::Current,
    }
}

fn device_failed() -> Refusal {
    Refusal::new(
        Code::DeviceFailed,
        "the agent's token does not decrypt a test value",
    )
    .hint("Check that the token is plugged in and its service runs, then try again.")
}
