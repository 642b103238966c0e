use std::fmt;

use bytes::Bytes;
use zeroize::Zeroizing;

use super::error::SmsError;
use crate::http::HeaderValue;

/// Digits of a signature: r, s and v.
const DIGITS: usize = 2 * 65;

/// The value of the `Authorization` header: a signature that holds for ever and on every SMS, so whoever sees it can
/// publish this value again. It is shown nowhere, and wiped when the last user of it is gone; what the
/// HTTP and TLS libraries copy into their own buffers on the way out is beyond it.
#[derive(Clone)]
pub struct Authorization(Bytes);

impl Authorization {
    /// Takes a signature: `0x` and 130 hexadecimal digits.
    ///
    /// # Errors
    /// [`SmsError::Signature`] when it is anything else.
    pub fn new(signature: Zeroizing<String>) -> Result<Self, SmsError> {
        let digits = signature.strip_prefix("0x").unwrap_or_default();
        if digits.len() != DIGITS || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(SmsError::Signature);
        }
        Ok(Self(Bytes::from_owner(Bare(signature))))
    }

    /// The header's value, which shares these bytes and is marked as sensitive.
    pub(super) fn header(&self) -> Result<HeaderValue, SmsError> {
        let mut value =
            HeaderValue::from_maybe_shared(self.0.clone()).map_err(|_| SmsError::Signature)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorization(..)")
    }
}

struct Bare(Zeroizing<String>);

impl AsRef<[u8]> for Bare {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(digits: &str) -> Zeroizing<String> {
        Zeroizing::new(format!("0x{digits}"))
    }

    #[test]
    fn it_is_sent_as_it_is_and_shown_nowhere() {
        let digits = "5e".repeat(65);
        let authorization = Authorization::new(signature(&digits)).unwrap();
        let header = authorization.header().unwrap();
        assert_eq!(header.as_bytes(), format!("0x{digits}").as_bytes());
        assert!(header.is_sensitive());
        for shown in [format!("{authorization:?}"), format!("{header:?}")] {
            assert!(!shown.contains("5e"), "{shown}");
        }
    }

    #[test]
    fn the_header_shares_the_bytes_that_are_wiped() {
        let authorization = Authorization::new(signature(&"5e".repeat(65))).unwrap();
        let header = authorization.header().unwrap();
        assert_eq!(header.as_bytes().as_ptr(), authorization.0.as_ptr());
    }

    #[test]
    fn another_form_is_refused() {
        for digits in [
            "",
            "5e",
            &"5e".repeat(66),
            &"5g".repeat(65),
            &"é".repeat(65),
        ] {
            assert!(matches!(
                Authorization::new(signature(digits)),
                Err(SmsError::Signature)
            ));
        }
        let bare = Zeroizing::new("5e".repeat(66));
        assert!(Authorization::new(bare).is_err());
    }
}
