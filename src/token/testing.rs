//! Tokens and keys that need no module.
#![allow(clippy::unwrap_used)]

use cryptoki_sys::{CK_FLAGS, CK_TOKEN_INFO, CKF_LOGIN_REQUIRED, CKF_TOKEN_INITIALIZED};

use super::module::token_info::SlotInfo;
use super::{ResultKey, TokenInfo};
use crate::envelope::PublicKey;

/// The flags of a token that is set up, but for those of its PIN.
pub(super) const SET_UP: CK_FLAGS = CKF_TOKEN_INITIALIZED | CKF_LOGIN_REQUIRED;

/// `text` in a field that is padded with `pad`.
pub(super) fn field<const N: usize>(text: &str, pad: u8) -> [u8; N] {
    let mut field = [pad; N];
    field[..text.len()].copy_from_slice(text.as_bytes());
    field
}

pub(super) fn token(label: &str, serial: &str, flags: CK_FLAGS) -> TokenInfo {
    let raw = CK_TOKEN_INFO {
        label: field(label, b' '),
        serialNumber: field(serial, b' '),
        flags,
        ..CK_TOKEN_INFO::default()
    };
    TokenInfo::new(7, &raw, SlotInfo::default())
}

pub(super) fn key(id: &[u8], label: &str) -> ResultKey {
    ResultKey {
        private: Some(1),
        id: id.to_vec(),
        label: label.to_owned(),
        public: PublicKey::from_components(&[0xC1; 256], &[1, 0, 1]).unwrap(),
        always_authenticate: false,
        allowed: Vec::new(),
        decrypts: true,
    }
}
