//! Secrets in the environment: taken once, and erased.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit,
};
use zeroize::Zeroizing;

use super::options::{SETTINGS, Setting};
use super::taken_pin::TakenPin;
use crate::locked::Locked;
use crate::text::encoding::first_line;
use crate::token::Pin;

unsafe extern "C" {
    /// The environment: pointers to `NAME=value`, and a null one at the end.
    static environ: *const *mut c_char;
}

/// Secrets that the environment held, which does not hold them any more; and a PIN that was asked for.
pub(crate) struct Secrets {
    pub(crate) pin: Secret<Pin>,
    /// The PIN that a token has taken, for a later part of the same command.
    pub(crate) taken_pin: Secret<TakenPin>,
    pub(crate) so_pin: Secret<Pin>,
    pub(crate) wallet_key: Secret<Locked>,
    pub(crate) wallet_password: Secret<Locked>,
}

/// A secret until somebody takes it; then it lives no longer than its taker.
pub(crate) struct Secret<T>(Mutex<Option<T>>);

impl<T> Secret<T> {
    fn new(secret: Option<T>) -> Self {
        Self(Mutex::new(secret))
    }

    fn lock(&self) -> MutexGuard<'_, Option<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn take(&self) -> Option<T> {
        self.lock().take()
    }

    /// Puts one back that is needed once more.
    pub(crate) fn put(&self, secret: Option<T>) {
        *self.lock() = secret;
    }

    pub(crate) fn is_set(&self) -> bool {
        self.lock().is_some()
    }

    /// Shows it to `of`, where it is set.
    pub(crate) fn show<R>(&self, of: impl FnOnce(&T) -> R) -> Option<R> {
        self.lock().as_ref().map(of)
    }
}

impl Secrets {
    /// Whether each of them is set.
    pub(crate) fn are_set(&self) -> [(&'static Setting, bool); 4] {
        [
            (&SETTINGS.pin, self.pin.is_set()),
            (&SETTINGS.so_pin, self.so_pin.is_set()),
            (&SETTINGS.wallet_key, self.wallet_key.is_set()),
            (&SETTINGS.wallet_password, self.wallet_password.is_set()),
        ]
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = f.debug_struct("Secrets");
        for (setting, is_set) in self.are_set() {
            text.field(setting.id, &if is_set { "set" } else { "not set" });
        }
        text.finish()
    }
}

/// Takes them: of PINs and password the first line, as of a file. Only for the beginning of the program, when no other thread is running.
pub(crate) fn take() -> Secrets {
    // SAFETY: by this function's contract no other thread is running.
    let secret = |setting: &Setting| unsafe { take_variable(&setting.variable()) };
    let line = |setting: &Setting| {
        let secret = secret(setting)?;
        Some(Zeroizing::new(first_line(&secret).to_vec()))
    };
    Secrets {
        pin: Secret::new(line(&SETTINGS.pin).map(Pin::new)),
        taken_pin: Secret::new(None),
        so_pin: Secret::new(line(&SETTINGS.so_pin).map(Pin::new)),
        wallet_key: Secret::new(secret(&SETTINGS.wallet_key).map(Locked::from)),
        wallet_password: Secret::new(line(&SETTINGS.wallet_password).map(Locked::from)),
    }
}

/// Takes a variable: its value is returned, erased where the kernel shows it in
/// `/proc/<pid>/environ`, and not passed on to children. A variable can be there more than once: the first
/// value counts, and each is erased.
///
/// # Safety
/// No other thread may be running.
unsafe fn take_variable(name: &str) -> Option<Zeroizing<Vec<u8>>> {
    let begin = [name.as_bytes(), b"="].concat();
    let mut secret = None;
    // SAFETY: by this function's contract nobody else reads or changes the environment now. Each of its
    // entries ends with NUL, and the environment of a process is its own memory to write.
    unsafe {
        let mut entry = environ;
        while !entry.is_null() && !(*entry).is_null() {
            let text = CStr::from_ptr(*entry).to_bytes();
            if let Some(value) = text.strip_prefix(begin.as_slice()) {
                secret.get_or_insert_with(|| Zeroizing::new(value.to_vec()));
                for at in begin.len()..text.len() {
                    (*entry).add(at).write_volatile(0);
                }
            }
            entry = entry.add(1);
        }
        if secret.is_some() {
            std::env::remove_var(name);
        }
    }
    secret
}

/// Keeps all memory of this process out of swap, where no limit says how much that may be: with a
/// limit, memory would be refused once it is reached.
pub(crate) fn no_swap() {
    if getrlimit(Resource::Memlock).current.is_none() {
        // Pages are locked once they are used, or the process would grow by all it has mapped.
        let _ = mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT);
    }
}

/// Keeps what this process knows out of core dumps, and out of reach of other processes of the
/// same user.
pub(crate) fn no_core_dumps() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // Where the system allows neither, the program works all the same.
    let _ = setrlimit(Resource::Core, none);
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_which_are_set_and_shows_none() {
        let secret = || Some(Zeroizing::new(vec![0x5e; 32]));
        let secrets = Secrets {
            pin: Secret::new(secret().map(Pin::new)),
            taken_pin: Secret::new(None),
            so_pin: Secret::new(None),
            wallet_key: Secret::new(secret().map(Locked::from)),
            wallet_password: Secret::new(secret().map(Locked::from)),
        };
        assert_eq!(
            format!("{secrets:?}"),
            r#"Secrets { pin: "set", so_pin: "not set", wallet_key: "set", wallet_password: "set" }"#
        );
    }
}
