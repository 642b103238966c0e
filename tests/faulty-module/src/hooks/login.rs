use cryptoki_sys::*;

use crate::call::{Call, real};
use crate::pointer;
use crate::script::PinPad;
use crate::state::Faulty;

/// `C_GetTokenInfo` with the flags and names of the script.
pub(crate) fn token_info(call: &Call, slot: CK_SLOT_ID, info: CK_TOKEN_INFO_PTR) -> CK_RV {
    let rv = real!(call.faulty, C_GetTokenInfo(slot, info));
    if rv == CKR_OK
        && let Some(mut it) = pointer::get(info)
    {
        if it.flags & CKF_TOKEN_INITIALIZED != 0 {
            rename(call.faulty, &mut it);
        }
        it.flags = flags(call.faulty, it.flags);
        if let Some((min, max)) = call.faulty.script.pin_lengths {
            (it.ulMinPinLen, it.ulMaxPinLen) = (min, max);
        }
        if call.faulty.script.empty_pin.is_some() {
            it.ulMinPinLen = 0;
        }
        pointer::put(info, it);
    }
    rv
}

fn rename(faulty: &Faulty, info: &mut CK_TOKEN_INFO) {
    let times = faulty.state().generation;
    if let Some((label, after)) = &faulty.script.label
        && times > *after
    {
        fill(&mut info.label, label);
    }
    if let Some(serial) = &faulty.script.serial {
        fill(&mut info.serialNumber, serial);
    }
    if let Some(description) = &faulty.script.description {
        fill(&mut info.manufacturerID, description);
        fill(&mut info.model, description);
    }
}

/// Text in a field, with blanks behind it.
pub(super) fn fill(field: &mut [u8], text: &str) {
    field.fill(b' ');
    field[..text.len()].copy_from_slice(text.as_bytes());
}

fn flags(faulty: &Faulty, mut flags: CK_FLAGS) -> CK_FLAGS {
    let script = &faulty.script;
    let wrong = faulty.wrong_pins();
    if let Some(tries) = script.pin_tries {
        let tell = [
            (CKF_USER_PIN_COUNT_LOW, wrong > 0),
            (CKF_USER_PIN_FINAL_TRY, wrong + 1 == tries),
            (CKF_USER_PIN_LOCKED, wrong >= tries),
        ];
        for (flag, on) in tell {
            flags = if on { flags | flag } else { flags & !flag };
        }
    }
    if script.needs_no_login.is_some() {
        flags &= !CKF_LOGIN_REQUIRED;
    }
    if script.pin_pad.is_some() {
        flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
    }
    for rule in script.flags.iter().filter(|rule| wrong >= rule.after) {
        flags = if rule.on {
            flags | rule.flag
        } else {
            flags & !rule.flag
        };
    }
    flags
}

/// Logs the user in to a new session of a token that needs no login.
pub(crate) fn log_in_unasked(faulty: &Faulty, session: CK_SESSION_HANDLE) {
    if let Some(pin) = &faulty.script.needs_no_login {
        let (pin, len) = (pin.as_ptr().cast_mut(), pin.len() as CK_ULONG);
        // Another session may have done so before.
        real!(faulty, C_Login(session, CKU_USER, pin, len));
    }
}

/// A PIN as it is given, or for none what is typed on the pad.
fn typed(
    faulty: &Faulty,
    officer: bool,
    pin: CK_UTF8CHAR_PTR,
    len: CK_ULONG,
) -> (CK_UTF8CHAR_PTR, CK_ULONG) {
    let raw = |pin: &[u8]| (pin.as_ptr().cast_mut(), pin.len() as CK_ULONG);
    match (&faulty.script.pin_pad, &faulty.script.empty_pin) {
        (Some(pad), _) if pin.is_null() => raw(if officer { &pad.so_pin } else { &pad.pin }),
        (_, Some(real)) if !officer && !pin.is_null() && len == 0 => raw(real),
        // For the real module any other PIN is a wrong one.
        (_, Some(_)) if !officer => raw(b"none"),
        _ => (pin, len),
    }
}

/// `C_InitToken`
pub(crate) fn init_token(
    call: &Call,
    slot: CK_SLOT_ID,
    so_pin: CK_UTF8CHAR_PTR,
    so_pin_len: CK_ULONG,
    label: CK_UTF8CHAR_PTR,
) -> CK_RV {
    let (pin, len) = typed(call.faulty, true, so_pin, so_pin_len);
    real!(call.faulty, C_InitToken(slot, pin, len, label))
}

/// `C_InitPIN`
pub(crate) fn init_pin(
    call: &Call,
    session: CK_SESSION_HANDLE,
    pin: CK_UTF8CHAR_PTR,
    pin_len: CK_ULONG,
) -> CK_RV {
    let (pin, len) = typed(call.faulty, false, pin, pin_len);
    real!(call.faulty, C_InitPIN(session, pin, len))
}

/// `C_Login`, with wrong PINs counted.
pub(crate) fn login(
    call: &Call,
    session: CK_SESSION_HANDLE,
    user: CK_USER_TYPE,
    pin: CK_UTF8CHAR_PTR,
    pin_len: CK_ULONG,
) -> CK_RV {
    let faulty = call.faulty;
    let (pin, len) = typed(faulty, user == CKU_SO, pin, pin_len);
    if user == CKU_SO {
        return match &faulty.script.so_generates {
            Some(pins) => officer_login(faulty, session, pins, pointer::slice(pin, len)),
            None => real!(faulty, C_Login(session, user, pin, len)),
        };
    }
    faulty.state().officer = false;
    let wrong = faulty.wrong_pins();
    if faulty.script.pin_tries.is_some_and(|tries| wrong >= tries) {
        return CKR_PIN_LOCKED;
    }
    if let Some(right) = &faulty.script.needs_no_login
        && user == CKU_USER
        && pointer::slice(pin, len) != right.as_slice()
    {
        faulty.set_wrong_pins(wrong + 1);
        return CKR_PIN_INCORRECT;
    }
    let rv = match &faulty.script.always_authenticate {
        Some(right) if user == CKU_CONTEXT_SPECIFIC => {
            context_login(faulty, session, right, pointer::slice(pin, len))
        }
        _ => real!(faulty, C_Login(session, user, pin, len)),
    };
    match rv {
        CKR_OK => faulty.set_wrong_pins(0),
        CKR_PIN_INCORRECT => faulty.set_wrong_pins(wrong + 1),
        _ => {}
    }
    rv
}

/// The login of the officer who makes keys: for the real module it is the user's, as that makes
/// none for others.
fn officer_login(
    faulty: &Faulty,
    session: CK_SESSION_HANDLE,
    pins: &PinPad,
    given: &[u8],
) -> CK_RV {
    if given != pins.so_pin {
        return CKR_PIN_INCORRECT;
    }
    let (pin, len) = (pins.pin.as_ptr().cast_mut(), pins.pin.len() as CK_ULONG);
    let rv = real!(faulty, C_Login(session, CKU_USER, pin, len));
    faulty.state().officer = rv == CKR_OK;
    rv
}

/// The login for one use: only within a decryption.
fn context_login(faulty: &Faulty, session: CK_SESSION_HANDLE, right: &[u8], pin: &[u8]) -> CK_RV {
    match faulty.state().decrypting.get_mut(&session) {
        None => CKR_OPERATION_NOT_INITIALIZED,
        Some(_) if pin != right => CKR_PIN_INCORRECT,
        Some(authenticated) => {
            *authenticated = true;
            CKR_OK
        }
    }
}
