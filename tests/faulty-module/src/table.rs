//! The table of functions: each is run by `call::run`, which passes it on to the real module, or to
//! its hook where it has one.

use cryptoki_sys::*;

use crate::arg::Arg;
use crate::call;
use crate::hooks::{decrypt, keys, login, mechanisms, objects, slots};
use crate::state::Faulty;

/// `C_Name(argument: TYPE, …);` passes the call on. `=> hook` gives it to a function that takes
/// the `Call` and the same arguments.
macro_rules! functions {
    ($($name:ident($($arg:ident: $type:ident),*) $(=> $hook:path)?;)*) => {
        $(unsafe extern "C" fn $name($($arg: $type),*) -> CK_RV {
            let args = [$((stringify!($arg), Arg::from($arg))),*];
            call::run(stringify!($name), &args, |call| {
                $(let $arg = real!($type, call, $arg);)*
                forward!(call, $name($($arg),*) $($hook)?)
            })
        })*

        /// All of them, in the version of the real module.
        pub(crate) fn list() -> CK_FUNCTION_LIST {
            CK_FUNCTION_LIST {
                version: Faulty::get().real.version,
                C_GetFunctionList: Some(crate::C_GetFunctionList),
                $($name: Some($name),)*
            }
        }
    };
}

/// Slots have other numbers here than in the real module, where the script shuffles them.
macro_rules! real {
    (CK_SLOT_ID, $call:ident, $slot:ident) => {
        $call.faulty.real_slot($slot)
    };
    ($other:ident, $call:ident, $arg:ident) => {
        $arg
    };
}

macro_rules! forward {
    ($call:ident, $name:ident($($arg:ident),*)) => {
        call::real!($call.faulty, $name($($arg),*))
    };
    ($call:ident, $name:ident($($arg:ident),*) $hook:path) => {
        $hook($call, $($arg),*)
    };
}

functions! {
    C_Initialize(arguments: CK_VOID_PTR) => slots::initialize;
    C_Finalize(reserved: CK_VOID_PTR);
    C_GetInfo(info: CK_INFO_PTR) => slots::module_info;
    C_GetSlotList(present: CK_BBOOL, slots: CK_SLOT_ID_PTR, count: CK_ULONG_PTR) => slots::list;
    C_GetSlotInfo(slot: CK_SLOT_ID, info: CK_SLOT_INFO_PTR) => slots::info;
    C_GetTokenInfo(slot: CK_SLOT_ID, info: CK_TOKEN_INFO_PTR) => login::token_info;
    C_GetMechanismList(slot: CK_SLOT_ID, mechanisms: CK_MECHANISM_TYPE_PTR, count: CK_ULONG_PTR) => mechanisms::list;
    C_GetMechanismInfo(slot: CK_SLOT_ID, mechanism: CK_MECHANISM_TYPE, info: CK_MECHANISM_INFO_PTR) => mechanisms::info;
    C_InitToken(slot: CK_SLOT_ID, so_pin: CK_UTF8CHAR_PTR, so_pin_len: CK_ULONG, label: CK_UTF8CHAR_PTR) => login::init_token;
    C_InitPIN(session: CK_SESSION_HANDLE, pin: CK_UTF8CHAR_PTR, pin_len: CK_ULONG) => login::init_pin;
    C_SetPIN(session: CK_SESSION_HANDLE, old_pin: CK_UTF8CHAR_PTR, old_pin_len: CK_ULONG, new_pin: CK_UTF8CHAR_PTR, new_pin_len: CK_ULONG);
    C_OpenSession(slot: CK_SLOT_ID, flags: CK_FLAGS, application: CK_VOID_PTR, notify: CK_NOTIFY, new_session: CK_SESSION_HANDLE_PTR) => slots::open_session;
    C_CloseSession(session: CK_SESSION_HANDLE);
    C_CloseAllSessions(slot: CK_SLOT_ID);
    C_GetSessionInfo(session: CK_SESSION_HANDLE, info: CK_SESSION_INFO_PTR);
    C_GetOperationState(session: CK_SESSION_HANDLE, state: CK_BYTE_PTR, state_len: CK_ULONG_PTR);
    C_SetOperationState(session: CK_SESSION_HANDLE, state: CK_BYTE_PTR, state_len: CK_ULONG, encryption_key: CK_OBJECT_HANDLE, authentication_key: CK_OBJECT_HANDLE);
    C_Login(session: CK_SESSION_HANDLE, user: CK_USER_TYPE, pin: CK_UTF8CHAR_PTR, pin_len: CK_ULONG) => login::login;
    C_Logout(session: CK_SESSION_HANDLE);
    C_CreateObject(session: CK_SESSION_HANDLE, template: CK_ATTRIBUTE_PTR, count: CK_ULONG, new_object: CK_OBJECT_HANDLE_PTR);
    C_CopyObject(session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE, template: CK_ATTRIBUTE_PTR, count: CK_ULONG, new_object: CK_OBJECT_HANDLE_PTR);
    C_DestroyObject(session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE);
    C_GetObjectSize(session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE, size: CK_ULONG_PTR);
    C_GetAttributeValue(session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE, template: CK_ATTRIBUTE_PTR, count: CK_ULONG) => objects::attributes;
    C_SetAttributeValue(session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE, template: CK_ATTRIBUTE_PTR, count: CK_ULONG);
    C_FindObjectsInit(session: CK_SESSION_HANDLE, template: CK_ATTRIBUTE_PTR, count: CK_ULONG);
    C_FindObjects(session: CK_SESSION_HANDLE, objects: CK_OBJECT_HANDLE_PTR, max: CK_ULONG, count: CK_ULONG_PTR) => objects::find;
    C_FindObjectsFinal(session: CK_SESSION_HANDLE);
    C_EncryptInit(session: CK_SESSION_HANDLE, mechanism: CK_MECHANISM_PTR, key: CK_OBJECT_HANDLE);
    C_Encrypt(session: CK_SESSION_HANDLE, input: CK_BYTE_PTR, input_len: CK_ULONG, output: CK_BYTE_PTR, output_len: CK_ULONG_PTR);
    C_EncryptUpdate(session: CK_SESSION_HANDLE, input: CK_BYTE_PTR, input_len: CK_ULONG, output: CK_BYTE_PTR, output_len: CK_ULONG_PTR);
    C_EncryptFinal(session: CK_SESSION_HANDLE, output: CK_BYTE_PTR, output_len: CK_ULONG_PTR);
    C_DecryptInit(session: CK_SESSION_HANDLE, mechanism: CK_MECHANISM_PTR, key: CK_OBJECT_HANDLE) => decrypt::init;
    C_Decrypt(session: CK_SESSION_HANDLE, input: CK_BYTE_PTR, input_len: CK_ULONG, output: CK_BYTE_PTR, output_len: CK_ULONG_PTR) => decrypt::decrypt;
    C_DecryptUpdate(session: CK_SESSION_HANDLE, input: CK_BYTE_PTR, input_len: CK_ULONG, output: CK_BYTE_PTR, output_len: CK_ULONG_PTR);
    C_DecryptFinal(session: CK_SESSION_HANDLE, output: CK_BYTE_PTR, output_len: CK_ULONG_PTR);
    C_DigestInit(session: CK_SESSION_HANDLE, mechanism: CK_MECHANISM_PTR);
    C_Digest(session: CK_SESSION_HANDLE, input: CK_BYTE_PTR, input_len: CK_ULONG, output: CK_BYTE_PTR, output_len: CK_ULONG_PTR);
    C_DigestUpdate(session: CK_SESSION_HANDLE, part: CK_BYTE_PTR, part_len: CK_ULONG);
    C_DigestKey(session: CK_SESSION_HANDLE, key: CK_OBJECT_HANDLE);
    C_DigestFinal(session: CK_SESSION_HANDLE, output: CK_BYTE_PTR, output_len: CK_ULONG_PTR);
    C_SignInit(session: CK_SESSION_HANDLE, mechanism: CK_MECHANISM_PTR, key: CK_OBJECT_HANDLE);
    C_Sign(session: CK_SESSION_HANDLE, input: CK_BYTE_PTR, input_len: CK_ULONG, output: CK_BYTE_PTR, output_len: CK_ULONG_PTR);
    C_SignUpdate(session: CK_SESSION_HANDLE, part: CK_BYTE_PTR, part_len: CK_ULONG);
    C_SignFinal(session: CK_SESSION_HANDLE, signature: CK_BYTE_PTR, signature_len: CK_ULONG_PTR);
    C_SignRecoverInit(session: CK_SESSION_HANDLE, mechanism: CK_MECHANISM_PTR, key: CK_OBJECT_HANDLE);
    C_SignRecover(session: CK_SESSION_HANDLE, input: CK_BYTE_PTR, input_len: CK_ULONG, output: CK_BYTE_PTR, output_len: CK_ULONG_PTR);
    C_VerifyInit(session: CK_SESSION_HANDLE, mechanism: CK_MECHANISM_PTR, key: CK_OBJECT_HANDLE);
    C_Verify(session: CK_SESSION_HANDLE, data: CK_BYTE_PTR, data_len: CK_ULONG, signature: CK_BYTE_PTR, signature_len: CK_ULONG);
    C_VerifyUpdate(session: CK_SESSION_HANDLE, part: CK_BYTE_PTR, part_len: CK_ULONG);
    C_VerifyFinal(session: CK_SESSION_HANDLE, signature: CK_BYTE_PTR, signature_len: CK_ULONG);
    C_VerifyRecoverInit(session: CK_SESSION_HANDLE, mechanism: CK_MECHANISM_PTR, key: CK_OBJECT_HANDLE);
    C_VerifyRecover(session: CK_SESSION_HANDLE, signature: CK_BYTE_PTR, signature_len: CK_ULONG, data: CK_BYTE_PTR, data_len: CK_ULONG_PTR);
    C_DigestEncryptUpdate(session: CK_SESSION_HANDLE, input: CK_BYTE_PTR, input_len: CK_ULONG, output: CK_BYTE_PTR, output_len: CK_ULONG_PTR);
    C_DecryptDigestUpdate(session: CK_SESSION_HANDLE, input: CK_BYTE_PTR, input_len: CK_ULONG, output: CK_BYTE_PTR, output_len: CK_ULONG_PTR);
    C_SignEncryptUpdate(session: CK_SESSION_HANDLE, input: CK_BYTE_PTR, input_len: CK_ULONG, output: CK_BYTE_PTR, output_len: CK_ULONG_PTR);
    C_DecryptVerifyUpdate(session: CK_SESSION_HANDLE, input: CK_BYTE_PTR, input_len: CK_ULONG, output: CK_BYTE_PTR, output_len: CK_ULONG_PTR);
    C_GenerateKey(session: CK_SESSION_HANDLE, mechanism: CK_MECHANISM_PTR, template: CK_ATTRIBUTE_PTR, count: CK_ULONG, new_key: CK_OBJECT_HANDLE_PTR);
    C_GenerateKeyPair(session: CK_SESSION_HANDLE, mechanism: CK_MECHANISM_PTR, public: CK_ATTRIBUTE_PTR, public_count: CK_ULONG, private: CK_ATTRIBUTE_PTR, private_count: CK_ULONG, new_public: CK_OBJECT_HANDLE_PTR, new_private: CK_OBJECT_HANDLE_PTR) => keys::generate_pair;
    C_WrapKey(session: CK_SESSION_HANDLE, mechanism: CK_MECHANISM_PTR, wrapping_key: CK_OBJECT_HANDLE, key: CK_OBJECT_HANDLE, wrapped: CK_BYTE_PTR, wrapped_len: CK_ULONG_PTR);
    C_UnwrapKey(session: CK_SESSION_HANDLE, mechanism: CK_MECHANISM_PTR, unwrapping_key: CK_OBJECT_HANDLE, wrapped: CK_BYTE_PTR, wrapped_len: CK_ULONG, template: CK_ATTRIBUTE_PTR, count: CK_ULONG, new_key: CK_OBJECT_HANDLE_PTR);
    C_DeriveKey(session: CK_SESSION_HANDLE, mechanism: CK_MECHANISM_PTR, base_key: CK_OBJECT_HANDLE, template: CK_ATTRIBUTE_PTR, count: CK_ULONG, new_key: CK_OBJECT_HANDLE_PTR);
    C_SeedRandom(session: CK_SESSION_HANDLE, seed: CK_BYTE_PTR, seed_len: CK_ULONG);
    C_GenerateRandom(session: CK_SESSION_HANDLE, random: CK_BYTE_PTR, random_len: CK_ULONG);
    C_GetFunctionStatus(session: CK_SESSION_HANDLE);
    C_CancelFunction(session: CK_SESSION_HANDLE);
    C_WaitForSlotEvent(flags: CK_FLAGS, event_slot: CK_SLOT_ID_PTR, reserved: CK_VOID_PTR);
}
