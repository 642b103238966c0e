use std::sync::Arc;

use cryptoki::object::{Attribute, KeyType, ObjectClass};
use zeroize::Zeroize as _;

use crate::token::keys::fresh_key::FreshKey;
use crate::token::keys::generate::private_template;
use crate::token::keys::software_key::SoftwareKey;
use crate::token::session::open::Mode;
use crate::token::{Module, NewKey, PinSource, Remedy, ResultKey, Session, TokenError, TokenInfo};

/// Brings `key` onto `token`, sensitive and not extractable, checks it as a freshly made one is
/// checked, and returns it.
///
/// # Errors
/// [`TokenError::NotSupported`] when the token takes no keys from outside; login and device errors.
pub fn import(
    module: &Arc<Module>,
    token: &TokenInfo,
    key: &SoftwareKey,
    new: &NewKey,
    pins: &mut dyn PinSource,
) -> Result<(Session, ResultKey), TokenError> {
    let mut session = Session::open_as(module, token, Mode::Write)?;
    let pin = session.login(pins)?;
    let id = session.free_id(new.id.as_deref())?;
    session.create(key, &id, &new.label)?;
    drop(session);
    let fresh = FreshKey {
        module,
        token,
        id: &id,
        shown_id: None,
        label: &new.label,
    };
    fresh.result_key(key.bits(), pin.as_ref(), pins)
}

impl Session {
    fn create(&self, key: &SoftwareKey, id: &[u8], label: &str) -> Result<(), TokenError> {
        let invalid = || not_supported(&self.token.label, "the key has no CRT components");
        let mut private = key.components().ok_or_else(invalid)?;
        let public: Vec<Attribute> = private[..2].to_vec();
        private.extend(private_template(id));
        private.extend([
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::KeyType(KeyType::RSA),
            Attribute::Extractable(false),
            Attribute::Label(label.as_bytes().to_vec()),
        ]);
        let created = self.raw.create(&private);
        private.iter_mut().for_each(wipe);
        let handle = created.map_err(|error| {
            let needed = self.needed_all_the_same(&error);
            needed.unwrap_or_else(|| not_supported(&self.token.label, &error.to_string()))
        })?;
        self.deny_other_uses(handle);
        let mut template = public;
        template.extend([
            Attribute::Class(ObjectClass::PUBLIC_KEY),
            Attribute::KeyType(KeyType::RSA),
            Attribute::Token(true),
            Attribute::Encrypt(true),
            Attribute::Id(id.to_vec()),
            Attribute::Label(label.as_bytes().to_vec()),
        ]);
        // The private object shows the modulus too: a token that keeps no public objects will do.
        let _ = self.raw.create(&template);
        Ok(())
    }
}

/// Wipes the private components, which `cryptoki` keeps in plain vectors.
fn wipe(attribute: &mut Attribute) {
    if let Attribute::PrivateExponent(it)
    | Attribute::Prime1(it)
    | Attribute::Prime2(it)
    | Attribute::Exponent1(it)
    | Attribute::Exponent2(it)
    | Attribute::Coefficient(it) = attribute
    {
        it.zeroize();
    }
}

fn not_supported(label: &str, reason: &str) -> TokenError {
    TokenError::NotSupported {
        what: format!("the token {label:?} did not take the key: {reason}"),
        remedy: Remedy::MakeKey,
    }
}

#[cfg(test)]
mod tests;
