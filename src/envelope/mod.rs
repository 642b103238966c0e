//! Content key and body to result stream, and back: what the enclave does to a result, and its
//! inverse.
//!
//! * [`PublicKey`]: the public key of a beneficiary, which wraps content keys.
//! * [`Unwrap`]: the seam to whoever holds the private key.
//! * For the modules above: the content key of an archive, the opener from body to result stream,
//!   and the sealer, its inverse.

mod aes_backend;
mod ahead;
mod base64;
mod chunks;
mod cipher;
mod content_key;
mod foreign_key;
mod open;
mod public_key;
mod seal;
mod seekable;
mod stack;
#[cfg(test)]
pub(crate) mod testing;
mod unwrap;

pub(crate) use self::base64::{Base64Reader, Base64Writer};
pub use crate::text::pem::PemError;
pub use aes_backend::AesBackend;
pub(crate) use ahead::Ahead;
pub(crate) use chunks::{CHUNK, ChunkReader, Chunks, ReadChunks};
pub(crate) use cipher::BadCiphertext;
pub(crate) use content_key::ContentKey;
pub use content_key::NoRandomness;
pub use foreign_key::ForeignKey;
pub(crate) use open::{Encrypted, EncryptedChunk, Opener};
pub use public_key::{PublicKey, PublicKeyError};
pub use seal::SealError;
pub(crate) use seal::Sealer;
#[cfg(test)]
pub(crate) use seal::sealed;
pub(crate) use seekable::SeekableResult;
pub use unwrap::{Candidate, KeyName, Proof, Steadiness, Unwrap};
