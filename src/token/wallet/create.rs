use std::sync::Arc;

use cryptoki::error::RvError;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass};
use cryptoki_sys::CK_OBJECT_HANDLE;
use k256::ecdsa::Signature;
use k256::ecdsa::signature::hazmat::PrehashVerifier as _;

use super::{SECP256K1, WalletKey};
use crate::text::hex::hex;
use crate::token::keys::fresh_key::FreshKey;
use crate::token::keys::generate::Form;
use crate::token::raw::CallError;
use crate::token::session::open::{Mode, no_private_key};
use crate::token::{Module, PinSource, Remedy, Session, TokenError, TokenInfo};

/// Makes a wallet on `token` that can only sign, with `label` (ASCII, at most 40 bytes) and `id`
/// (a free one of two bytes when `None`). It is returned only when it is as it should be: found
/// anew after a restart of the module, sensitive and not extractable, and able to sign. One that
/// is not is removed again.
///
/// # Errors
/// [`TokenError::NotSupported`] when the token cannot make such a key; login and device errors.
pub fn create_wallet(
    module: &Arc<Module>,
    token: &TokenInfo,
    label: &str,
    id: Option<&[u8]>,
    pins: &mut dyn PinSource,
) -> Result<(Session, WalletKey), TokenError> {
    let mut session = Session::open_as(module, token, Mode::Write)?;
    let pin = session.login(pins)?;
    let id = session.free_id(id)?;
    let private = session.make_wallet(label, &id)?;
    session.deny_uses(
        private,
        [
            (AttributeType::Derive, Attribute::Derive(false)),
            (AttributeType::Decrypt, Attribute::Decrypt(false)),
            (AttributeType::Unwrap, Attribute::Unwrap(false)),
            (AttributeType::SignRecover, Attribute::SignRecover(false)),
        ],
    );
    drop(session);
    let fresh = FreshKey {
        module,
        token,
        id: &id,
        shown_id: None,
        label,
    };
    let remedy = || Remedy::DeleteWallet(fresh.uri().to_string());
    let mut session = fresh
        .log_in_again(pin.as_ref(), pins)
        .map_err(|cause| fresh.left(cause, remedy()))?;
    match session.checked_wallet(&id, pins) {
        Ok(key) => Ok((session, key)),
        Err(cause) => Err(fresh.removed(session.destroy_wallet(&id), cause, remedy())),
    }
}

impl Session {
    fn make_wallet(&self, label: &str, id: &[u8]) -> Result<CK_OBJECT_HANDLE, TokenError> {
        self.generate_pair(&Mechanism::EccKeyPairGen, |form| templates(form, label, id))
            .map_err(|error| {
                let needed = self.needed_all_the_same(&error);
                needed.unwrap_or_else(|| cannot_make(&self.token.label, error))
            })
    }

    /// The new wallet with `id`, which was free before.
    fn checked_wallet(
        &mut self,
        id: &[u8],
        pins: &mut dyn PinSource,
    ) -> Result<WalletKey, TokenError> {
        let not_supported = |what: String| TokenError::NotSupported {
            what,
            remedy: Remedy::OtherWallet,
        };
        let key = self
            .wallet_keys()?
            .into_iter()
            .find(|key| key.has_private() && key.id == id)
            .ok_or_else(|| {
                let id = hex(id);
                not_supported(format!(
                    "the token shows no whole key pair with the new wallet's id {id}"
                ))
            })?;
        if !self.wallet_facts(&key).stays_on_token() {
            return Err(not_supported(
                "the token does not say that the new wallet's key is sensitive and not extractable"
                    .into(),
            ));
        }
        self.prove_wallet(&key, pins)
            .map_err(|error| not_supported(format!("the new wallet does not sign: {error}")))?;
        Ok(key)
    }

    /// Proves that `key` signs, and that its public and private key belong together.
    fn prove_wallet(
        &mut self,
        key: &WalletKey,
        pins: &mut dyn PinSource,
    ) -> Result<(), TokenError> {
        let mut digest = [0; 32];
        getrandom::fill(&mut digest).map_err(|error| TokenError::device("getrandom", error))?;
        let numbers = self.sign(key, &digest, pins)?;
        Signature::from_slice(numbers.as_slice())
            .and_then(|signature| key.public.verify_prehash(&digest, &signature.normalize_s()))
            .map_err(|_| TokenError::device("C_Sign", "no signature of the public key"))
    }

    fn destroy_wallet(&self, id: &[u8]) -> Result<(), TokenError> {
        // This one may be for reading only since a failure.
        let session = Self::open_as(&self.module, &self.token, Mode::Write)?;
        let find = |class| session.find_keys(KeyType::EC, class, Some(id));
        let (private, public) = (
            find(ObjectClass::PRIVATE_KEY)?,
            find(ObjectClass::PUBLIC_KEY)?,
        );
        if private.is_empty() {
            return Err(no_private_key());
        }
        for handle in private.into_iter().chain(public) {
            session.raw.destroy(handle)?;
        }
        Ok(())
    }
}

/// Public and private template: only what every token takes, and no use but signing.
fn templates(form: Form, label: &str, id: &[u8]) -> (Vec<Attribute>, Vec<Attribute>) {
    let mut public = vec![
        Attribute::Token(true),
        Attribute::Verify(true),
        Attribute::EcParams(SECP256K1.to_vec()),
        Attribute::Id(id.to_vec()),
    ];
    let mut private = vec![
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Sign(true),
        Attribute::Id(id.to_vec()),
    ];
    if form.not_extractable {
        private.push(Attribute::Extractable(false));
    }
    if form.label {
        public.push(Attribute::Label(label.as_bytes().to_vec()));
        private.push(Attribute::Label(label.as_bytes().to_vec()));
    }
    (public, private)
}

/// Tokens without the curve say so in many ways.
fn cannot_make(label: &str, error: CallError) -> TokenError {
    let what = match error.rv {
        RvError::DeviceRemoved | RvError::TokenNotPresent => return error.into(),
        RvError::CurveNotSupported
        | RvError::DomainParamsInvalid
        | RvError::AttributeValueInvalid
        | RvError::FunctionNotSupported
        | RvError::MechanismInvalid
        | RvError::GeneralError => "makes no wallets, as it seems not to have the curve secp256k1",
        _ => "did not make the wallet",
    };
    TokenError::NotSupported {
        what: format!("the token {label:?} {what}: {error}"),
        remedy: Remedy::OtherWallet,
    }
}

#[cfg(test)]
#[allow(clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn a_token_without_the_curve_is_named_with_what_else_to_use() {
        for rv in [
            RvError::CurveNotSupported,
            RvError::DomainParamsInvalid,
            RvError::AttributeValueInvalid,
            RvError::FunctionNotSupported,
            RvError::MechanismInvalid,
            RvError::GeneralError,
        ] {
            let error = CallError {
                call: "C_GenerateKeyPair",
                rv,
            };
            let TokenError::NotSupported { what, remedy } = cannot_make("card", error) else {
                panic!("{rv:?}");
            };
            assert!(what.contains("secp256k1") && what.contains(&error.to_string()));
            assert_eq!(remedy, Remedy::OtherWallet);
        }
        let gone = CallError {
            call: "C_GenerateKeyPair",
            rv: RvError::DeviceRemoved,
        };
        assert!(matches!(
            cannot_make("card", gone),
            TokenError::Device { .. }
        ));
    }
}
