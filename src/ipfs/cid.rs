use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::varint;

mod bases;

/// Characters of a CID that are looked at: more than any with a digest of 64 bytes has.
const LONGEST: usize = 128;

const SHA2_256: u64 = 0x12;
const DIGEST: usize = 32;

/// The address of a block of bytes: the kind of the block, and its SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cid {
    version: Version,
    codec: Codec,
    digest: [u8; DIGEST],
}

/// The two forms of a CID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Version {
    /// `Qm…`: always a node of a file or folder.
    V0,
    V1,
}

/// The kind of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// A node of a file or folder, which may link to others.
    DagPb,
    /// Bytes of a file.
    Raw,
}

/// Why a CID was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CidError {
    /// There is none.
    #[error("the CID is empty")]
    Empty,
    /// More characters than any has.
    #[error("the CID is too long")]
    TooLong,
    /// Another spelling than base58 (`Qm…`, `z…`) or base32 (`b…`).
    #[error("the CID begins with {0:?}; only `Qm`, `b` and `z` are known")]
    Base(char),
    /// A character that the spelling does not have.
    #[error("the CID has the character {0:?} in it")]
    Digit(char),
    /// It ends before its digest does, or after it, or has a number in it that could be shorter.
    #[error("the CID has not the form of one")]
    Form,
    /// A later version.
    #[error("the CID has version {0}")]
    Version(u64),
    /// The address of something else than a file or folder.
    #[error("the CID is that of {0}, which is no file")]
    Codec(String),
    /// A digest that is not SHA-256.
    #[error("the CID has a digest of {0}; only sha2-256 is known")]
    Multihash(String),
}

impl Cid {
    pub(super) fn new(version: Version, codec: Codec, digest: [u8; DIGEST]) -> Self {
        Self {
            version,
            codec,
            digest,
        }
    }

    /// The kind of the block.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    pub(super) fn version(&self) -> Version {
        self.version
    }

    pub(super) fn digest(&self) -> &[u8; DIGEST] {
        &self.digest
    }

    /// Whether `block` is what it is the address of.
    pub fn is_of(&self, block: &[u8]) -> bool {
        self.digest[..] == Sha256::digest(block)[..]
    }

    /// Reads the CID that `bytes` begin with. Returns it, and its length.
    ///
    /// # Errors
    /// When there is none, or one that is not known.
    pub(super) fn read(bytes: &[u8]) -> Result<(Self, usize), CidError> {
        if bytes.starts_with(&[SHA2_256 as u8, DIGEST as u8]) {
            let (digest, len) = multihash(bytes)?;
            return Ok((Self::new(Version::V0, Codec::DagPb, digest), len));
        }
        let (version, at) = number(bytes)?;
        if version != 1 {
            return Err(CidError::Version(version));
        }
        let (code, len) = number(&bytes[at..])?;
        let codec = Codec::of(code)?;
        let at = at + len;
        let (digest, len) = multihash(&bytes[at..])?;
        Ok((Self::new(Version::V1, codec, digest), at + len))
    }

    /// Appends its bytes to `out`.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        if self.version == Version::V1 {
            out.extend([1, self.codec.code()]);
        }
        out.extend([SHA2_256 as u8, DIGEST as u8]);
        out.extend(self.digest);
    }
}

impl Codec {
    fn of(code: u64) -> Result<Self, CidError> {
        let name = match code {
            0x55 => return Ok(Self::Raw),
            0x70 => return Ok(Self::DagPb),
            0x51 => "CBOR",
            0x71 => "DAG-CBOR",
            0x72 => "a key",
            0x78 => "a Git object",
            0x0129 => "DAG-JSON",
            0x0200 => "JSON",
            0x0202 => "a CAR",
            _ => return Err(CidError::Codec(format!("a block of kind {code:#x}"))),
        };
        Err(CidError::Codec(name.to_owned()))
    }

    fn code(self) -> u8 {
        match self {
            Self::Raw => 0x55,
            Self::DagPb => 0x70,
        }
    }
}

/// Reads the digest that `bytes` begin with. Returns it, and the length of both.
fn multihash(bytes: &[u8]) -> Result<([u8; DIGEST], usize), CidError> {
    let (code, at) = number(bytes)?;
    let name = match code {
        SHA2_256 => None,
        0x00 => Some("no hash, but the data itself"),
        0x11 => Some("sha1"),
        0x13 => Some("sha2-512"),
        0x14 => Some("sha3-512"),
        0x16 => Some("sha3-256"),
        0x1b => Some("keccak-256"),
        0x1e => Some("blake3"),
        0x56 => Some("dbl-sha2-256"),
        0xb220 => Some("blake2b-256"),
        0xb260 => Some("blake2s-256"),
        _ => return Err(CidError::Multihash(format!("kind {code:#x}"))),
    };
    if let Some(name) = name {
        return Err(CidError::Multihash(name.to_owned()));
    }
    let (len, more) = number(&bytes[at..])?;
    let at = at + more;
    match bytes[at..].first_chunk() {
        Some(digest) if len == DIGEST as u64 => Ok((*digest, at + DIGEST)),
        _ => Err(CidError::Form),
    }
}

fn number(bytes: &[u8]) -> Result<(u64, usize), CidError> {
    varint::read(bytes).map_err(|_| CidError::Form)
}

impl FromStr for Cid {
    type Err = CidError;

    fn from_str(text: &str) -> Result<Self, CidError> {
        let base = text.chars().next().ok_or(CidError::Empty)?;
        if text.len() > LONGEST {
            return Err(CidError::TooLong);
        }
        let is_v0 = text.starts_with("Qm");
        let bytes = match base {
            _ if is_v0 => bases::from_base58(text),
            'z' => bases::from_base58(&text[1..]),
            'b' => bases::from_base32(&text[1..]),
            _ => return Err(CidError::Base(base)),
        };
        let bytes = bytes.map_err(CidError::Digit)?;
        let (cid, len) = Self::read(&bytes)?;
        // Version 0 has this one spelling, and this spelling no other version.
        if len != bytes.len() || is_v0 != (cid.version == Version::V0) {
            return Err(CidError::Form);
        }
        Ok(cid)
    }
}

impl fmt::Display for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        match self.version {
            Version::V0 => f.write_str(&bases::to_base58(&bytes)),
            Version::V1 => write!(f, "b{}", bases::to_base32(&bytes)),
        }
    }
}

#[cfg(test)]
mod tests;
