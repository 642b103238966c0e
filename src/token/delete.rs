use cryptoki::object::ObjectClass;

use super::session::Mode;
use super::{ResultKey, Session, TokenError};

impl Session {
    /// Removes the key pair with the public half of `key` from the token of this logged-in
    /// session, for good.
    ///
    /// # Errors
    /// When the token does not allow it.
    pub fn delete(&self, key: &ResultKey) -> Result<(), TokenError> {
        // The login is the token's, so that the new session has it too.
        Self::open_as(&self.module, &self.token, Mode::Write)?.destroy_pair(key)
    }

    /// Destroys the private object of `key` and its public object. Handles are looked up here,
    /// because those in `key` may be of another session.
    pub(super) fn destroy_pair(&self, key: &ResultKey) -> Result<(), TokenError> {
        let id = Some(key.id.as_slice());
        for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
            for handle in self.find(class, id)? {
                // Two keys may share an id: the modulus counts.
                if self
                    .components(handle)
                    .is_none_or(|public| public == key.public)
                {
                    self.raw.destroy(handle)?;
                }
            }
        }
        Ok(())
    }
}
