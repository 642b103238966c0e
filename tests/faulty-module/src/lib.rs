//! A PKCS#11 module that stands in front of a real one, misbehaves as a script says, and writes
//! down every call. For tests.
//!
//! | variable | what it names |
//! |---|---|
//! | `FAULTY_MODULE` | the real module |
//! | `FAULTY_FOLDER` | a folder with the `script`; the module keeps its `ledger` there, and `wrong`, the count of wrong PINs |
//!
//! The rules of a script are in [`script`], the form of a ledger line in [`ledger`]. To add a rule:
//! read it in `script.rs`, and obey it in `call.rs` (any function) or in a hook (one function).
//!
//! Pointers are taken from the caller on trust, as every PKCS#11 module takes them. What touches
//! them is in `pointer.rs`.
#![allow(non_snake_case)]

mod arg;
mod call;
mod device;
mod hooks;
pub mod ledger;
mod names;
mod pointer;
pub mod script;
mod state;
mod table;

use std::sync::OnceLock;

use cryptoki_sys::{
    CK_FUNCTION_LIST, CK_FUNCTION_LIST_PTR, CK_FUNCTION_LIST_PTR_PTR, CK_RV, CKR_ARGUMENTS_BAD,
    CKR_OK,
};

/// The one function by which PKCS#11 modules are entered.
///
/// # Safety
/// `list` is null or points to room for one pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn C_GetFunctionList(list: CK_FUNCTION_LIST_PTR_PTR) -> CK_RV {
    static LIST: OnceLock<CK_FUNCTION_LIST> = OnceLock::new();
    if list.is_null() {
        return CKR_ARGUMENTS_BAD;
    }
    let ours: *const CK_FUNCTION_LIST = LIST.get_or_init(table::list);
    pointer::put(list, ours as CK_FUNCTION_LIST_PTR);
    CKR_OK
}
