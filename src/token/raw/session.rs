use std::any::Any;
use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::null_mut;
use std::sync::Arc;

use cryptoki::error::{Rv, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectClass};
use cryptoki_sys::{
    CK_ATTRIBUTE, CK_FLAGS, CK_MECHANISM, CK_OBJECT_HANDLE, CK_SESSION_HANDLE, CK_SLOT_ID,
    CK_ULONG, CK_USER_TYPE, CKF_RW_SESSION, CKF_SERIAL_SESSION,
};
use zeroize::Zeroizing;

use super::{CallError, CalledToken, Caller, Table, call, own_pin, raw_pin, ulong};

/// Room for one attribute: more than any modulus has, and a length that none has, so that a
/// module which leaves the length untouched is noticed.
const ROOM: usize = 4099;

/// Room for one signature.
const SIGNATURE_ROOM: usize = 256;

/// Objects asked for in one `C_FindObjects`.
const BATCH: usize = 64;

/// A session. Closed when dropped.
pub(in crate::token) struct RawSession {
    table: Arc<Table>,
    token: Arc<CalledToken>,
    handle: CK_SESSION_HANDLE,
    closed: bool,
    /// The failure of a call whose caller takes no answer for an answer.
    unheard: Cell<Option<CallError>>,
    /// A session has one operation at a time, so that threads cannot share it.
    _not_sync: PhantomData<Cell<()>>,
}

impl RawSession {
    /// `C_OpenSession`. `token` is told to whoever watches the session's calls.
    pub(in crate::token) fn open(
        table: &Arc<Table>,
        slot: CK_SLOT_ID,
        token: CalledToken,
        writable: bool,
    ) -> Result<Self, CallError> {
        let flags: CK_FLAGS = CKF_SERIAL_SESSION | if writable { CKF_RW_SESSION } else { 0 };
        let token = Arc::new(token);
        let caller = Caller {
            token: Some(&token),
            ..table.caller()
        };
        let mut handle = 0;
        call!(
            caller,
            C_OpenSession(slot, flags, null_mut(), None, &mut handle)
        )?;
        table.sessions().push(handle);
        Ok(Self {
            table: table.clone(),
            token,
            handle,
            closed: false,
            unheard: Cell::new(None),
            _not_sync: PhantomData,
        })
    }

    fn caller(&self) -> Caller<'_> {
        Caller {
            token: Some(&self.token),
            ..self.table.caller()
        }
    }

    /// Tells whoever watches of something that is done in several calls; it ends with the value.
    pub(in crate::token) fn watch(&self, what: &'static str) -> Option<Box<dyn Any>> {
        self.caller().begin(what)
    }

    /// `C_Login`; with no PIN the reader asks for it itself.
    pub(in crate::token) fn login(
        &self,
        user: CK_USER_TYPE,
        pin: Option<&[u8]>,
    ) -> Result<(), CallError> {
        let caller = self.caller().with_pin(pin);
        let mut pin = pin.map(own_pin);
        let (place, len) = raw_pin(&mut pin);
        call!(caller, C_Login(self.handle, user, place, len))
    }

    /// `C_Logout`.
    pub(in crate::token) fn logout(&self) -> Result<(), CallError> {
        call!(self, C_Logout(self.handle))
    }

    /// `C_GenerateRandom` of one byte, which is not looked at.
    pub(in crate::token) fn random_byte(&self) -> Result<(), CallError> {
        let mut byte = [0];
        call!(self, C_GenerateRandom(self.handle, byte.as_mut_ptr(), 1))
    }

    /// Begins and ends a search for private keys, which finds nothing.
    pub(in crate::token) fn begin_search(&self) -> Result<(), CallError> {
        let private = [Attribute::Class(ObjectClass::PRIVATE_KEY)];
        let mut template = to_raw(&private);
        let (place, len) = (template.as_mut_ptr(), ulong(template.len()));
        call!(self, C_FindObjectsInit(self.handle, place, len))?;
        call!(self, C_FindObjectsFinal(self.handle))
    }

    /// `C_InitPIN`; with no PIN the reader asks for it itself.
    pub(in crate::token) fn init_pin(&self, pin: Option<&[u8]>) -> Result<(), CallError> {
        let caller = self.caller().with_pin(pin);
        let mut pin = pin.map(own_pin);
        let (place, len) = raw_pin(&mut pin);
        call!(caller, C_InitPIN(self.handle, place, len))
    }

    /// `C_SetPIN`; with no PINs the reader asks for them itself.
    pub(in crate::token) fn set_pin(
        &self,
        old: Option<&[u8]>,
        new: Option<&[u8]>,
    ) -> Result<(), CallError> {
        let caller = self.caller().with_pin(old);
        let (mut old, mut new) = (old.map(own_pin), new.map(own_pin));
        let (old, old_len) = raw_pin(&mut old);
        let (new, new_len) = raw_pin(&mut new);
        call!(caller, C_SetPIN(self.handle, old, old_len, new, new_len))
    }

    /// `C_FindObjects`: all objects that have the attributes of `template`.
    pub(in crate::token) fn find(
        &self,
        template: &[Attribute],
    ) -> Result<Vec<CK_OBJECT_HANDLE>, CallError> {
        let mut template = to_raw(template);
        let (place, len) = (template.as_mut_ptr(), ulong(template.len()));
        call!(self, C_FindObjectsInit(self.handle, place, len))?;
        let found = self.found();
        // Even after a failure, or the session stays in the search.
        let ended = call!(self, C_FindObjectsFinal(self.handle));
        found.and_then(|found| ended.map(|()| found))
    }

    fn found(&self) -> Result<Vec<CK_OBJECT_HANDLE>, CallError> {
        let mut all = Vec::new();
        loop {
            let mut batch = [0; BATCH];
            let mut count = 0;
            call!(
                self,
                C_FindObjects(self.handle, batch.as_mut_ptr(), ulong(BATCH), &mut count)
            )?;
            let count = (count as usize).min(BATCH);
            all.extend_from_slice(&batch[..count]);
            if count == 0 {
                return Ok(all);
            }
        }
    }

    /// The failure that nobody was told of since this was asked last.
    pub(in crate::token) fn take_unheard(&self) -> Option<CallError> {
        self.unheard.take()
    }

    /// Keeps a failure that its caller does not tell of.
    pub(in crate::token) fn keep_unheard(&self, error: CallError) {
        self.unheard.set(Some(self.unheard.take().unwrap_or(error)));
    }

    /// `C_GetAttributeValue` of one attribute, since one that a token does not like may spoil the
    /// call for all. `None` where the length is left untouched or said to be unavailable.
    pub(in crate::token) fn attribute(
        &self,
        object: CK_OBJECT_HANDLE,
        kind: AttributeType,
    ) -> Result<Option<Vec<u8>>, CallError> {
        let mut value = vec![0; ROOM];
        let mut attribute = CK_ATTRIBUTE {
            type_: kind.into(),
            pValue: value.as_mut_ptr().cast(),
            ulValueLen: ulong(ROOM),
        };
        call!(
            self,
            C_GetAttributeValue(self.handle, object, &mut attribute, 1)
        )?;
        Ok(usize::try_from(attribute.ulValueLen)
            .ok()
            .filter(|&len| len < ROOM)
            .map(|len| {
                value.truncate(len);
                value
            }))
    }

    /// `C_SetAttributeValue` of one attribute.
    pub(in crate::token) fn set(
        &self,
        object: CK_OBJECT_HANDLE,
        attribute: &Attribute,
    ) -> Result<(), CallError> {
        let mut raw = CK_ATTRIBUTE::from(attribute);
        call!(self, C_SetAttributeValue(self.handle, object, &mut raw, 1))
    }

    /// `C_GenerateKeyPair`; returns the private key.
    pub(in crate::token) fn generate_key_pair(
        &self,
        mechanism: &Mechanism<'_>,
        public: &[Attribute],
        private: &[Attribute],
    ) -> Result<CK_OBJECT_HANDLE, CallError> {
        let mut mechanism = CK_MECHANISM::from(mechanism);
        let (mut public, mut private) = (to_raw(public), to_raw(private));
        let mut handles = (0, 0);
        call!(
            self,
            C_GenerateKeyPair(
                self.handle,
                &mut mechanism,
                public.as_mut_ptr(),
                ulong(public.len()),
                private.as_mut_ptr(),
                ulong(private.len()),
                &mut handles.0,
                &mut handles.1,
            )
        )?;
        Ok(handles.1)
    }

    /// `C_CreateObject`.
    pub(in crate::token) fn create(
        &self,
        template: &[Attribute],
    ) -> Result<CK_OBJECT_HANDLE, CallError> {
        let mut template = to_raw(template);
        let (place, len) = (template.as_mut_ptr(), ulong(template.len()));
        let mut handle = 0;
        call!(self, C_CreateObject(self.handle, place, len, &mut handle))?;
        Ok(handle)
    }

    /// `C_DestroyObject`.
    pub(in crate::token) fn destroy(&self, object: CK_OBJECT_HANDLE) -> Result<(), CallError> {
        call!(self, C_DestroyObject(self.handle, object))
    }

    /// `C_DecryptInit`.
    pub(in crate::token) fn decrypt_init(
        &self,
        mechanism: &Mechanism<'_>,
        key: CK_OBJECT_HANDLE,
    ) -> Result<(), CallError> {
        let mut mechanism = CK_MECHANISM::from(mechanism);
        call!(self, C_DecryptInit(self.handle, &mut mechanism, key))
    }

    /// Makes one `C_Decrypt`, with a buffer as large as `ciphertext`, so that no module finds it too
    /// small and none is asked for the length.
    pub(in crate::token) fn decrypt(
        &self,
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CallError> {
        let mut input = ciphertext.to_vec();
        let mut output = Zeroizing::new(vec![0; ciphertext.len()]);
        let mut len: CK_ULONG = ulong(output.len());
        let (from, to) = (input.as_mut_ptr(), output.as_mut_ptr());
        call!(
            self,
            C_Decrypt(self.handle, from, ulong(input.len()), to, &mut len)
        )?;
        // A module that claims more than the buffer holds has not written it: keep what is there.
        output.truncate(usize::try_from(len).unwrap_or(usize::MAX));
        Ok(output)
    }

    /// `C_UnwrapKey`: a new object that has the attributes of `template`.
    pub(in crate::token) fn unwrap_key(
        &self,
        mechanism: &Mechanism<'_>,
        key: CK_OBJECT_HANDLE,
        wrapped: &[u8],
        template: &[Attribute],
    ) -> Result<CK_OBJECT_HANDLE, CallError> {
        let mut mechanism = CK_MECHANISM::from(mechanism);
        let mut input = wrapped.to_vec();
        let mut template = to_raw(template);
        let mut handle = 0;
        call!(
            self,
            C_UnwrapKey(
                self.handle,
                &mut mechanism,
                key,
                input.as_mut_ptr(),
                ulong(input.len()),
                template.as_mut_ptr(),
                ulong(template.len()),
                &mut handle,
            )
        )?;
        Ok(handle)
    }

    /// `C_SignInit`.
    pub(in crate::token) fn sign_init(
        &self,
        mechanism: &Mechanism<'_>,
        key: CK_OBJECT_HANDLE,
    ) -> Result<(), CallError> {
        let mut mechanism = CK_MECHANISM::from(mechanism);
        call!(self, C_SignInit(self.handle, &mut mechanism, key))
    }

    /// Makes one `C_Sign`, with a buffer larger than the signature of any curve, so that no module finds
    /// it too small and none is asked for the length.
    pub(in crate::token) fn sign(&self, data: &[u8]) -> Result<Zeroizing<Vec<u8>>, CallError> {
        let mut input = data.to_vec();
        let mut output = Zeroizing::new(vec![0; SIGNATURE_ROOM]);
        let mut len: CK_ULONG = ulong(output.len());
        let (from, to) = (input.as_mut_ptr(), output.as_mut_ptr());
        call!(
            self,
            C_Sign(self.handle, from, ulong(input.len()), to, &mut len)
        )?;
        // As for `decrypt`.
        output.truncate(usize::try_from(len).unwrap_or(usize::MAX));
        Ok(output)
    }

    /// Closes it before it is dropped. Nothing more can be asked of it.
    pub(in crate::token) fn close_now(&mut self) {
        if !std::mem::replace(&mut self.closed, true) {
            // One that is closed already, or whose device is gone, needs nothing more.
            let _ = self.close();
        }
    }

    fn close(&self) -> Result<(), CallError> {
        let closed = call!(self, C_CloseSession(self.handle));
        self.table.sessions().retain(|it| *it != self.handle);
        closed
    }
}

impl Drop for RawSession {
    fn drop(&mut self) {
        self.close_now();
    }
}

/// `template` as the standard's structures, which point into it.
fn to_raw(template: &[Attribute]) -> Vec<CK_ATTRIBUTE> {
    template.iter().map(CK_ATTRIBUTE::from).collect()
}
