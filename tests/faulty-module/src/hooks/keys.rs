use cryptoki_sys::*;

use crate::call::{Call, real};
use crate::pointer;

/// `C_GenerateKeyPair`: remembered for `rubbish-modulus`, and perhaps for the officer alone.
#[allow(clippy::too_many_arguments)]
pub(crate) fn generate_pair(
    call: &Call,
    session: CK_SESSION_HANDLE,
    mechanism: CK_MECHANISM_PTR,
    public: CK_ATTRIBUTE_PTR,
    public_count: CK_ULONG,
    private: CK_ATTRIBUTE_PTR,
    private_count: CK_ULONG,
    new_public: CK_OBJECT_HANDLE_PTR,
    new_private: CK_OBJECT_HANDLE_PTR,
) -> CK_RV {
    if call.faulty.script.so_generates.is_some() && !call.faulty.state().officer {
        return CKR_USER_NOT_LOGGED_IN;
    }
    if let Some(id) = &call.faulty.script.gives_id {
        put_id(id, public, public_count);
        put_id(id, private, private_count);
    }
    let rv = real!(
        call.faulty,
        C_GenerateKeyPair(
            session,
            mechanism,
            public,
            public_count,
            private,
            private_count,
            new_public,
            new_private
        )
    );
    if rv == CKR_OK {
        call.faulty.state().made_key = true;
    }
    rv
}

/// Replaces the id in a template.
fn put_id(id: &[u8], template: CK_ATTRIBUTE_PTR, count: CK_ULONG) {
    let ids = pointer::slice(template, count);
    for attribute in ids.iter().filter(|it| it.type_ == CKA_ID) {
        let place = pointer::slice_mut(attribute.pValue.cast::<u8>(), attribute.ulValueLen);
        place.copy_from_slice(id);
    }
}
