use cryptoki::mechanism::MechanismType;

use super::{Module, TokenError, TokenInfo};

/// One mechanism of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mechanism {
    /// Its name in the standard, or its number.
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
        let kinds = self.pkcs11.get_mechanism_list(token.slot)?;
        Ok(kinds
            .into_iter()
            .filter_map(|kind| self.mechanism(token, kind))
            .collect())
    }

    fn mechanism(&self, token: &TokenInfo, kind: MechanismType) -> Option<Mechanism> {
        let info = self.pkcs11.get_mechanism_info(token.slot, kind).ok()?;
        Some(Mechanism {
            name: kind.to_string(),
            key_size: (info.min_key_size(), info.max_key_size()),
            decrypt: info.decrypt(),
            generate_key_pair: info.generate_key_pair(),
        })
    }
}
