use cryptoki_sys::*;

use crate::call::{Call, real};

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
