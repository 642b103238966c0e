//! Sealing as the enclave does: zip the result, encrypt the zip with a fresh content key, wrap
//! that key with the beneficiary's public key, zip both. For test data and dry runs.

use std::fs::File;
use std::io::{self, BufRead, Read, Seek as _, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::archive::{FileId, Scheme};
use crate::decrypt::OutputError;
use crate::envelope::{
    Ahead, Base64Writer, ChunkReader, ContentKey, PublicKey, PublicKeyError, SealError, Sealer,
};
use crate::file::WriteBehind;
use crate::file::temporary::{Temporaries, folder_of};

/// A failure to seal. A retry helps where reading or writing failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncryptError {
    /// The result cannot be read.
    #[error("reading {} failed: {source}", .path.display())]
    Read {
        /// The path that was read.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Writing the archive failed.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Encrypting failed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The content key cannot be wrapped.
    #[error(transparent)]
    Wrap(#[from] PublicKeyError),
    /// The zip cannot be made.
    #[error("making the zip failed: {0}")]
    Zip(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A name in the folder cannot stand in a zip.
    #[error("{} has a name that is not UTF-8", .0.display())]
    Name(PathBuf),
}

/// A result that was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sealed {
    /// Bytes of the result as a zip.
    pub bytes: u64,
}

impl From<ZipError> for EncryptError {
    fn from(error: ZipError) -> Self {
        Self::Zip(Box::new(error))
    }
}

/// Seals `source`, a folder or a file, to `public` into the archive `output`, which `force`
/// replaces. A folder is zipped as the post-compute zips `/iexec_out`: its files, deflated, no
/// entries for folders, links left out; `output` itself is left out, too. A file that is a zip is
/// taken for the result itself, any other is zipped alone.
///
/// # Errors
/// [`EncryptError`]; what stood under `output` before is then still there.
pub fn encrypt(
    source: &Path,
    public: &PublicKey,
    scheme: Scheme,
    output: &Path,
    force: bool,
    temporaries: &Temporaries,
) -> Result<Sealed, EncryptError> {
    let write = |error| OutputError::io(output, error);
    let mut pending = temporaries.file(output).map_err(write)?;
    let result = plain_zip(source, output, pending.path())?;
    let len = result.metadata().map_err(write)?.len();
    let key = Arc::new(ContentKey::random(scheme, public.modulus_len()).map_err(SealError::from)?);
    let wrapped = public.wrap(scheme, &key.to_wrap())?;
    let mut zip = ZipWriter::new(WriteBehind::new(pending.file(), true));
    let (key_entry, body_entry) = entries(scheme);
    zip.start_file(body_entry, options(len).compression_method(method(scheme)))?;
    write_body(scheme, Sealer::new(&key, result)?, &mut zip).map_err(SealError::from)?;
    zip.start_file(key_entry, options(0))?;
    write_key(scheme, &wrapped, &mut zip).map_err(write)?;
    zip.finish()?;
    pending.publish(output, force).map_err(write)?;
    Ok(Sealed { bytes: len })
}

/// Writes what a thread of its own encrypts.
fn write_body(scheme: Scheme, sealer: Sealer<File>, to: &mut impl Write) -> io::Result<()> {
    let body = &mut ChunkReader::new(Ahead::start(sealer));
    match scheme {
        Scheme::Current | Scheme::Guide2019 => copy(body, to),
        Scheme::LegacyEcb => {
            let mut text = Base64Writer::new(to);
            copy(body, &mut text)?;
            text.finish().map(drop)
        }
    }
}

fn copy(from: &mut impl BufRead, to: &mut impl Write) -> io::Result<()> {
    loop {
        let bytes = from.fill_buf()?;
        let count = bytes.len();
        if count == 0 {
            return Ok(());
        }
        to.write_all(bytes)?;
        from.consume(count);
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

/// `source` as a plaintext zip, at its beginning. An archive that is made inside of `source` is no
/// part of it, neither as `output` nor as `pending`.
fn plain_zip(source: &Path, output: &Path, pending: &Path) -> Result<File, EncryptError> {
    let read = |error| EncryptError::Read {
        path: source.to_owned(),
        source: error,
    };
    if source.is_dir() {
        let id = |path: &Path| Some(FileId::of(&std::fs::metadata(path).ok()?));
        let archive: Vec<_> = [output, pending].into_iter().filter_map(id).collect();
        let files = files_below(source, &archive).map_err(read)?;
        return zip_of(&files, source, output);
    }
    let mut file = File::open(source).map_err(read)?;
    let mut head = [0; 4];
    let is_zip = file.read_exact(&mut head).is_ok() && &head == b"PK\x03\x04";
    file.rewind().map_err(read)?;
    if is_zip {
        return Ok(file);
    }
    let folder = source.parent().unwrap_or(Path::new(""));
    zip_of(&[source.to_owned()], folder, output)
}

/// The regular files below `folder` but for `without`, in order of their names.
fn files_below(folder: &Path, without: &[FileId]) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            // Not of what a link leads to.
            let found = entry.metadata()?;
            if found.is_dir() {
                folders.push(entry.path());
            } else if found.is_file() && !without.contains(&FileId::of(&found)) {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// A zip of `files`, named relative to `folder`, in a file without a name beside `output`.
fn zip_of(files: &[PathBuf], folder: &Path, output: &Path) -> Result<File, EncryptError> {
    let write = |error| OutputError::io(output, error);
    let mut zip = ZipWriter::new(tempfile::tempfile_in(folder_of(output)).map_err(write)?);
    for path in files {
        let name = path.strip_prefix(folder).unwrap_or(path);
        let name = name
            .to_str()
            .ok_or_else(|| EncryptError::Name(path.clone()))?;
        let read = |source| EncryptError::Read {
            path: path.clone(),
            source,
        };
        let mut file = File::open(path).map_err(read)?;
        zip.start_file(name, options(file.metadata().map_err(read)?.len()))?;
        io::copy(&mut file, &mut zip).map_err(write)?;
    }
    let mut zip = zip.finish()?;
    zip.rewind().map_err(write)?;
    Ok(zip)
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

/// Deflated, with room for sizes above 4 GiB where the entry may need it: base64 grows it by a
/// third, deflate by less.
fn options(len: u64) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .unix_permissions(0o644)
        .large_file(len >= u64::from(u32::MAX) / 2)
}
