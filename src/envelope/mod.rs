//! Content key and body to result stream, and back: what the enclave does to a result, and its
//! inverse.
//!
//! * [`ContentKey`]: the one-time AES key of an archive, in the form its scheme wants.
//! * [`Opener`]: body to result stream.
//! * [`seal`]: result stream to body, as the enclave does.
//! * [`PublicKey`]: the public half of a result key, which wraps content keys.
//! * [`Unwrap`]: the seam to whoever holds the private half.

mod base64_body;
mod content_key;
mod open;
mod padding;
mod public_key;
mod seal;
mod unwrap;

pub use base64_body::{Base64Reader, Base64Writer};
pub use content_key::{BodyCipher, ContentKey};
pub use open::{BadCiphertext, CHUNK, Chunks, Opener, ReadChunks};
pub use public_key::{PublicKey, PublicKeyError};
pub use seal::{SealError, seal};
pub use unwrap::{KeyName, Unwrap};
