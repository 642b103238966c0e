//! Tells what is in an encrypted result. It takes no key, and no token:
//!
//! ```text
//! cargo run --example inspect_archive -- ARCHIVE
//! ```

use std::error::Error;

use iexec_hsm::archive::{Archive, ArchiveError, Limits};

fn main() -> Result<(), Box<dyn Error>> {
    let archive = std::env::args()
        .nth(1)
        .ok_or("usage: inspect_archive ARCHIVE")?;
    println!("{}", inspect(&archive)?);
    Ok(())
}

/// The format of `archive`, the size of the RSA key that it is sealed for, and the bytes of its body.
///
/// # Errors
/// When it is no archive, or one beyond the limits.
pub fn inspect(archive: &str) -> Result<String, ArchiveError> {
    let archive = Archive::open(archive, &Limits::default())?;
    let format = archive.layout().scheme.as_str();
    let bits = 8 * archive.wrapped_key().ciphertext().len();
    Ok(format!(
        "{format}, RSA-{bits}, {} bytes",
        archive.body_len()
    ))
}
