//! The files of an address that record its result key.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::context::Context;
use super::key_facts::facts_json;
use super::ui::failure::Failure;
use crate::beneficiary::key_file::KeyFile;
use crate::beneficiary::public_key_file::{self, PublicKeyFileError};
use crate::beneficiary::{Folder, Pair};
use crate::envelope::PublicKey;
use crate::text::escape::Shown as _;
use crate::token::{Facts, ResultKey, Session, TokenInfo};
use crate::wallet::address::Address;

/// What the labels begin with that keys get here.
const LABEL: &str = "iexec result key ";

/// Returns the label of a key made for `address`, at most 40 ASCII bytes.
pub(crate) fn label_for(address: &Address) -> String {
    format!("{LABEL}{}", address.short())
}

/// The beginning of the address that the label of `key` says it was made for, where that is another.
pub(crate) fn made_for_other(key: &ResultKey, address: &Address) -> Option<String> {
    let digits = key.label.strip_prefix(LABEL)?;
    (digits != address.short()).then(|| format!("0x{}…", digits.shown()))
}

/// Reads a file with the public key of a result key, and refuses one of a size that no result should
/// be sealed for.
pub(crate) fn read_public(path: &Path) -> Result<PublicKey, Failure> {
    let public = public_key_file::read(path)?;
    match public.check_size() {
        Ok(()) => Ok(public),
        Err(source) => Err(PublicKeyFileError::Key {
            path: path.into(),
            source,
        }
        .into()),
    }
}

/// The files of an address, as the SDK names them in its JSON.
pub(crate) struct Files {
    address: Address,
    pub(crate) folder: PathBuf,
    pub(crate) key: String,
    pub(crate) public: String,
}

impl Files {
    /// Says where they are.
    pub(crate) fn written(&self) -> String {
        let (key, public, folder) = (&self.key, &self.public, &self.folder);
        format!("{key:?} and {public:?} written in {folder:?}")
    }

    /// Returns what `--raw` says of the key that they record.
    pub(crate) fn json(&self, token: &TokenInfo, key: &ResultKey, facts: &Facts) -> Value {
        json!({
            "secretPath": self.folder,
            "privateKeyFile": self.key,
            "publicKeyFile": self.public,
            "address": self.address.to_string(),
            "key": key.uri(token).to_string(),
            "bits": key.public.bits(),
            "facts": facts_json(facts),
        })
    }
}

/// Writes the key file and the public key file of `address`.
pub(crate) fn record(
    context: &Context,
    address: &Address,
    token: &TokenInfo,
    key: &ResultKey,
) -> Result<Files, Failure> {
    let folder = context.folder();
    prepare(&folder, address, token, key)?.commit()?;
    Ok(files(&folder, address))
}

/// Writes the files of a key that is `new`, in two steps: when the files cannot be written, the key is
/// removed again; `between` is done when they are, before they get their names.
pub(crate) fn record_new<T>(
    context: &Context,
    address: &Address,
    (session, key): (&Session, &ResultKey),
    between: impl FnOnce() -> Result<T, Failure>,
) -> Result<(Files, T), Failure> {
    let folder = context.folder();
    let prepared = prepare(&folder, address, session.token(), key);
    let ready = prepared.and_then(|pair| Ok((pair, between()?)));
    let (pair, done) = ready.map_err(|failure| match session.delete(key) {
        Ok(()) => failure.also("the key was removed from the token again"),
        Err(error) => failure.also(&format!("the key is left on the token: {error}")),
    })?;
    pair.commit()?;
    Ok((files(&folder, address), done))
}

fn prepare(
    folder: &Folder,
    address: &Address,
    token: &TokenInfo,
    key: &ResultKey,
) -> Result<Pair, Failure> {
    let reference = KeyFile::new(&key.uri(token));
    Ok(folder.prepare(address, &reference, &key.public.to_pem()?)?)
}

fn files(folder: &Folder, address: &Address) -> Files {
    Files {
        address: *address,
        folder: folder.path().to_owned(),
        key: format!("{address}_key"),
        public: format!("{address}_key.pub"),
    }
}
