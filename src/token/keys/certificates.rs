//! The certificates on a token, whatever they are of.

use cryptoki::object::{Attribute, AttributeType, ObjectClass};

use crate::token::keys::attributes::bytes;
use crate::token::{Session, TokenError};

/// As many as are read; no device has so many.
const MOST: usize = 256;

impl Session {
    /// The values of all certificates that the token shows, in DER.
    ///
    /// # Errors
    /// When the search fails.
    pub fn certificates(&self) -> Result<Vec<Vec<u8>>, TokenError> {
        let found = self
            .raw
            .find(&[Attribute::Class(ObjectClass::CERTIFICATE)])?;
        let values = found.into_iter().take(MOST);
        Ok(values
            .filter_map(|it| bytes(&self.raw, it, AttributeType::Value))
            .collect())
    }
}
