//! Making of URIs that name what is there.

use super::matching::{TokenFields, unpadded};
use super::{ObjectType, Uri};

impl Uri {
    /// The URI that names a token wherever it is plugged in: fields the token leaves blank, and the
    /// slot's number, are left out.
    pub fn for_token(token: &TokenFields<'_>) -> Self {
        let field = |value: &str| {
            let value = unpadded(value);
            (!value.is_empty()).then(|| value.to_owned())
        };
        Self {
            token: field(token.label),
            manufacturer: field(token.manufacturer),
            serial: field(token.serial),
            model: field(token.model),
            ..Self::default()
        }
    }

    /// The URI that names whatever token has this label.
    pub fn for_label(label: &str) -> Self {
        Self::for_token(&TokenFields {
            label,
            ..TokenFields::default()
        })
    }

    /// The URI that names a private key on its token. An empty id or label is left out.
    pub fn for_key(token: &TokenFields<'_>, id: &[u8], label: &str) -> Self {
        Self {
            object: (!label.is_empty()).then(|| label.to_owned()),
            object_type: Some(ObjectType::Private),
            id: (!id.is_empty()).then(|| id.to_vec()),
            ..Self::for_token(token)
        }
    }
}
