use cryptoki_sys::*;

use crate::call::{Call, real};
use crate::pointer;
use crate::script::Lack;
use crate::state::Faulty;

/// What the script takes from a mechanism.
pub(crate) fn lack(faulty: &Faulty, mechanism: CK_MECHANISM_TYPE) -> Option<&Lack> {
    let rules = faulty.script.mechanisms.iter();
    rules
        .filter(|(known, _)| *known == mechanism)
        .map(|(_, lack)| lack)
        .next()
}

/// `C_GetMechanismList` without the hidden ones.
pub(crate) fn list(
    call: &Call,
    slot: CK_SLOT_ID,
    mechanisms: CK_MECHANISM_TYPE_PTR,
    count: CK_ULONG_PTR,
) -> CK_RV {
    let rv = real!(call.faulty, C_GetMechanismList(slot, mechanisms, count));
    if rv != CKR_OK || mechanisms.is_null() {
        return rv;
    }
    let all = pointer::slice_mut(mechanisms, pointer::get(count).unwrap_or(0));
    let mut kept = 0;
    for index in 0..all.len() {
        if lack(call.faulty, all[index]) != Some(&Lack::All) {
            all[kept] = all[index];
            kept += 1;
        }
    }
    pointer::put(count, kept as CK_ULONG);
    CKR_OK
}

/// `C_GetMechanismInfo` without what it lacks, and with the sizes of the script.
pub(crate) fn info(
    call: &Call,
    slot: CK_SLOT_ID,
    mechanism: CK_MECHANISM_TYPE,
    info: CK_MECHANISM_INFO_PTR,
) -> CK_RV {
    let lack = lack(call.faulty, mechanism);
    if lack == Some(&Lack::All) {
        return CKR_MECHANISM_INVALID;
    }
    let rv = real!(call.faulty, C_GetMechanismInfo(slot, mechanism, info));
    if rv == CKR_OK
        && let Some(mut it) = pointer::get(info)
    {
        if lack.is_some() {
            it.flags &= !CKF_DECRYPT;
        }
        let mut sizes = call.faulty.script.sizes.iter();
        if let Some((_, (min, max))) = sizes.find(|(known, _)| *known == mechanism) {
            (it.ulMinKeySize, it.ulMaxKeySize) = (*min, *max);
        }
        pointer::put(info, it);
    }
    rv
}
