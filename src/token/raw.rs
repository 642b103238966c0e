//! The calls that the `cryptoki` crate has no fitting form of, made through `cryptoki-sys`.
//!
//! * `C_Decrypt` without a length query before it: on cards and TPMs the query does the whole
//!   decryption, on keys that always authenticate it uses up the PIN, and after a bad ciphertext
//!   it wedges the session.
//! * `C_GetTokenInfo` without its clock field, which some tokens leave empty and `cryptoki` then
//!   refuses.
#![allow(unsafe_code)]

use std::path::Path;

use cryptoki::error::{Rv, RvError};
use cryptoki::session::Session;
use cryptoki::slot::Slot;
use cryptoki_sys::{CK_FUNCTION_LIST, CK_RV, CK_TOKEN_INFO, CK_ULONG, Pkcs11};
use zeroize::Zeroizing;

/// The module's own function table, beside the one that `cryptoki` keeps to itself.
pub(super) struct RawModule {
    /// Keeps the library loaded, and with it the functions valid.
    _library: Pkcs11,
    functions: CK_FUNCTION_LIST,
}

impl RawModule {
    /// Opens the library at `path` once more (the loader hands out the same one) and takes its
    /// function table.
    pub(super) fn load(path: &Path) -> Result<Self, String> {
        // SAFETY: loading a library runs its initialisers. That it is to be trusted is what the
        // user said by naming it, and `cryptoki` has loaded this same path before.
        let library = unsafe { Pkcs11::new(path) }.map_err(|error| error.to_string())?;
        let get = library
            .C_GetFunctionList
            .as_ref()
            .map_err(|error| error.to_string())?;
        let mut list = std::ptr::null_mut();
        // SAFETY: C_GetFunctionList writes one pointer, and may be called before C_Initialize.
        into_result(unsafe { get(&mut list) }).map_err(|rv| format!("{rv:?}"))?;
        if list.is_null() {
            return Err("C_GetFunctionList gave no function list".into());
        }
        // SAFETY: not null, and it points to a table that lives as long as the library, which
        // `_library` keeps loaded; CK_FUNCTION_LIST is plain data.
        let functions = unsafe { *list };
        Ok(Self {
            _library: library,
            functions,
        })
    }

    /// `C_GetTokenInfo`.
    pub(super) fn token_info(&self, slot: Slot) -> Result<CK_TOKEN_INFO, RvError> {
        let call = self
            .functions
            .C_GetTokenInfo
            .ok_or(RvError::FunctionNotSupported)?;
        let mut info = CK_TOKEN_INFO::default();
        // SAFETY: the module is initialised, and writes one CK_TOKEN_INFO.
        into_result(unsafe { call(slot.id() as CK_ULONG, &mut info) })?;
        Ok(info)
    }

    /// One `C_Decrypt`, after `C_DecryptInit` in `session`. The buffer is as large as
    /// `ciphertext`, so no module finds it too small.
    pub(super) fn decrypt(
        &self,
        session: &Session,
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, RvError> {
        let call = self
            .functions
            .C_Decrypt
            .ok_or(RvError::FunctionNotSupported)?;
        let mut input = ciphertext.to_vec();
        let mut output = Zeroizing::new(vec![0; ciphertext.len()]);
        let mut len = output.len() as CK_ULONG;
        // SAFETY: the session is open, as `Session` closes it only when dropped; `input` is ours
        // and writable, since the C signature takes a mutable pointer; `len` is the true size of
        // `output`, beyond which the module must not write.
        let rv = unsafe {
            call(
                session.handle(),
                input.as_mut_ptr(),
                input.len() as CK_ULONG,
                output.as_mut_ptr(),
                &mut len,
            )
        };
        into_result(rv)?;
        // A module that claims more than the buffer holds has not written it: keep what is there.
        output.truncate(usize::try_from(len).unwrap_or(usize::MAX));
        Ok(output)
    }
}

fn into_result(rv: CK_RV) -> Result<(), RvError> {
    match Rv::from(rv) {
        Rv::Ok => Ok(()),
        Rv::Error(error) => Err(error),
    }
}
