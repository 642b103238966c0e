use cryptoki_sys::*;

use crate::call::{Call, real};
use crate::pointer;
use crate::script::{Sessions, Value};
use crate::state::Faulty;

/// Length of a modulus with rubbish behind it, in bytes.
const RUBBISH: u64 = 2048;

/// `C_FindObjects` without those of hidden classes.
pub(crate) fn find(
    call: &Call,
    session: CK_SESSION_HANDLE,
    objects: CK_OBJECT_HANDLE_PTR,
    max: CK_ULONG,
    count: CK_ULONG_PTR,
) -> CK_RV {
    loop {
        let rv = real!(call.faulty, C_FindObjects(session, objects, max, count));
        let found = pointer::get(count).unwrap_or(0);
        if rv != CKR_OK || found == 0 {
            return rv;
        }
        let shown = show(call.faulty, session, pointer::slice_mut(objects, found));
        pointer::put(count, shown);
        // None at all would be the end.
        if shown > 0 {
            return rv;
        }
    }
}

/// Moves what is not hidden to the front, and counts it.
fn show(faulty: &Faulty, session: CK_SESSION_HANDLE, objects: &mut [CK_OBJECT_HANDLE]) -> u64 {
    let mut shown = 0;
    for index in 0..objects.len() {
        if !is_hidden(faulty, session, objects[index]) {
            objects[shown] = objects[index];
            shown += 1;
        }
    }
    shown as u64
}

fn is_hidden(faulty: &Faulty, session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE) -> bool {
    let class = class(faulty, session, object);
    let mut rules = faulty.script.hidden.iter();
    rules.any(|(hidden, sessions)| {
        let applies = |it: &Sessions| it.have(state(faulty, session));
        class == Some(*hidden) && sessions.as_ref().is_none_or(applies)
    })
}

/// Of the session; `None` where there is no such session.
fn state(faulty: &Faulty, session: CK_SESSION_HANDLE) -> Option<CK_STATE> {
    let mut info = CK_SESSION_INFO::default();
    let rv = real!(faulty, C_GetSessionInfo(session, &mut info));
    (rv == CKR_OK).then_some(info.state)
}

impl Sessions {
    fn have(&self, state: Option<CK_STATE>) -> bool {
        let of_user = matches!(state, Some(CKS_RO_USER_FUNCTIONS | CKS_RW_USER_FUNCTIONS));
        match self {
            Self::Public => !of_user,
            Self::User => of_user,
            Self::ReadWrite => matches!(
                state,
                Some(CKS_RW_PUBLIC_SESSION | CKS_RW_USER_FUNCTIONS | CKS_RW_SO_FUNCTIONS)
            ),
        }
    }
}

fn class(
    faulty: &Faulty,
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
) -> Option<CK_OBJECT_CLASS> {
    let mut class: CK_OBJECT_CLASS = 0;
    let mut wanted = CK_ATTRIBUTE {
        type_: CKA_CLASS,
        pValue: (&raw mut class).cast(),
        ulValueLen: size_of::<CK_OBJECT_CLASS>() as CK_ULONG,
    };
    let rv = real!(faulty, C_GetAttributeValue(session, object, &mut wanted, 1));
    (rv == CKR_OK).then_some(class)
}

/// `C_GetAttributeValue` with the values of the script.
pub(crate) fn attributes(
    call: &Call,
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    template: CK_ATTRIBUTE_PTR,
    count: CK_ULONG,
) -> CK_RV {
    let faulty = call.faulty;
    let room: Vec<CK_ULONG> = pointer::slice(template, count)
        .iter()
        .map(|it| it.ulValueLen)
        .collect();
    let mut rv = real!(
        faulty,
        C_GetAttributeValue(session, object, template, count)
    );
    let is_private = !faulty.script.private_attributes.is_empty()
        && class(faulty, session, object) == Some(CKO_PRIVATE_KEY);
    for (attribute, room) in pointer::slice_mut(template, count).iter_mut().zip(room) {
        let of_private = faulty.script.private_attributes.iter();
        let of_private = of_private.filter(|_| is_private);
        let mut rules = faulty.script.attributes.iter().chain(of_private);
        match rules.rfind(|(kind, _)| *kind == attribute.type_) {
            Some((_, Value::Bytes(bytes))) => rv = fill(attribute, room, bytes),
            Some((_, Value::Missing)) => {
                attribute.ulValueLen = CK_UNAVAILABLE_INFORMATION;
                rv = CKR_ATTRIBUTE_TYPE_INVALID;
            }
            Some((_, Value::Untouched)) => {
                attribute.ulValueLen = room;
                rv = CKR_OK;
            }
            None => rv = by_state(faulty, attribute, room, rv),
        }
    }
    rv
}

/// What other rules make of an attribute.
fn by_state(faulty: &Faulty, attribute: &mut CK_ATTRIBUTE, room: CK_ULONG, rv: CK_RV) -> CK_RV {
    match attribute.type_ {
        // Only private keys have it.
        CKA_ALWAYS_AUTHENTICATE if rv == CKR_OK && faulty.script.always_authenticate.is_some() => {
            fill(attribute, room, &[CK_TRUE])
        }
        CKA_MODULUS if rv == CKR_OK && has_rubbish(faulty) => {
            let known = pointer::slice(attribute.pValue.cast::<u8>(), attribute.ulValueLen);
            let mut bytes = known.to_vec();
            bytes.resize(RUBBISH as usize, 0x5a);
            fill(attribute, room, &bytes)
        }
        CKA_MODULUS_BITS if rv == CKR_OK && has_rubbish(faulty) => {
            fill(attribute, room, &(8 * RUBBISH).to_ne_bytes())
        }
        _ => rv,
    }
}

fn has_rubbish(faulty: &Faulty) -> bool {
    faulty.script.rubbish_modulus && faulty.state().made_key
}

fn fill(attribute: &mut CK_ATTRIBUTE, room: CK_ULONG, bytes: &[u8]) -> CK_RV {
    let len = bytes.len() as CK_ULONG;
    if !attribute.pValue.is_null() && len > room {
        attribute.ulValueLen = CK_UNAVAILABLE_INFORMATION;
        return CKR_BUFFER_TOO_SMALL;
    }
    attribute.ulValueLen = len;
    for (to, from) in pointer::slice_mut(attribute.pValue.cast::<u8>(), len)
        .iter_mut()
        .zip(bytes)
    {
        *to = *from;
    }
    CKR_OK
}
