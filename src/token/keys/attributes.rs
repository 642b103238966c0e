//! Attributes by their meaning.

use cryptoki::mechanism::MechanismType;
use cryptoki::object::AttributeType;
use cryptoki_sys::{CK_OBJECT_HANDLE, CK_ULONG};

use crate::token::raw::RawSession;

/// A yes-or-no attribute; `None` where the token does not tell.
pub(in crate::token) fn flag(
    session: &RawSession,
    object: CK_OBJECT_HANDLE,
    kind: AttributeType,
) -> Option<bool> {
    match get(session, object, kind)?.as_slice() {
        [byte] => Some(*byte != 0),
        _ => None,
    }
}

/// An attribute of bytes; empty ones count as missing.
pub(in crate::token) fn bytes(
    session: &RawSession,
    object: CK_OBJECT_HANDLE,
    kind: AttributeType,
) -> Option<Vec<u8>> {
    get(session, object, kind).filter(|value| !value.is_empty())
}

/// The mechanisms in `CKA_ALLOWED_MECHANISMS` that are known; none where the token does not tell.
pub(in crate::token) fn mechanisms(
    session: &RawSession,
    object: CK_OBJECT_HANDLE,
) -> Vec<MechanismType> {
    let list = get(session, object, AttributeType::AllowedMechanisms).unwrap_or_default();
    let (numbers, _) = list.as_chunks();
    let numbers = numbers.iter().copied().map(CK_ULONG::from_ne_bytes);
    numbers
        .filter_map(|it| MechanismType::try_from(it).ok())
        .collect()
}

fn get(session: &RawSession, object: CK_OBJECT_HANDLE, kind: AttributeType) -> Option<Vec<u8>> {
    session.attribute(object, kind).ok()?
}
