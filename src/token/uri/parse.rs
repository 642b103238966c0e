//! From text to [`Uri`].

use std::str::FromStr;

use super::percent::{self, DecodeError};
use super::{ObjectType, Uri, UriError};

const SCHEME: &str = "pkcs11:";
const VENDOR: &str = "a vendor attribute";
const PATH_ATTRIBUTES: [&str; 13] = [
    "token",
    "manufacturer",
    "serial",
    "model",
    "slot-id",
    "slot-manufacturer",
    "slot-description",
    "library-manufacturer",
    "library-version",
    "library-description",
    "object",
    "type",
    "id",
];
const QUERY_ATTRIBUTES: [&str; 3] = ["pin-source", "module-path", "module-name"];

impl FromStr for Uri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        let rest = strip_scheme(text).ok_or(UriError::Scheme)?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut uri = Self::default();
        for part in parts(path, ';') {
            let (name, value) = name_and_value(part)?;
            set_path_attribute(&mut uri, name, value)?;
        }
        for part in parts(query, '&') {
            let (name, value) = name_and_value(part)?;
            set_query_attribute(&mut uri, name, value)?;
        }
        Ok(uri)
    }
}

fn strip_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_at_checked(SCHEME.len())?;
    scheme.eq_ignore_ascii_case(SCHEME).then_some(rest)
}

fn parts(component: &str, separator: char) -> impl Iterator<Item = &str> {
    // An empty component has no parts; an empty part within one is an error of its own.
    component
        .split(separator)
        .filter(move |_| !component.is_empty())
}

fn name_and_value(part: &str) -> Result<(&str, &str), UriError> {
    let (name, value) = part.split_once('=').ok_or(UriError::NotAnAttribute)?;
    let is_name_char = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if name.is_empty() || !name.bytes().all(is_name_char) {
        return Err(UriError::Name);
    }
    // Whatever its letter case and place, this is somebody's PIN.
    if name.eq_ignore_ascii_case("pin-value") {
        return Err(UriError::PinValue);
    }
    Ok((name, value))
}

fn set_path_attribute(uri: &mut Uri, name: &str, value: &str) -> Result<(), UriError> {
    let Some(attribute) = known(name, &PATH_ATTRIBUTES) else {
        return match known(name, &QUERY_ATTRIBUTES) {
            Some(attribute) => Err(UriError::Misplaced { attribute }),
            None => add_vendor_attribute(uri, name, value),
        };
    };
    let bytes = || decode(attribute, value, percent::is_path_char);
    let text = || bytes().and_then(|bytes| utf8(attribute, bytes));
    match attribute {
        "token" => set(&mut uri.token, attribute, text()?),
        "manufacturer" => set(&mut uri.manufacturer, attribute, text()?),
        "serial" => set(&mut uri.serial, attribute, text()?),
        "model" => set(&mut uri.model, attribute, text()?),
        "slot-id" => set(&mut uri.slot_id, attribute, slot_id(&text()?)?),
        "slot-manufacturer" => set(&mut uri.slot_manufacturer, attribute, text()?),
        "slot-description" => set(&mut uri.slot_description, attribute, text()?),
        "library-manufacturer" => set(&mut uri.library_manufacturer, attribute, text()?),
        "library-version" => set(&mut uri.library_version, attribute, version(&text()?)?),
        "library-description" => set(&mut uri.library_description, attribute, text()?),
        "object" => set(&mut uri.object, attribute, text()?),
        "type" => set(&mut uri.object_type, attribute, object_type(&text()?)?),
        _ => set(&mut uri.id, attribute, bytes()?),
    }
}

fn set_query_attribute(uri: &mut Uri, name: &str, value: &str) -> Result<(), UriError> {
    let Some(attribute) = known(name, &QUERY_ATTRIBUTES) else {
        // RFC 7512 ignores unknown query attributes, but to ignore `?id=` would widen what is named.
        return match known(name, &PATH_ATTRIBUTES) {
            Some(attribute) => Err(UriError::Misplaced { attribute }),
            None => decode(VENDOR, value, percent::is_query_char).map(drop),
        };
    };
    let text = utf8(attribute, decode(attribute, value, percent::is_query_char)?)?;
    match attribute {
        "pin-source" => set(&mut uri.pin_source, attribute, text),
        "module-path" => set(&mut uri.module_path, attribute, text),
        _ => set(&mut uri.module_name, attribute, text),
    }
}

fn add_vendor_attribute(uri: &mut Uri, name: &str, value: &str) -> Result<(), UriError> {
    if uri.vendor.iter().any(|(other, _)| other == name) {
        return Err(UriError::Duplicate { attribute: VENDOR });
    }
    let value = utf8(VENDOR, decode(VENDOR, value, percent::is_path_char)?)?;
    uri.vendor.push((name.to_owned(), value));
    Ok(())
}

fn known(name: &str, attributes: &[&'static str]) -> Option<&'static str> {
    attributes
        .iter()
        .copied()
        .find(|attribute| *attribute == name)
}

fn set<T>(field: &mut Option<T>, attribute: &'static str, value: T) -> Result<(), UriError> {
    match field.replace(value) {
        None => Ok(()),
        Some(_) => Err(UriError::Duplicate { attribute }),
    }
}

fn decode(
    attribute: &'static str,
    value: &str,
    allowed: fn(u8) -> bool,
) -> Result<Vec<u8>, UriError> {
    percent::decode(value, allowed).map_err(|error| match error {
        DecodeError::Escape => UriError::Escape { attribute },
        DecodeError::Unencoded(character) => UriError::Unencoded {
            attribute,
            character,
        },
    })
}

fn utf8(attribute: &'static str, bytes: Vec<u8>) -> Result<String, UriError> {
    String::from_utf8(bytes).map_err(|_| UriError::NotUtf8 { attribute })
}

fn slot_id(text: &str) -> Result<u64, UriError> {
    decimal(text).ok_or(UriError::SlotId)
}

fn version(text: &str) -> Result<(u8, u8), UriError> {
    let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
    decimal(major)
        .zip(decimal(minor))
        .ok_or(UriError::LibraryVersion)
}

/// Digits only: Rust's own parsers would also take a `+`.
fn decimal<T: FromStr>(text: &str) -> Option<T> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

fn object_type(text: &str) -> Result<ObjectType, UriError> {
    let mut types = ObjectType::ALL.into_iter();
    types
        .find(|candidate| candidate.as_str() == text)
        .ok_or(UriError::Type)
}

#[cfg(test)]
mod tests;
