//! Secrets in the environment: taken once, and erased.
#![allow(unsafe_code)]

use std::ffi::{CString, OsString, c_char};
use std::os::unix::ffi::OsStringExt as _;

use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit,
};
use zeroize::Zeroizing;

use crate::token::Pin;

unsafe extern "C" {
    fn getenv(name: *const c_char) -> *mut c_char;
}

/// Secrets that the environment held; it does not hold them any more.
#[derive(Default)]
pub(crate) struct Secrets {
    /// `IEXEC_HSM_PIN`.
    pub(crate) pin: Option<Pin>,
    /// `IEXEC_HSM_SO_PIN`.
    pub(crate) so_pin: Option<Pin>,
    /// `IEXEC_HSM_WALLET_KEY`: a private key.
    pub(crate) wallet_key: Option<Zeroizing<Vec<u8>>>,
    /// `IEXEC_HSM_WALLET_PASSWORD`.
    pub(crate) wallet_password: Option<Zeroizing<Vec<u8>>>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let set = |it: bool| if it { "set" } else { "not set" };
        f.debug_struct("Secrets")
            .field("pin", &set(self.pin.is_some()))
            .field("so_pin", &set(self.so_pin.is_some()))
            .field("wallet_key", &set(self.wallet_key.is_some()))
            .field("wallet_password", &set(self.wallet_password.is_some()))
            .finish()
    }
}

/// Takes them. Only for the beginning of the program, when no other thread is running.
pub(crate) fn take() -> Secrets {
    // SAFETY: by this function's contract no other thread is running.
    let secret = |name| unsafe { take_variable(name) };
    Secrets {
        pin: secret("IEXEC_HSM_PIN").map(Pin::new),
        so_pin: secret("IEXEC_HSM_SO_PIN").map(Pin::new),
        wallet_key: secret("IEXEC_HSM_WALLET_KEY"),
        wallet_password: secret("IEXEC_HSM_WALLET_PASSWORD"),
    }
}

/// Takes a variable: its value is returned, erased where the kernel shows it in
/// `/proc/<pid>/environ`, and not passed on to children.
///
/// # Safety
/// No other thread may be running.
unsafe fn take_variable(name: &str) -> Option<Zeroizing<Vec<u8>>> {
    let secret = Zeroizing::new(std::env::var_os(name).map(OsString::into_vec)?);
    let variable = CString::new(name).ok()?;
    // SAFETY: `variable` ends with NUL, and by this function's contract nobody else reads or
    // changes the environment now. What getenv returns is the value in place, as many bytes as
    // `secret` has, and the environment of a process is its own memory to write.
    unsafe {
        let place = getenv(variable.as_ptr());
        if !place.is_null() {
            for at in 0..secret.len() {
                place.add(at).write_volatile(0);
            }
        }
        std::env::remove_var(name);
    }
    Some(secret)
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
            pin: secret().map(Pin::new),
            so_pin: None,
            wallet_key: secret(),
            wallet_password: secret(),
        };
        assert_eq!(
            format!("{secrets:?}"),
            r#"Secrets { pin: "set", so_pin: "not set", wallet_key: "set", wallet_password: "set" }"#
        );
    }
}
