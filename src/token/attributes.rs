//! Attributes are asked one by one: one that a token does not like may spoil the call for all.

use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use cryptoki::session::Session as Raw;

/// The attribute, `None` where the token has none or does not tell.
pub(super) fn get(session: &Raw, object: ObjectHandle, kind: AttributeType) -> Option<Attribute> {
    session
        .get_attributes(object, &[kind])
        .ok()?
        .into_iter()
        .find(|it| it.attribute_type() == kind)
}

/// A yes-or-no attribute.
pub(super) fn flag(session: &Raw, object: ObjectHandle, kind: AttributeType) -> Option<bool> {
    match get(session, object, kind)? {
        Attribute::AlwaysAuthenticate(it)
        | Attribute::AlwaysSensitive(it)
        | Attribute::Decrypt(it)
        | Attribute::Extractable(it)
        | Attribute::Local(it)
        | Attribute::NeverExtractable(it)
        | Attribute::Sensitive(it)
        | Attribute::Sign(it)
        | Attribute::SignRecover(it)
        | Attribute::Unwrap(it) => Some(it),
        _ => None,
    }
}

/// An attribute of bytes.
pub(super) fn bytes(session: &Raw, object: ObjectHandle, kind: AttributeType) -> Option<Vec<u8>> {
    match get(session, object, kind)? {
        Attribute::Id(it)
        | Attribute::Label(it)
        | Attribute::Modulus(it)
        | Attribute::PublicExponent(it) => Some(it),
        _ => None,
    }
}
