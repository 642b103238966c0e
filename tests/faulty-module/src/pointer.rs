//! What touches the caller's memory. Pointers and lengths are trusted, as PKCS#11 modules trust
//! them.

use std::ffi::{CStr, c_char};

/// Writes to where the caller has room for one value.
pub(crate) fn put<T>(place: *mut T, value: T) {
    // SAFETY: see above.
    unsafe { place.write(value) }
}

/// Reads one value, unless the pointer is null.
pub(crate) fn get<T: Copy>(place: *const T) -> Option<T> {
    // SAFETY: see above.
    unsafe { place.as_ref() }.copied()
}

/// The caller's `len` values, none for a null pointer.
pub(crate) fn slice<'a, T>(place: *const T, len: u64) -> &'a [T] {
    if place.is_null() {
        return &[];
    }
    // SAFETY: see above.
    unsafe { std::slice::from_raw_parts(place, len as usize) }
}

/// The caller's `len` values to be changed, none for a null pointer.
pub(crate) fn slice_mut<'a, T>(place: *mut T, len: u64) -> &'a mut [T] {
    if place.is_null() {
        return &mut [];
    }
    // SAFETY: see above.
    unsafe { std::slice::from_raw_parts_mut(place, len as usize) }
}

/// The caller's text up to NUL, unless the pointer is null.
pub(crate) fn text(place: *const c_char) -> Option<String> {
    if place.is_null() {
        return None;
    }
    // SAFETY: see above.
    let text = unsafe { CStr::from_ptr(place) };
    Some(text.to_string_lossy().into_owned())
}
