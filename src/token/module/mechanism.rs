use cryptoki::mechanism::MechanismType;
use cryptoki_sys::{CK_MECHANISM_TYPE, CKF_DECRYPT, CKF_GENERATE_KEY_PAIR};

use crate::token::{Module, TokenError, TokenInfo};

/// A mechanism of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mechanism {
    /// The name in the standard, or its number.
    pub name: String,
    /// Smallest and largest key; in bits for RSA, in what the mechanism counts for others.
    pub key_size: (usize, usize),
    /// Whether it decrypts.
    pub decrypt: bool,
    /// Whether it makes key pairs.
    pub generate_key_pair: bool,
}

impl Module {
    /// The mechanisms of `token`. One whose information cannot be read is left out.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn mechanisms(&self, token: &TokenInfo) -> Result<Vec<Mechanism>, TokenError> {
        let kinds = self.table.mechanisms(token.slot)?;
        Ok(kinds
            .into_iter()
            .filter_map(|kind| self.mechanism(token, kind))
            .collect())
    }

    fn mechanism(&self, token: &TokenInfo, kind: CK_MECHANISM_TYPE) -> Option<Mechanism> {
        let info = self.table.mechanism_info(token.slot, kind).ok()?;
        let name = MechanismType::try_from(kind).map(|kind| kind.to_string());
        Some(Mechanism {
            name: name.unwrap_or_else(|_| format!("0x{kind:08x}")),
            key_size: (info.ulMinKeySize as usize, info.ulMaxKeySize as usize),
            decrypt: info.flags & CKF_DECRYPT != 0,
            generate_key_pair: info.flags & CKF_GENERATE_KEY_PAIR != 0,
        })
    }
}
