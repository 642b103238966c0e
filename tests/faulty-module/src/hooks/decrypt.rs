use cryptoki_sys::*;

use super::mechanisms::lack;
use crate::call::{Call, real};
use crate::pointer;

/// `C_DecryptInit`, refused for a mechanism that cannot.
pub(crate) fn init(
    call: &Call,
    session: CK_SESSION_HANDLE,
    mechanism: CK_MECHANISM_PTR,
    key: CK_OBJECT_HANDLE,
) -> CK_RV {
    if pointer::get(mechanism).is_some_and(|it| lack(call.faulty, it.mechanism).is_some()) {
        return CKR_MECHANISM_INVALID;
    }
    let rv = real!(call.faulty, C_DecryptInit(session, mechanism, key));
    if rv == CKR_OK {
        call.faulty.state().decrypting.insert(session, false);
    }
    rv
}

/// `C_Decrypt`: not without the login that is demanded, and with invented bytes if so told.
pub(crate) fn decrypt(
    call: &Call,
    session: CK_SESSION_HANDLE,
    input: CK_BYTE_PTR,
    input_len: CK_ULONG,
    output: CK_BYTE_PTR,
    output_len: CK_ULONG_PTR,
) -> CK_RV {
    let faulty = call.faulty;
    let demanded = faulty.script.always_authenticate.is_some();
    let authenticated = faulty.state().decrypting.remove(&session);
    if demanded && authenticated == Some(false) {
        faulty.state().decrypting.insert(session, false);
        return CKR_USER_NOT_LOGGED_IN;
    }
    if output.is_null() {
        // To ask for the length is a use, too.
        faulty.state().decrypting.insert(session, false);
    }
    let room = pointer::get(output_len).unwrap_or(0);
    let rv = real!(
        faulty,
        C_Decrypt(session, input, input_len, output, output_len)
    );
    match call.answer {
        Some(len) => invent(output, room, output_len, len),
        None => rv,
    }
}

fn invent(output: CK_BYTE_PTR, room: CK_ULONG, output_len: CK_ULONG_PTR, len: CK_ULONG) -> CK_RV {
    pointer::put(output_len, len);
    if len > room {
        return CKR_BUFFER_TOO_SMALL;
    }
    for (byte, index) in pointer::slice_mut(output, len).iter_mut().zip(1_u32..) {
        *byte = (index.wrapping_mul(2_654_435_761) >> 16) as u8;
    }
    CKR_OK
}
