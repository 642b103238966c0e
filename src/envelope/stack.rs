//! Wiping of the stack after work on secrets.

use zeroize::Zeroize as _;

/// Words that are wiped: several times what AES and its key schedule were seen to leave.
const WORDS: usize = 1024;

/// Does `work`, and wipes the stack that it used. Moved values leave copies there, as do registers
/// that are put aside, and both stay for as long as the thread's stack does.
pub(super) fn leaving_nothing<T>(work: impl FnOnce() -> T) -> T {
    let done = below(work);
    wipe();
    done
}

/// In a frame of its own, which ends where that of [`wipe`] begins.
#[inline(never)]
fn below<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
fn wipe() {
    let mut used = [0_u64; WORDS];
    used.zeroize();
}
