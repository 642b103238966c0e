use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::context::Context;
use super::ui::failure::Failure;
use crate::beneficiary::key_file::KeyFile;
use crate::beneficiary::public_key_file;
use crate::envelope::PublicKey;
use crate::token::{
    Module, ResultKey, Session, TokenError, TokenInfo, Uri, choose_key, serial_tells,
};
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
    /// When the key file was written, in seconds since 1970.
    pub(crate) written: Option<u64>,
}

impl KeyRecord {
    fn read(path: &Path, address: Option<Address>, public_path: &Path) -> Result<Self, Failure> {
        let uri = KeyFile::read(path)?.uri().clone();
        Ok(Self {
            address,
            uri,
            public: public_key_file::read(public_path).ok(),
            written: written(path),
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
        token.is_recorded_as(&self.uri)
    }

    /// The token that it is on: by serial where there is one, because labels may change.
    pub(crate) fn token(&self) -> Uri {
        let recorded = &self.uri;
        let mut uri = Uri::default();
        if recorded.serial.as_ref().is_some_and(|it| serial_tells(it)) {
            uri.serial.clone_from(&recorded.serial);
            uri.model.clone_from(&recorded.model);
        } else {
            uri.token.clone_from(&recorded.token);
        }
        uri
    }
}

/// When a file was written, in seconds since 1970.
fn written(path: &Path) -> Option<u64> {
    let modified = fs::metadata(path).ok()?.modified().ok()?;
    Some(modified.duration_since(UNIX_EPOCH).ok()?.as_secs())
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

    /// Whether nothing is recorded.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether they name several tokens.
    pub(crate) fn name_several_tokens(&self) -> bool {
        !self.0.is_empty() && self.token().is_none()
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &KeyRecord> {
        self.0.iter()
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

    /// Chooses the one of `tokens` that they are on, where several can be that `is_meant`. Where they
    /// name several tokens, and none of those is there, it is the only one.
    pub(crate) fn choose_token(
        &self,
        module: &Module,
        tokens: Vec<TokenInfo>,
        is_meant: impl FnMut(&TokenInfo) -> bool,
    ) -> Result<TokenInfo, TokenError> {
        let is_on = |token: &TokenInfo| self.any(|record| record.is_on(token));
        let on: Vec<TokenInfo> = tokens.iter().filter(|it| is_on(it)).cloned().collect();
        match self.token() {
            _ if !on.is_empty() => module.choose(on, None, is_meant),
            None => module.choose(tokens, None, is_meant),
            Some(recorded) => Err(TokenError::NoToken {
                wanted: recorded.to_string(),
                present: tokens.iter().map(|it| it.uri().to_string()).collect(),
            }),
        }
    }

    /// The recorded public keys, with the places of their keys.
    pub(crate) fn public_keys(&self) -> impl Iterator<Item = (&Uri, &PublicKey)> {
        let all = self.0.iter();
        all.filter_map(|one| Some((&one.uri, one.public.as_ref()?)))
    }

    /// Tells `session` of the recorded public keys, for keys of which the token shows none.
    pub(crate) fn make_known(&self, session: &mut Session) {
        for (uri, public) in self.public_keys() {
            session.know_recorded(uri, public);
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
        self.on(token).explain(choose_key(token, keys, wanted))
    }

    /// Returns those that are on `token`.
    pub(crate) fn on(&self, token: &TokenInfo) -> Self {
        self.filtered(|it| it.is_on(token))
    }

    /// Returns those that fulfil `test`.
    pub(crate) fn filtered(&self, test: impl Fn(&KeyRecord) -> bool) -> Self {
        Self(self.0.iter().filter(|it| test(it)).cloned().collect())
    }

    /// Says of a key that is not found, on the token of these records, that it should be there.
    pub(crate) fn explain<T>(&self, found: Result<T, TokenError>) -> Result<T, TokenError> {
        found.map_err(|error| match self.0.first() {
            Some(record) => error.with_recorded(&record.uri),
            None => error,
        })
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
}

fn with_pub(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}
