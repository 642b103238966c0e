use std::sync::Arc;

use cryptoki::error::RvError;
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, ObjectClass};
use cryptoki_sys::CK_OBJECT_HANDLE;

use crate::text::hex::hex;
use crate::token::keys::attributes::{bytes, flag};
use crate::token::keys::fresh_key::FreshKey;
use crate::token::keys::result_key::EXPONENT;
use crate::token::raw::CallError;
use crate::token::session::open::Mode;
use crate::token::{Module, PinSource, Remedy, ResultKey, Session, TokenError, TokenInfo};

/// Modulus sizes of result keys, in bits, the best first.
pub const SIZES: [usize; 3] = [4096, 3072, 2048];

/// A key pair to be made or imported.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewKey {
    /// Modulus size in bits; the largest of the [`SIZES`] that the token makes when `None`.
    pub bits: Option<usize>,
    /// `CKA_ID`; a free one of two bytes when `None` (YubiHSM takes no other length).
    pub id: Option<Vec<u8>>,
    /// `CKA_LABEL`, ASCII and at most 40 bytes, as tokens take no more.
    pub label: String,
    /// Whether the SO makes it: there are tokens that let nobody else. Not for an import.
    pub by_so: bool,
}

impl NewKey {
    /// A key pair with `label`, which the user makes, of the largest size and with a free id.
    pub fn new(label: impl Into<String>) -> Self {
        Self {
            bits: None,
            id: None,
            label: label.into(),
            by_so: false,
        }
    }
}

/// Makes a key pair on `token` that can only decrypt, and returns it only when it is as it should
/// be: found anew after a restart of the module, sensitive and not extractable, of the right size
/// and exponent, and able to unwrap. A key that is not is removed again.
///
/// # Errors
/// [`TokenError::NotSupported`] when the token cannot make such a key; login and device errors.
pub fn generate(
    module: &Arc<Module>,
    token: &TokenInfo,
    new: &NewKey,
    pins: &mut dyn PinSource,
) -> Result<(Session, ResultKey), TokenError> {
    let bits = key_size(module, token, new.bits)?;
    let mut session = Session::open_as(module, token, Mode::Write)?;
    let pin = session.login(pins)?;
    let id = session.free_id(new.id.as_deref())?;
    if new.by_so {
        // Only now: by the user's login both the PIN and the id are known to be good.
        if session.logged_in {
            session.log_out()?;
        }
        session.log_in_so(pins)?;
    }
    let before = session.private_ids()?;
    let made = session.make_pair(new, bits, &id);
    let private = made.map_err(|cause| session.remove_made(&before, &id, &new.label, cause))?;
    session.deny_other_uses(private);
    // One module takes another id in place of some.
    let shown = bytes(&session.raw, private, AttributeType::Id);
    drop(session);
    let fresh = FreshKey {
        module,
        token,
        id: &id,
        shown_id: shown.as_deref(),
        label: &new.label,
    };
    fresh.result_key(bits, pin.as_ref(), pins)
}

/// The size of a key that `token` can make: `wanted`, else the largest of the [`SIZES`] that its
/// mechanism has.
///
/// # Errors
/// [`TokenError::NotSupported`] when it makes none of that size; device errors.
pub fn key_size(
    module: &Module,
    token: &TokenInfo,
    wanted: Option<usize>,
) -> Result<usize, TokenError> {
    let not_supported = |what, remedy| TokenError::NotSupported { what, remedy };
    let name = token.name();
    let generation = MechanismType::RSA_PKCS_KEY_PAIR_GEN.to_string();
    let mechanisms = module.mechanisms(token)?;
    let Some(mechanism) = mechanisms.iter().find(|it| it.name == generation) else {
        return Err(not_supported(
            format!("the token {name:?} makes no RSA keys"),
            Remedy::AdoptKey,
        ));
    };
    let (min, max) = in_bits(mechanism.key_size);
    // Some modules tell no range.
    let has = |bits: &usize| max == 0 || (min..=max).contains(bits);
    match wanted {
        None => SIZES.into_iter().find(has).ok_or_else(|| {
            not_supported(
                format!("the token {name:?} makes RSA keys of {min} to {max} bits, and result keys have 2048 to 4096"),
                Remedy::AdoptKey,
            )
        }),
        Some(bits) if has(&bits) => Ok(bits),
        Some(bits) => Err(not_supported(
            format!("the token {name:?} makes RSA keys of {min} to {max} bits, not {bits}"),
            Remedy::OtherSize,
        )),
    }
}

/// The range of a mechanism, which some modules tell in bytes.
fn in_bits((min, max): (usize, usize)) -> (usize, usize) {
    if (1..=1024).contains(&max) {
        (8 * min, 8 * max)
    } else {
        (min, max)
    }
}

impl Session {
    /// `wanted` if it is free on this token, else a free `CKA_ID` of two bytes. Some modules let
    /// a second key with the same id replace the first.
    pub(in crate::token) fn free_id(&self, wanted: Option<&[u8]>) -> Result<Vec<u8>, TokenError> {
        if let Some(id) = wanted {
            return if self.is_free(id)? {
                Ok(id.to_vec())
            } else {
                Err(taken(id))
            };
        }
        for _ in 0..64 {
            let mut id = [0; 2];
            getrandom::fill(&mut id).map_err(|error| TokenError::device("getrandom", error))?;
            if !is_reserved(id) && self.is_free(&id)? {
                return Ok(id.to_vec());
            }
        }
        Err(taken(&[]))
    }

    fn is_free(&self, id: &[u8]) -> Result<bool, TokenError> {
        Ok(self.raw.find(&[Attribute::Id(id.to_vec())])?.is_empty())
    }

    fn make_pair(
        &self,
        new: &NewKey,
        bits: usize,
        id: &[u8],
    ) -> Result<CK_OBJECT_HANDLE, TokenError> {
        self.generate_pair(&Mechanism::RsaPkcsKeyPairGen, |form| {
            templates(form, new, bits, id)
        })
        .map_err(|error| {
            let needed = self.needed_all_the_same(&error);
            needed.unwrap_or_else(|| cannot_make(&self.token.label, error))
        })
    }

    /// The ids of all private RSA keys.
    fn private_ids(&self) -> Result<Vec<Vec<u8>>, TokenError> {
        let handles = self.find(ObjectClass::PRIVATE_KEY, None)?.into_iter();
        let id = |handle| bytes(&self.raw, handle, AttributeType::Id).unwrap_or_default();
        Ok(handles.map(id).collect())
    }

    /// Removes a key pair that is there although making it failed for `cause`: one with `id`, which was
    /// free. Another one with `label` and an id that was not there `before` may be that key under an
    /// id of the module's, or somebody else's: it is only named.
    fn remove_made(
        &self,
        before: &[Vec<u8>],
        id: &[u8],
        label: &str,
        cause: TokenError,
    ) -> TokenError {
        let keys = self.private_keys().unwrap_or_default();
        let is_new = |key: &&ResultKey| !before.contains(&key.id);
        let is_made = |key: &&ResultKey| key.id == id || key.label == label;
        let Some(key) = keys.iter().filter(is_new).find(is_made) else {
            return cause;
        };
        let left = match self.destroy_made(key, id) {
            Ok(true) => return cause,
            Ok(false) => "a new key with that label is on".to_owned(),
            Err(error) => format!("a new key that could not be removed ({error}) is on"),
        };
        TokenError::Unfinished {
            state: format!("{left} the token {:?}", self.token.label),
            cause: Box::new(cause),
            remedy: Some(Remedy::Delete(key.uri(&self.token).to_string())),
        }
    }

    /// Removes `key` if it is the one with `id`; whether it was.
    fn destroy_made(&self, key: &ResultKey, id: &[u8]) -> Result<bool, TokenError> {
        if key.id == id {
            self.destroy_pair(key)?;
        }
        Ok(key.id == id)
    }

    /// Makes one `C_GenerateKeyPair` with the public and private template of the first form, and again
    /// with fewer attributes where the token dislikes some.
    pub(in crate::token) fn generate_pair(
        &self,
        mechanism: &Mechanism<'_>,
        templates: impl Fn(Form) -> (Vec<Attribute>, Vec<Attribute>),
    ) -> Result<CK_OBJECT_HANDLE, CallError> {
        let make = |form| {
            let (public, private) = templates(form);
            self.raw.generate_key_pair(mechanism, &public, &private)
        };
        let [first, fewer @ ..] = TEMPLATES;
        fewer
            .into_iter()
            .fold(make(first), |made, form| match made {
                Err(error) if error.is_about_template() => make(form),
                made => made,
            })
    }

    /// Takes from the key what it need not do, as far as the token allows: some grant every use
    /// that a template does not name, and others refuse templates that name one.
    pub(in crate::token) fn deny_other_uses(&self, private: CK_OBJECT_HANDLE) {
        self.deny_uses(
            private,
            [
                (AttributeType::Sign, Attribute::Sign(false)),
                (AttributeType::SignRecover, Attribute::SignRecover(false)),
                (AttributeType::Unwrap, Attribute::Unwrap(false)),
            ],
        );
    }

    pub(in crate::token) fn deny_uses<const N: usize>(
        &self,
        private: CK_OBJECT_HANDLE,
        uses: [(AttributeType, Attribute); N],
    ) {
        for (kind, off) in uses {
            if flag(&self.raw, private, kind) == Some(true) {
                // A token that refuses keeps a key that can do more, which harms nothing.
                let _ = self.raw.set(private, &off);
            }
        }
    }
}

/// The attributes beside the necessary ones that a template has.
#[derive(Clone, Copy)]
pub(in crate::token) struct Form {
    pub(in crate::token) not_extractable: bool,
    pub(in crate::token) label: bool,
}

const TEMPLATES: [Form; 3] = [
    Form {
        not_extractable: true,
        label: true,
    },
    Form {
        not_extractable: false,
        label: true,
    },
    Form {
        not_extractable: false,
        label: false,
    },
];

/// Public and private template. Only what every token takes: no list of mechanisms, and no use
/// but decryption, since policies refuse a key of two uses.
fn templates(form: Form, new: &NewKey, bits: usize, id: &[u8]) -> (Vec<Attribute>, Vec<Attribute>) {
    let mut public = vec![
        Attribute::Token(true),
        Attribute::Encrypt(true),
        Attribute::ModulusBits((bits as u64).into()),
        Attribute::PublicExponent(EXPONENT.to_vec()),
        Attribute::Id(id.to_vec()),
    ];
    let mut private = private_template(id);
    if form.not_extractable {
        private.push(Attribute::Extractable(false));
    }
    if form.label {
        public.push(Attribute::Label(new.label.clone().into_bytes()));
        private.push(Attribute::Label(new.label.clone().into_bytes()));
    }
    (public, private)
}

pub(in crate::token) fn private_template(id: &[u8]) -> Vec<Attribute> {
    vec![
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Decrypt(true),
        Attribute::Id(id.to_vec()),
    ]
}

fn cannot_make(label: &str, error: CallError) -> TokenError {
    match error.rv {
        RvError::DeviceRemoved | RvError::TokenNotPresent | RvError::FunctionRejected => {
            error.into()
        }
        RvError::UserNotLoggedIn | RvError::UserTypeInvalid | RvError::SessionReadOnly => {
            TokenError::NotSupported {
                what: format!("the token {label:?} lets its user make no key: {error}"),
                remedy: Remedy::MakeAsSo,
            }
        }
        _ => TokenError::NotSupported {
            what: format!("the token {label:?} did not make the key: {error}"),
            remedy: Remedy::AdoptKey,
        },
    }
}

/// 0000 and ffff mean "any" or "none" to some devices.
fn is_reserved(id: [u8; 2]) -> bool {
    matches!(id, [0, 0] | [0xff, 0xff])
}

fn taken(id: &[u8]) -> TokenError {
    TokenError::NotSupported {
        what: format!("the id {} is taken on this token", hex(id)),
        remedy: Remedy::OtherId,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_in_bytes_is_read_as_one() {
        assert_eq!(in_bits((256, 512)), (2048, 4096));
        assert_eq!(in_bits((512, 4096)), (512, 4096));
        assert_eq!(in_bits((0, 0)), (0, 0));
        assert_eq!(in_bits((2048, 2048)), (2048, 2048));
    }

    #[test]
    fn two_ids_are_given_to_no_key() {
        assert!(is_reserved([0, 0]) && is_reserved([0xff, 0xff]));
        assert!(!is_reserved([0, 0xff]) && !is_reserved([0xff, 0]) && !is_reserved([0, 1]));
    }
}
