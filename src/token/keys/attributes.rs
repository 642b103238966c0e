//! Attributes by their meaning.

use cryptoki::error::RvError;
use cryptoki::mechanism::MechanismType;
use cryptoki::object::AttributeType;
use cryptoki_sys::{CK_OBJECT_HANDLE, CK_ULONG};

use crate::token::TokenError;
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

/// Whether a return value says that there is no such attribute, or no such object any more.
fn is_of_attribute(rv: &RvError) -> bool {
    matches!(
        rv,
        RvError::AttributeTypeInvalid
            | RvError::AttributeValueInvalid
            | RvError::AttributeSensitive
            | RvError::BufferTooSmall
            | RvError::FunctionNotSupported
            | RvError::ArgumentsBad
    )
}

/// Whether a return value leaves no doubt that the device, or the session with it, is gone.
fn is_of_device(rv: &RvError) -> bool {
    matches!(
        rv,
        RvError::CryptokiNotInitialized
            | RvError::DeviceError
            | RvError::DeviceMemory
            | RvError::DeviceRemoved
            | RvError::SessionClosed
            | RvError::SessionHandleInvalid
            | RvError::TokenNotPresent
    )
}

/// Lists keys. What is not read is no key that is not there: a device that failed meanwhile is told of,
/// and where no key is found, whatever failed.
pub(in crate::token) fn listed<K>(
    session: &RawSession,
    logged_in: bool,
    list: impl FnOnce() -> Result<Vec<K>, TokenError>,
) -> Result<Vec<K>, TokenError> {
    session.take_unheard();
    let keys = list()?;
    match session.take_unheard() {
        // Before a login much may be hidden.
        Some(error) if error.rv == RvError::UserNotLoggedIn && !logged_in => Ok(keys),
        Some(error) if keys.is_empty() || is_of_device(&error.rv) => Err(error.into()),
        _ => Ok(keys),
    }
}

fn get(session: &RawSession, object: CK_OBJECT_HANDLE, kind: AttributeType) -> Option<Vec<u8>> {
    let value = session.attribute(object, kind);
    value
        .inspect_err(|error| {
            if !is_of_attribute(&error.rv) {
                session.keep_unheard(*error);
            }
        })
        .ok()?
}
