use std::sync::{Mutex, MutexGuard, PoisonError};

/// No lock here is held by a thread that could panic; if one did, what it guards is still whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
