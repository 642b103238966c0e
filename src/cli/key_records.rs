use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::context::Context;
use super::ui::failure::Failure;
use crate::beneficiary::key_file::KeyFile;
use crate::beneficiary::public_key_file;
use crate::envelope::PublicKey;
use crate::token::uri::TokenFields;
use crate::token::{Module, ResultKey, Session, TokenError, TokenInfo, Uri, choose_key};
use crate::wallet::address::Address;

/// A result key as the key files of an address record it.
#[derive(Debug, Clone)]
pub(crate) struct KeyRecord {
    /// The address; unknown for a key file that was named by its path.
    pub(crate) address: Option<Address>,
    /// The key's place.
    pub(crate) uri: Uri,
    /// The public key, which counts when tokens change ids and labels.
    pub(crate) public: Option<PublicKey>,
}

impl KeyRecord {
    fn read(path: &Path, address: Option<Address>, public_path: &Path) -> Result<Self, Failure> {
        let uri = KeyFile::read(path)?.uri().clone();
        Ok(Self {
            address,
            uri,
            public: public_key_file::read(public_path).ok(),
        })
    }

    /// Whether it records `key` of `token`.
    pub(crate) fn is(&self, token: &TokenInfo, key: &ResultKey) -> bool {
        let same_id = self.is_on(token) && self.uri.id.as_ref() == Some(&key.id);
        self.public
            .as_ref()
            .map_or(same_id, |public| *public == key.public)
    }

    /// Whether the token that it names can be `token`.
    pub(crate) fn is_on(&self, token: &TokenInfo) -> bool {
        let serial = self.uri.serial.as_ref();
        serial.is_none_or(|serial| *serial == token.serial)
    }

    /// The token that it is on: by serial where there is one, because labels may change.
    pub(crate) fn token(&self) -> Uri {
        let text = |field: &'_ Option<String>| field.clone().unwrap_or_default();
        let (serial, model, label) = (
            text(&self.uri.serial),
            text(&self.uri.model),
            text(&self.uri.token),
        );
        let blank = TokenFields::default();
        Uri::for_token(&if serial.is_empty() {
            TokenFields {
                label: &label,
                ..blank
            }
        } else {
            TokenFields {
                serial: &serial,
                model: &model,
                ..blank
            }
        })
    }
}

/// The result keys that key files record.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyRecords(Vec<KeyRecord>);

impl KeyRecords {
    /// Returns the records of `key` of `token`.
    pub(crate) fn of(
        &self,
        token: &TokenInfo,
        key: &ResultKey,
    ) -> impl Iterator<Item = &KeyRecord> {
        self.0.iter().filter(|one| one.is(token, key))
    }

    /// Whether `key` of `token` is recorded.
    pub(crate) fn have(&self, token: &TokenInfo, key: &ResultKey) -> bool {
        self.of(token, key).next().is_some()
    }

    /// Whether any record fulfils `test`.
    pub(crate) fn any(&self, test: impl Fn(&KeyRecord) -> bool) -> bool {
        self.0.iter().any(test)
    }

    /// Returns the one token that all of them are on.
    pub(crate) fn token(&self) -> Option<Uri> {
        let mut tokens = self.0.iter().map(KeyRecord::token);
        let first = tokens.next()?;
        tokens.all(|other| other == first).then_some(first)
    }

    /// Returns the recorded public keys of keys on `token`, with the keys' ids.
    pub(crate) fn public_keys(&self, token: &TokenInfo) -> Vec<(Vec<u8>, PublicKey)> {
        let here = self.0.iter().filter(|one| one.is_on(token));
        here.filter_map(|one| Some((one.uri.id.clone()?, one.public.clone()?)))
            .collect()
    }

    /// Tells `session` of the recorded public keys, for keys of which the token shows none.
    pub(crate) fn make_known(&self, session: &mut Session) {
        for (id, public) in self.public_keys(session.token()) {
            session.know(Some(id), public);
        }
    }

    /// Chooses the key that is `wanted`, else the one that is recorded, else the only one.
    pub(crate) fn choose(
        &self,
        token: &TokenInfo,
        mut keys: Vec<ResultKey>,
        wanted: Option<&Uri>,
    ) -> Result<ResultKey, TokenError> {
        if wanted.is_none() && keys.iter().any(|key| self.have(token, key)) {
            keys.retain(|key| self.have(token, key));
        }
        choose_key(token, keys, wanted)
    }
}

impl From<Option<KeyRecord>> for KeyRecords {
    fn from(record: Option<KeyRecord>) -> Self {
        Self(record.into_iter().collect())
    }
}

impl Context {
    /// Reads the key file of `address`.
    pub(crate) fn key_record(&self, address: &Address) -> Result<Option<KeyRecord>, Failure> {
        let folder = self.folder();
        let path = folder.key_path(address);
        if !path.exists() {
            return Ok(None);
        }
        KeyRecord::read(&path, Some(*address), &folder.public_key_path(address)).map(Some)
    }

    /// Reads the named key file, else that of the beneficiary's address, else all that are there.
    pub(crate) fn key_records(&self, key_file: Option<&Path>) -> Result<KeyRecords, Failure> {
        let folder = self.folder();
        if let Some(name) = key_file {
            let path = folder.path().join(name);
            return KeyRecord::read(&path, None, &with_pub(&path)).map(|one| Some(one).into());
        }
        if let Ok(located) = self.located()
            && let Some(one) = self.key_record(&located.address)?
        {
            return Ok(Some(one).into());
        }
        self.every_key_record()
    }

    /// Reads all key files in the folder.
    pub(crate) fn every_key_record(&self) -> Result<KeyRecords, Failure> {
        let mut all = Vec::new();
        for address in self.folder().addresses()? {
            // One that is no reference is none of ours; naming its address says what it is.
            if let Ok(Some(one)) = self.key_record(&address) {
                all.push(one);
            }
        }
        Ok(KeyRecords(all))
    }

    /// Finds the module and the token: what options name, else the token that all of `records`
    /// are on.
    pub(crate) fn module_and_token(
        &self,
        records: &KeyRecords,
    ) -> Result<(Arc<Module>, TokenInfo), Failure> {
        let module = self.module()?;
        let token = self.token(&module, records.token().as_ref())?;
        Ok((module, token))
    }
}

fn with_pub(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}
