use cryptoki_sys::*;

use super::login::fill;
use crate::call::{Call, real};
use crate::hooks::login::log_in_unasked;
use crate::pointer;

/// `C_Initialize`, without the text behind `pReserved` where the script takes it.
pub(crate) fn initialize(call: &Call, arguments: CK_VOID_PTR) -> CK_RV {
    if call
        .faulty
        .script
        .looks_for
        .as_ref()
        .is_some_and(|it| it.exists())
    {
        return CKR_DEVICE_ERROR;
    }
    let given = pointer::get(arguments.cast::<CK_C_INITIALIZE_ARGS>());
    if call.faulty.script.one_thread && given.is_some_and(|it| it.flags & CKF_OS_LOCKING_OK != 0) {
        return CKR_CANT_LOCK;
    }
    match given {
        Some(mut plain) if call.faulty.script.takes_arguments => {
            plain.pReserved = std::ptr::null_mut();
            real!(call.faulty, C_Initialize((&raw mut plain).cast()))
        }
        _ => real!(call.faulty, C_Initialize(arguments)),
    }
}

/// `C_GetSlotList`: no slot has a token when it is gone, and the numbers may be others.
pub(crate) fn list(
    call: &Call,
    present: CK_BBOOL,
    slots: CK_SLOT_ID_PTR,
    count: CK_ULONG_PTR,
) -> CK_RV {
    if call.faulty.state().gone && present != CK_FALSE {
        pointer::put(count, 0);
        return CKR_OK;
    }
    if let Some(label) = &call.faulty.script.shows {
        return list_one(call, label, slots, count);
    }
    let rv = real!(call.faulty, C_GetSlotList(present, slots, count));
    if rv == CKR_OK {
        let shown = pointer::slice_mut(slots, pointer::get(count).unwrap_or(0));
        for slot in shown {
            *slot = call.faulty.shown_slot(*slot);
        }
    }
    rv
}

/// Lists the slot of the only token that is shown.
fn list_one(call: &Call, label: &str, slots: CK_SLOT_ID_PTR, count: CK_ULONG_PTR) -> CK_RV {
    let (mut all, mut found) = ([0; 16], 16);
    let rv = real!(
        call.faulty,
        C_GetSlotList(CK_TRUE, all.as_mut_ptr(), &mut found)
    );
    let has_label = |slot: &&CK_SLOT_ID| {
        let mut info = CK_TOKEN_INFO::default();
        let rv = real!(call.faulty, C_GetTokenInfo(**slot, &mut info));
        rv == CKR_OK && String::from_utf8_lossy(&info.label).trim_end() == label
    };
    let shown = all.iter().take(found as usize).find(has_label);
    pointer::put(count, shown.iter().count() as CK_ULONG);
    if let (Some(slot), Some(first)) = (shown, pointer::slice_mut(slots, 1).first_mut()) {
        *first = call.faulty.shown_slot(*slot);
    }
    rv
}

/// `C_GetInfo`, with the script's description or maker.
pub(crate) fn module_info(call: &Call, info: CK_INFO_PTR) -> CK_RV {
    let rv = real!(call.faulty, C_GetInfo(info));
    let script = &call.faulty.script;
    let maker = script.library.as_ref().or(script.description.as_ref());
    if rv == CKR_OK
        && let Some(mut it) = pointer::get(info)
    {
        if let Some(maker) = maker {
            fill(&mut it.manufacturerID, maker);
        }
        if let Some(description) = &script.description {
            fill(&mut it.libraryDescription, description);
        }
        pointer::put(info, it);
    }
    rv
}

/// `C_GetSlotInfo`: of a device and with the script's description, if so wanted.
pub(crate) fn info(call: &Call, slot: CK_SLOT_ID, info: CK_SLOT_INFO_PTR) -> CK_RV {
    let rv = real!(call.faulty, C_GetSlotInfo(slot, info));
    let script = &call.faulty.script;
    if rv == CKR_OK
        && let Some(mut it) = pointer::get(info)
    {
        if script.hardware {
            it.flags |= CKF_HW_SLOT;
        }
        if let Some(description) = &script.description {
            fill(&mut it.slotDescription, description);
            fill(&mut it.manufacturerID, description);
        }
        pointer::put(info, it);
    }
    rv
}

/// `C_OpenSession`, of one kind alone. Where only read-only ones are granted, these can do all.
pub(crate) fn open_session(
    call: &Call,
    slot: CK_SLOT_ID,
    flags: CK_FLAGS,
    application: CK_VOID_PTR,
    notify: CK_NOTIFY,
    session: CK_SESSION_HANDLE_PTR,
) -> CK_RV {
    let is_writable = flags & CKF_RW_SESSION != 0;
    let mut flags = flags;
    if let Some(wanted) = call.faulty.script.only_writable {
        if is_writable != wanted {
            return CKR_FUNCTION_REJECTED;
        }
        flags |= CKF_RW_SESSION;
    }
    let rv = real!(
        call.faulty,
        C_OpenSession(slot, flags, application, notify, session)
    );
    if let (CKR_OK, Some(session)) = (rv, pointer::get(session)) {
        log_in_unasked(call.faulty, session);
    }
    rv
}
