//! Attributes by their meaning.

use cryptoki::object::AttributeType;
use cryptoki_sys::CK_OBJECT_HANDLE;

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

fn get(session: &RawSession, object: CK_OBJECT_HANDLE, kind: AttributeType) -> Option<Vec<u8>> {
    session.attribute(object, kind).ok()?
}
