//! Sealing as the enclave does: zip the result, encrypt the zip with a fresh content key, wrap
//! that key with the beneficiary's public key, zip both. For test data and dry runs.

mod error;
mod plain;

use std::fs::{self, File, Metadata};
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::sync::Arc;

use zip::{CompressionMethod, ZipWriter};

pub use error::EncryptError;

use crate::archive::{FileId, Limits, Scheme, WrappedKey};
use crate::decrypt::{OutputError, check_file};
use crate::envelope::{Ahead, Base64Writer, ChunkReader, ContentKey, PublicKey, SealError, Sealer};
use crate::file::WriteBehind;
use crate::file::temporary::Temporaries;
use plain::{Place, entry_options, plain_zip};

/// The way in which a result is sealed. Change the fields of a default one.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// The encoding and encryption.
    pub scheme: Scheme,
    /// Whether an existing archive is replaced.
    pub force: bool,
    /// The bounds that the archive must keep to be opened.
    pub limits: Limits,
    /// The temporaries that a signal handler of the program discards.
    pub temporaries: Temporaries,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            scheme: Scheme::Current,
            force: false,
            limits: Limits::DEFAULT,
            temporaries: Temporaries::default(),
        }
    }
}

/// A part of the work of sealing, in their order. A folder or file is packed, a zip that is there is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// The files are put into a zip.
    Packing,
    /// The zip is read, as it has to open again.
    Checking,
    /// The zip is encrypted.
    Sealing,
}

/// How far the sealing of a result is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The part that is at work.
    pub stage: Stage,
    /// Bytes that were just worked on.
    pub bytes: u64,
    /// Bytes of all of this part, as far as that can be known before.
    pub total: u64,
}

/// A result that was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sealed {
    /// Bytes of the result as a zip.
    pub bytes: u64,
}

/// Seals `source`, a folder or a file, to `public` into the archive `output`. A folder is zipped as
/// the post-compute zips `/iexec_out`: its files, deflated, no entries for folders, links left out;
/// `output` itself is left out, too. A file that is a zip is taken for the result itself, any other is
/// zipped alone. What would not be opened and extracted again is refused. `progress` is told how far that is.
///
/// # Errors
/// [`EncryptError`]; what stood under `output` before is then still there.
pub fn encrypt(
    source: &Path,
    public: &PublicKey,
    output: &Path,
    options: &Options,
    progress: &dyn Fn(Progress),
) -> Result<Sealed, EncryptError> {
    let scheme = options.scheme;
    if !WrappedKey::may_have_length(public.modulus_len()) {
        return Err(EncryptError::KeySize {
            bits: public.bits(),
        });
    }
    // Before the work is done in vain.
    let is_source = |found: &Metadata| {
        fs::metadata(source).is_ok_and(|it| FileId::of(&it) == FileId::of(found))
    };
    check_file(
        output,
        options.force,
        is_source,
        "it is the file that is sealed",
    )?;
    let write = |error| OutputError::io(output, error);
    let mut pending = options.temporaries.file(output).map_err(write)?;
    let place = Place {
        output,
        folder: &pending.folder(),
        pending: FileId::of(&pending.file().metadata().map_err(write)?),
    };
    let result = plain_zip(source, &place, &options.limits, progress)?;
    let len = result.metadata().map_err(write)?.len();
    check_body_len(scheme, len, &options.limits)?;
    let key = Arc::new(ContentKey::random(scheme, public.modulus_len()).map_err(SealError::from)?);
    let wrapped = public.wrap(scheme, &key.to_wrap())?;
    let mut zip = ZipWriter::new(WriteBehind::new(pending.file(), true));
    let (key_entry, body_entry) = entries(scheme);
    zip.start_file(
        body_entry,
        entry_options(len).compression_method(method(scheme)),
    )?;
    let sealed = |bytes| {
        progress(Progress {
            stage: Stage::Sealing,
            bytes,
            total: len,
        });
    };
    write_body(scheme, Sealer::new(&key, result)?, &mut zip, &sealed).map_err(SealError::from)?;
    zip.start_file(key_entry, entry_options(0))?;
    write_key(scheme, &wrapped, &mut zip).map_err(write)?;
    zip.finish()?;
    pending.publish(options.force).map_err(write)?;
    Ok(Sealed { bytes: len })
}

/// Refuses a result of `len` bytes whose body would be larger than allowed.
fn check_body_len(scheme: Scheme, len: u64, limits: &Limits) -> Result<(), EncryptError> {
    let padded = (len / 16).saturating_add(1).saturating_mul(16);
    let body = match scheme {
        Scheme::Current | Scheme::Guide2019 => padded.saturating_add(16),
        Scheme::LegacyEcb => padded.div_ceil(3).saturating_mul(4),
    };
    if body > limits.max_size {
        return Err(EncryptError::OverLimit(format!(
            "the encrypted body, of {body} bytes, is larger than the limit of {}",
            limits.max_size
        )));
    }
    Ok(())
}

/// Writes what a thread of its own encrypts.
fn write_body(
    scheme: Scheme,
    sealer: Sealer<File>,
    to: &mut impl Write,
    sealed: &dyn Fn(u64),
) -> io::Result<()> {
    let body = &mut ChunkReader::new(Ahead::start(sealer));
    match scheme {
        Scheme::Current | Scheme::Guide2019 => copy(body, to, sealed),
        Scheme::LegacyEcb => {
            let mut text = Base64Writer::new(to);
            copy(body, &mut text, sealed)?;
            text.finish().map(drop)
        }
    }
}

fn copy(from: &mut impl BufRead, to: &mut impl Write, copied: &dyn Fn(u64)) -> io::Result<()> {
    loop {
        let bytes = from.fill_buf()?;
        let count = bytes.len();
        if count == 0 {
            return Ok(());
        }
        to.write_all(bytes)?;
        from.consume(count);
        copied(count as u64);
    }
}

fn write_key(scheme: Scheme, wrapped: &[u8], to: &mut impl Write) -> io::Result<()> {
    match scheme {
        Scheme::Current | Scheme::Guide2019 => to.write_all(wrapped),
        Scheme::LegacyEcb => {
            let mut text = Base64Writer::new(to);
            text.write_all(wrapped)?;
            text.finish().map(|_| ())
        }
    }
}

/// Names of the wrapped key and the body.
fn entries(scheme: Scheme) -> (&'static str, &'static str) {
    match scheme {
        Scheme::Current | Scheme::LegacyEcb => ("aes-key.rsa", "iexec_out.zip.aes"),
        Scheme::Guide2019 => ("iexec_out/encrypted_key", "iexec_out/result.zip.aes"),
    }
}

/// Returns how the body is stored. The enclave deflates it, which of ciphertext makes stored blocks: as large
/// as it was, and slow to make. Base64 text does get smaller.
fn method(scheme: Scheme) -> CompressionMethod {
    match scheme {
        Scheme::Current | Scheme::Guide2019 => CompressionMethod::Stored,
        Scheme::LegacyEcb => CompressionMethod::Deflated,
    }
}
