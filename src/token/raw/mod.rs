//! The PKCS#11 calls themselves, by the module's own function table. The one place for `unsafe`
//! in `token`.
//!
//! The types are those of `cryptoki`; its calls are not used, because
//! * its `decrypt` asks for the length first, which on cards and TPMs does the whole decryption,
//!   uses up the PIN of keys that always authenticate, and wedges sessions after a bad ciphertext;
//! * it keeps its function table to itself, and a second table, for that one call, would be
//!   another instance in p11-kit's proxy and client, with sessions and logins of its own;
//! * it refuses tokens whose information has an empty clock field.
#![allow(unsafe_code)]

mod locked;
mod module;
mod session;

use std::mem::ManuallyDrop;
use std::path::Path;
use std::ptr::NonNull;

use cryptoki::error::{Rv, RvError};
use cryptoki_sys::{CK_FUNCTION_LIST, CK_RV, CK_ULONG, Pkcs11};
use zeroize::Zeroizing;

pub(super) use locked::Locked;
pub(super) use session::RawSession;

/// The return value of a call that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CallError {
    /// The function's name in the standard.
    pub(super) call: &'static str,
    /// The return value.
    pub(super) rv: RvError,
}

impl CallError {
    /// Whether the token dislikes an attribute of the template.
    pub(super) fn is_about_template(&self) -> bool {
        matches!(
            self.rv,
            RvError::AttributeTypeInvalid
                | RvError::AttributeValueInvalid
                | RvError::AttributeReadOnly
                | RvError::TemplateIncomplete
                | RvError::TemplateInconsistent
        )
    }
}

impl std::fmt::Display for CallError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} returned {}", self.call, rv_name(&self.rv))
    }
}

/// The return value in the words of the standard, as far as they are known.
pub(super) fn rv_name(rv: &RvError) -> String {
    match rv {
        RvError::UnknownErrorCode(code) | RvError::VendorDefined(code) => format!("0x{code:x}"),
        known => format!("{known:?}"),
    }
}

/// A loaded module's functions.
pub(super) struct Table {
    functions: CK_FUNCTION_LIST,
    /// Keeps the library loaded, and with it the functions valid: for the life of the process, as
    /// threads and handlers that a module leaves behind must not lose their code.
    _library: ManuallyDrop<Pkcs11>,
}

/// Calls a function of a table. Every pointer among the arguments must be to a value that lives
/// through the call, with its true length beside it.
macro_rules! call {
    ($table:expr, $name:ident($($argument:expr),* $(,)?)) => {{
        let failed = |rv| CallError { call: stringify!($name), rv };
        let function = $table.functions.$name.ok_or(failed(RvError::FunctionNotSupported))?;
        // SAFETY: the table is that of a loaded library, its functions have the signatures of
        // PKCS#11, and the arguments are as this macro's contract says.
        match Rv::from(unsafe { function($($argument),*) }) {
            Rv::Ok => Ok(()),
            Rv::Error(rv) => Err(failed(rv)),
        }
    }};
}
use call;

impl Table {
    /// Loads the library at `path` and takes its function table; the loader's words on failure.
    pub(super) fn load(path: &Path) -> Result<Self, String> {
        // SAFETY: loading a library runs its initialisers. That it is to be trusted is what the
        // user said by naming it.
        let library = unsafe { Pkcs11::new(path) }.map_err(|error| error.to_string())?;
        let Ok(get) = library.C_GetFunctionList.as_ref() else {
            return Err("it is no PKCS#11 module: it has no C_GetFunctionList".into());
        };
        let mut list = std::ptr::null_mut();
        // SAFETY: C_GetFunctionList writes one pointer, and may be called before C_Initialize.
        let rv: CK_RV = unsafe { get(&mut list) };
        let (Rv::Ok, Some(list)) = (Rv::from(rv), NonNull::new(list)) else {
            return Err(format!(
                "C_GetFunctionList returned 0x{rv:x} and no functions"
            ));
        };
        // SAFETY: not null, and it points to a table that lives as long as the library, which
        // `_library` keeps loaded; CK_FUNCTION_LIST is plain data.
        let functions = unsafe { list.read() };
        Ok(Self {
            functions,
            _library: ManuallyDrop::new(library),
        })
    }
}

/// A PIN as the standard passes it: none is null.
fn raw_pin(pin: &mut Option<Zeroizing<Vec<u8>>>) -> (*mut u8, CK_ULONG) {
    match pin {
        Some(pin) => (pin.as_mut_ptr(), ulong(pin.len())),
        None => (std::ptr::null_mut(), 0),
    }
}

/// A length as the standard counts them.
fn ulong(len: usize) -> CK_ULONG {
    // CK_ULONG has the size of a pointer where modules exist.
    len as CK_ULONG
}
