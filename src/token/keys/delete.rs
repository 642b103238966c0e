use cryptoki::object::ObjectClass;
use cryptoki_sys::CK_OBJECT_HANDLE;

use crate::envelope::PublicKey;
use crate::token::session::open::{Mode, no_private_key};
use crate::token::{ResultKey, Session, TokenError};

impl Session {
    /// Removes the key pair with the public key of `key` from the token of this logged-in
    /// session, for good.
    ///
    /// # Errors
    /// When the token does not allow it.
    pub fn delete(&self, key: &ResultKey) -> Result<(), TokenError> {
        // The login is the token's, so that the new session has it too.
        Self::open_as(&self.module, &self.token, Mode::Write)?.destroy_pair(key)
    }

    /// Destroys the private object of `key` and its public object. Handles are looked up here,
    /// because those in `key` may be of another session; where a private one is not seen any more,
    /// nothing is destroyed, as the key would still be there.
    pub(in crate::token) fn destroy_pair(&self, key: &ResultKey) -> Result<(), TokenError> {
        let private = self.objects_of(ObjectClass::PRIVATE_KEY, key)?;
        if key.has_private() && private.is_empty() {
            return Err(no_private_key());
        }
        let public = self.objects_of(ObjectClass::PUBLIC_KEY, key)?;
        for handle in private.into_iter().chain(public) {
            self.raw.destroy(handle)?;
        }
        Ok(())
    }

    /// The objects of `class` that are of `key`: two keys may share an id, and the modulus counts.
    fn objects_of(
        &self,
        class: ObjectClass,
        key: &ResultKey,
    ) -> Result<Vec<CK_OBJECT_HANDLE>, TokenError> {
        let mut found = self.find(class, Some(&key.id))?;
        let is_of_key = |it: PublicKey| it == key.public;
        found.retain(|&handle| self.components(handle).is_none_or(is_of_key));
        Ok(found)
    }
}
