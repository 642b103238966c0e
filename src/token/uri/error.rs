//! The errors of a PKCS#11 URI.

use thiserror::Error;

/// A PKCS#11 URI that was refused. No variant carries a value of the URI, for a value in the wrong
/// place may be a PIN.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UriError {
    /// The text has another scheme, or none.
    #[error("not a PKCS#11 URI: it does not begin with `pkcs11:`")]
    Scheme,
    /// Between two separators there is no `name=value`.
    #[error(
        "the PKCS#11 URI has a part that is not `name=value`; separate path attributes by `;` and query attributes by `&`"
    )]
    NotAnAttribute,
    /// An attribute's name has a character outside letters, digits, `-` and `_`.
    #[error(
        "the PKCS#11 URI has an attribute whose name is not made of letters, digits, `-` and `_`"
    )]
    Name,
    /// An attribute stands twice in the same part.
    #[error("the PKCS#11 URI gives {attribute} twice; keep one")]
    Duplicate {
        /// The attribute's name.
        attribute: &'static str,
    },
    /// A `%` that two hexadecimal digits do not follow.
    #[error(
        "the PKCS#11 URI has a `%` without two hexadecimal digits after it in {attribute}; write `%` itself as `%25`"
    )]
    Escape {
        /// The attribute's name.
        attribute: &'static str,
    },
    /// A character that may only stand there percent-encoded.
    #[error(
        "the PKCS#11 URI has the character {character:?} in {attribute}; percent-encode it (a space is `%20`)"
    )]
    Unencoded {
        /// The attribute's name.
        attribute: &'static str,
        /// The offending character.
        character: char,
    },
    /// A text that is not UTF-8 once decoded.
    #[error("the PKCS#11 URI's {attribute} is not UTF-8; only `id` may hold other bytes")]
    NotUtf8 {
        /// The attribute's name.
        attribute: &'static str,
    },
    /// A `type` that RFC 7512 does not list.
    #[error("the PKCS#11 URI's type is none of public, private, cert, secret-key and data")]
    Type,
    /// A `slot-id` that is not a number.
    #[error("the PKCS#11 URI's slot-id is not a decimal number below 2^64")]
    SlotId,
    /// A `library-version` that is not `M` or `M.N`.
    #[error("the PKCS#11 URI's library-version is not `M` or `M.N` with numbers up to 255")]
    LibraryVersion,
    /// A path attribute after the `?`, or a query attribute before it.
    #[error(
        "the PKCS#11 URI has {attribute} on the wrong side of the `?`: what names the key goes before it, pin-source and module-* after it"
    )]
    Misplaced {
        /// The attribute's name.
        attribute: &'static str,
    },
    /// The URI carries a PIN.
    #[error(
        "the PKCS#11 URI carries a PIN (`pin-value`), which other users can see in the list of processes; use `pin-source=file:/path` instead"
    )]
    PinValue,
    /// `pin-source` is a command to run.
    #[error(
        "the PKCS#11 URI's pin-source is a command, and commands are never run; use `pin-source=file:/path`"
    )]
    PinCommand,
    /// `pin-source` is neither a local file nor a command.
    #[error(
        "the PKCS#11 URI's pin-source is not a local file; use `pin-source=file:/path` with an absolute path"
    )]
    PinSource,
}
