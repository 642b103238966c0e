//! PKCS#11 URIs (RFC 7512): how tokens and keys are named on the command line, in files and in messages.
//!
//! The path part says *which* token or key; the query part says *how* to reach it. A PIN is never
//! taken from a URI: `pin-value` is refused while parsing, so no [`Uri`] can hold one.

mod construct;
mod display;
mod error;
mod matching;
mod parse;
mod percent;
mod pin_source;
mod short_name;

pub use error::UriError;
pub use matching::{LibraryFields, SlotFields, TokenFields};

/// A PKCS#11 URI. An attribute that is absent does not restrict what the URI names; one that is
/// present but empty names only things whose own value is empty.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Uri {
    /// `token`: the token's label.
    pub token: Option<String>,
    /// `manufacturer`: the token's manufacturer.
    pub manufacturer: Option<String>,
    /// `serial`: the token's serial number.
    pub serial: Option<String>,
    /// `model`: the token's model.
    pub model: Option<String>,
    /// `slot-id`: the number of the slot, which no module promises to keep.
    pub slot_id: Option<u64>,
    /// `slot-manufacturer`: the slot's manufacturer.
    pub slot_manufacturer: Option<String>,
    /// `slot-description`: the slot's description.
    pub slot_description: Option<String>,
    /// `library-manufacturer`: who made the module.
    pub library_manufacturer: Option<String>,
    /// `library-version`: the module's version, major and minor.
    pub library_version: Option<(u8, u8)>,
    /// `library-description`: what the module calls itself.
    pub library_description: Option<String>,
    /// `object`: the object's label.
    pub object: Option<String>,
    /// `type`: the object's class.
    pub object_type: Option<ObjectType>,
    /// `id`: the object's id, as bytes.
    pub id: Option<Vec<u8>>,
    /// `pin-source`: where the PIN is; read it through [`Uri::pin_file`].
    pub pin_source: Option<String>,
    /// `module-path`: the module's file.
    pub module_path: Option<String>,
    /// `module-name`: the module's name without path, prefix and suffix.
    pub module_name: Option<String>,
    /// Path attributes that RFC 7512 does not define, in the order they came.
    vendor: Vec<(String, String)>,
    /// What a person called the object in place of a URI.
    short_name: Option<String>,
}

/// The values of the `type` attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ObjectType {
    /// `public`: a public key.
    Public,
    /// `private`: a private key.
    Private,
    /// `cert`: a certificate.
    Cert,
    /// `secret-key`: a symmetric key.
    SecretKey,
    /// `data`: a data object.
    Data,
}

impl Uri {
    /// Returns the URI without its query part: its path names the object, the query says how to reach it.
    pub fn identity(&self) -> Self {
        Self {
            pin_source: None,
            module_path: None,
            module_name: None,
            ..self.clone()
        }
    }

    /// Whether it names a token or its slot, and not only what is on one.
    pub fn names_token(&self) -> bool {
        self.token.is_some() || self.serial.is_some() || self.slot_id.is_some()
    }

    /// Whether it can name the public or the private key of a pair.
    pub(crate) fn names_key_pair(&self) -> bool {
        matches!(
            self.object_type,
            None | Some(ObjectType::Private | ObjectType::Public)
        )
    }

    /// Whether the path holds an attribute this program does not know. RFC 7512 demands that such a
    /// URI matches nothing, for the attribute might have excluded any candidate.
    pub fn matches_nothing(&self) -> bool {
        !self.vendor.is_empty()
    }
}
