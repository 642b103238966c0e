//! From [`Uri`] to text.

use std::fmt;

use super::percent::{encode, encode_all, is_path_char, is_query_char};
use super::{ObjectType, Uri};

impl ObjectType {
    pub(super) const ALL: [Self; 5] = [
        Self::Public,
        Self::Private,
        Self::Cert,
        Self::SecretKey,
        Self::Data,
    ];

    /// The value as RFC 7512 spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Cert => "cert",
            Self::SecretKey => "secret-key",
            Self::Data => "data",
        }
    }
}

impl Uri {
    fn path(&self) -> String {
        let text = |name, value: &Option<String>| {
            let value = value.as_ref()?;
            Some(format!("{name}={}", encode(value.as_bytes(), is_path_char)))
        };
        let slot_id = self.slot_id.map(|id| format!("slot-id={id}"));
        let version = self
            .library_version
            .map(|(major, minor)| format!("library-version={major}.{minor}"));
        let object_type = self
            .object_type
            .map(|object_type| format!("type={}", object_type.as_str()));
        let id = self.id.as_ref().map(|id| format!("id={}", encode_all(id)));
        let vendor = self.vendor.iter();
        let attributes = [
            text("token", &self.token),
            text("manufacturer", &self.manufacturer),
            text("serial", &self.serial),
            text("model", &self.model),
            slot_id,
            text("slot-manufacturer", &self.slot_manufacturer),
            text("slot-description", &self.slot_description),
            text("library-manufacturer", &self.library_manufacturer),
            version,
            text("library-description", &self.library_description),
            text("object", &self.object),
            object_type,
            id,
        ];
        let attributes = attributes.into_iter().flatten();
        let vendor = vendor
            .map(|(name, value)| format!("{name}={}", encode(value.as_bytes(), is_path_char)));
        attributes.chain(vendor).collect::<Vec<_>>().join(";")
    }

    fn query(&self) -> String {
        let attributes = [
            ("pin-source", &self.pin_source),
            ("module-name", &self.module_name),
            ("module-path", &self.module_path),
        ];
        let present = attributes.into_iter().filter_map(|(name, value)| {
            let value = value.as_ref()?;
            Some(format!(
                "{name}={}",
                encode(value.as_bytes(), is_query_char)
            ))
        });
        present.collect::<Vec<_>>().join("&")
    }
}

/// The canonical form: known attributes in a fixed order, then the unknown ones, then the query.
impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.short_name {
            return f.write_str(name);
        }
        write!(f, "pkcs11:{}", self.path())?;
        match self.query() {
            query if query.is_empty() => Ok(()),
            query => write!(f, "?{query}"),
        }
    }
}

/// Shows only the path: a `pin-source` may be a PIN that was put in the wrong place.
impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uri(pkcs11:{})", self.path())
    }
}

#[cfg(test)]
mod tests;
