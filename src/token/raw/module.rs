use std::ffi::{CStr, c_void};
use std::ptr::null_mut;
use std::sync::atomic::Ordering;

use cryptoki::error::{Rv, RvError};
use cryptoki_sys::{
    CK_BBOOL, CK_C_INITIALIZE_ARGS, CK_FALSE, CK_FLAGS, CK_INFO, CK_MECHANISM_INFO,
    CK_MECHANISM_TYPE, CK_SLOT_ID, CK_SLOT_INFO, CK_TOKEN_INFO, CK_TRUE, CKF_OS_LOCKING_OK,
};
use zeroize::Zeroizing;

use super::{CallError, Table, call, raw_pin};

/// The arguments of `C_Initialize`. A module that takes parameters may take them for a field that
/// stands before the reserved one, which then has to be there, and null.
#[repr(C)]
struct InitializeArgs {
    standard: CK_C_INITIALIZE_ARGS,
    _reserved: *mut c_void,
}

impl Table {
    /// `C_Initialize` with OS locking: without it some modules switch their locks off for good,
    /// and others refuse. One that cannot lock is used by one thread at a time. `parameters` go where
    /// the standard has `pReserved`.
    pub(in crate::token) fn initialize(&self, parameters: Option<&CStr>) -> Result<(), CallError> {
        if self.cannot_lock.load(Ordering::Relaxed) {
            return self.initialize_with(0, parameters);
        }
        let Err(refused) = self.initialize_with(CKF_OS_LOCKING_OK, parameters) else {
            return Ok(());
        };
        if refused.rv != RvError::CantLock {
            return Err(refused);
        }
        self.initialize_with(0, parameters).map_err(|_| refused)?;
        self.cannot_lock.store(true, Ordering::Relaxed);
        self.take_turns();
        Ok(())
    }

    fn initialize_with(&self, flags: CK_FLAGS, parameters: Option<&CStr>) -> Result<(), CallError> {
        let parameters = parameters.map_or(null_mut(), |it| it.as_ptr().cast_mut());
        let mut arguments = InitializeArgs {
            standard: CK_C_INITIALIZE_ARGS {
                CreateMutex: None,
                DestroyMutex: None,
                LockMutex: None,
                UnlockMutex: None,
                flags,
                pReserved: parameters.cast(),
            },
            _reserved: null_mut(),
        };
        call!(self, C_Initialize((&raw mut arguments).cast()))
    }

    /// `C_Finalize`.
    pub(in crate::token) fn finalize(&self) -> Result<(), CallError> {
        call!(self, C_Finalize(null_mut()))
    }

    /// `C_GetInfo`.
    pub(in crate::token) fn info(&self) -> Result<CK_INFO, CallError> {
        let mut info = CK_INFO::default();
        call!(self, C_GetInfo(&mut info))?;
        Ok(info)
    }

    /// `C_GetSlotList`: the slots that a token is in.
    pub(in crate::token) fn slots(&self) -> Result<Vec<CK_SLOT_ID>, CallError> {
        self.slot_list(CK_TRUE)
    }

    /// `C_GetSlotList`: all slots, those without a token too.
    pub(in crate::token) fn all_slots(&self) -> Result<Vec<CK_SLOT_ID>, CallError> {
        self.slot_list(CK_FALSE)
    }

    fn slot_list(&self, present: CK_BBOOL) -> Result<Vec<CK_SLOT_ID>, CallError> {
        for _ in 0..3 {
            match self.slot_list_once(present) {
                // A token was plugged in between the two calls.
                Err(error) if error.rv == RvError::BufferTooSmall => {}
                listed => return listed,
            }
        }
        self.slot_list_once(present)
    }

    fn slot_list_once(&self, present: CK_BBOOL) -> Result<Vec<CK_SLOT_ID>, CallError> {
        let mut count = 0;
        call!(self, C_GetSlotList(present, null_mut(), &mut count))?;
        let mut slots = vec![0; count as usize];
        call!(self, C_GetSlotList(present, slots.as_mut_ptr(), &mut count))?;
        slots.truncate(count as usize);
        Ok(slots)
    }

    /// `C_GetSlotInfo`.
    pub(in crate::token) fn slot_info(&self, slot: CK_SLOT_ID) -> Result<CK_SLOT_INFO, CallError> {
        let mut info = CK_SLOT_INFO::default();
        call!(self, C_GetSlotInfo(slot, &mut info))?;
        Ok(info)
    }

    /// `C_GetTokenInfo`.
    pub(in crate::token) fn token_info(
        &self,
        slot: CK_SLOT_ID,
    ) -> Result<CK_TOKEN_INFO, CallError> {
        let mut info = CK_TOKEN_INFO::default();
        call!(self, C_GetTokenInfo(slot, &mut info))?;
        Ok(info)
    }

    /// `C_GetMechanismList`.
    pub(in crate::token) fn mechanisms(
        &self,
        slot: CK_SLOT_ID,
    ) -> Result<Vec<CK_MECHANISM_TYPE>, CallError> {
        let mut count = 0;
        call!(self, C_GetMechanismList(slot, null_mut(), &mut count))?;
        let mut mechanisms = vec![0; count as usize];
        call!(
            self,
            C_GetMechanismList(slot, mechanisms.as_mut_ptr(), &mut count)
        )?;
        mechanisms.truncate(count as usize);
        Ok(mechanisms)
    }

    /// `C_GetMechanismInfo`.
    pub(in crate::token) fn mechanism_info(
        &self,
        slot: CK_SLOT_ID,
        mechanism: CK_MECHANISM_TYPE,
    ) -> Result<CK_MECHANISM_INFO, CallError> {
        let mut info = CK_MECHANISM_INFO::default();
        call!(self, C_GetMechanismInfo(slot, mechanism, &mut info))?;
        Ok(info)
    }

    /// `C_InitToken`; with no PIN the reader asks for it itself. `label` is padded with blanks to 32
    /// bytes.
    pub(in crate::token) fn init_token(
        &self,
        slot: CK_SLOT_ID,
        so_pin: Option<&[u8]>,
        label: &str,
    ) -> Result<(), CallError> {
        let caller = self.caller().with_pin(so_pin);
        let mut so_pin = so_pin.map(|pin| Zeroizing::new(pin.to_vec()));
        let (place, len) = raw_pin(&mut so_pin);
        let mut padded = [b' '; 32];
        for (to, from) in padded.iter_mut().zip(label.bytes()) {
            *to = from;
        }
        call!(caller, C_InitToken(slot, place, len, padded.as_mut_ptr()))
    }
}
