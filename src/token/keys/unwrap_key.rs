//! Keys that may unwrap and not decrypt: the content key becomes an object of the session, is read,
//! and is destroyed again.

use cryptoki::error::RvError;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass};
use cryptoki_sys::CK_OBJECT_HANDLE;
use zeroize::Zeroizing;

use crate::archive::Scheme;
use crate::token::raw::CallError;
use crate::token::{Remedy, Session, TokenError};

impl Session {
    /// Does one private-key operation by `C_UnwrapKey`. `None` is a bad ciphertext, as for
    /// [`Self::decrypt`], or a content key that the token does not show.
    ///
    /// # Errors
    /// When the token does not unwrap with this key at all.
    pub(in crate::token) fn decrypt_by_unwrapping(
        &mut self,
        scheme: Scheme,
        key: CK_OBJECT_HANDLE,
        ciphertext: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, TokenError> {
        let object = match self.unwrap_to_object(scheme, key, ciphertext) {
            Ok(object) => object,
            Err(error) if is_no_bad_ciphertext(&error) => return Err(self.does_not_unwrap(&error)),
            Err(_) => return Ok(None),
        };
        let value = self.raw.attribute(object, AttributeType::Value);
        let value = value.ok().flatten().map(Zeroizing::new);
        self.unreadable = value.is_none();
        // It ends with the session, whatever this says.
        let _ = self.raw.destroy(object);
        Ok(value)
    }

    fn unwrap_to_object(
        &self,
        scheme: Scheme,
        key: CK_OBJECT_HANDLE,
        ciphertext: &[u8],
    ) -> Result<CK_OBJECT_HANDLE, CallError> {
        let mechanism = super::decrypt::mechanism(scheme);
        let unwrap = |form| {
            self.raw
                .unwrap_key(&mechanism, key, ciphertext, &template(form))
        };
        let [first, others @ ..] = FORMS;
        others
            .into_iter()
            .fold(unwrap(first), |unwrapped, form| match unwrapped {
                Err(error) if error.is_about_template() => unwrap(form),
                unwrapped => unwrapped,
            })
    }

    fn does_not_unwrap(&self, error: &CallError) -> TokenError {
        TokenError::NotSupported {
            what: format!(
                "the key may not decrypt, and the token {:?} does not unwrap with it: {error}",
                self.token.name()
            ),
            remedy: Remedy::DecryptKeyMade,
        }
    }
}

/// A kind of key, and whether it is sensitive.
const FORMS: [(KeyType, bool); 3] = [
    (KeyType::GENERIC_SECRET, false),
    (KeyType::AES, false),
    // One module takes nothing else, and shows the value all the same.
    (KeyType::AES, true),
];

fn template((kind, sensitive): (KeyType, bool)) -> Vec<Attribute> {
    vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(kind),
        Attribute::Token(false),
        Attribute::Sensitive(sensitive),
        Attribute::Extractable(!sensitive),
    ]
}

/// Whether no ciphertext has a part in the failure.
fn is_no_bad_ciphertext(error: &CallError) -> bool {
    error.is_about_template()
        || matches!(
            error.rv,
            RvError::MechanismInvalid
                | RvError::MechanismParamInvalid
                | RvError::KeyFunctionNotPermitted
                | RvError::FunctionNotSupported
                | RvError::UnwrappingKeyTypeInconsistent
        )
}
