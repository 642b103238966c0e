use std::path::{Path, PathBuf};

use super::context::Context;
use super::ui::failure::Failure;
use crate::beneficiary::key_file::KeyFile;
use crate::beneficiary::public_key_file;
use crate::envelope::PublicKey;
use crate::token::uri::TokenFields;
use crate::token::{ResultKey, Session, TokenInfo, Uri};
use crate::wallet::address::Address;

/// A result key as the key files of an address record it.
#[derive(Debug, Clone)]
pub(crate) struct KeyRecord {
    /// The address; unknown for a key file that was named by its path.
    pub(crate) address: Option<Address>,
    /// Where the key is.
    pub(crate) uri: Uri,
    /// Its public half; what counts when tokens change ids and labels.
    pub(crate) public: Option<PublicKey>,
}

impl KeyRecord {
    fn read(path: &Path, address: Option<Address>, public_path: &Path) -> Result<Self, Failure> {
        let uri = KeyFile::read(path)?.uri().clone();
        let public = public_key_file::read(public_path).ok();
        Ok(Self {
            address,
            uri,
            public: public.and_then(|pem| PublicKey::from_pem(&pem).ok()),
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

impl Context {
    /// What the key file of `address` records.
    pub(crate) fn key_record(&self, address: &Address) -> Result<Option<KeyRecord>, Failure> {
        let folder = self.folder();
        let path = folder.key_path(address);
        if !path.exists() {
            return Ok(None);
        }
        KeyRecord::read(&path, Some(*address), &folder.public_key_path(address)).map(Some)
    }

    /// What the named key file records, else that of the beneficiary's address, else all that
    /// are there.
    pub(crate) fn key_records(&self, key_file: Option<&Path>) -> Result<Vec<KeyRecord>, Failure> {
        let folder = self.folder();
        if let Some(name) = key_file {
            let path = folder.path().join(name);
            return KeyRecord::read(&path, None, &with_pub(&path)).map(|one| vec![one]);
        }
        if let Ok(located) = self.located()
            && let Some(one) = self.key_record(&located.address)?
        {
            return Ok(vec![one]);
        }
        self.every_key_record()
    }

    /// What all key files in the folder record.
    pub(crate) fn every_key_record(&self) -> Result<Vec<KeyRecord>, Failure> {
        let folder = self.folder();
        let mut all = Vec::new();
        for address in folder.addresses()? {
            // One that is no reference is none of ours; naming its address says what it is.
            if let Ok(Some(one)) = self.key_record(&address) {
                all.push(one);
            }
        }
        Ok(all)
    }
}

/// Tells `session` of the recorded public halves, for keys of which the token shows none.
pub(crate) fn make_known(session: &mut Session, recorded: &[KeyRecord]) {
    for (id, public) in public_halves(recorded, session.token()) {
        session.know(Some(id), public);
    }
}

/// The recorded public halves of keys on `token`, with the keys' ids.
pub(crate) fn public_halves(
    recorded: &[KeyRecord],
    token: &TokenInfo,
) -> Vec<(Vec<u8>, PublicKey)> {
    let here = recorded.iter().filter(|one| one.is_on(token));
    here.filter_map(|one| Some((one.uri.id.clone()?, one.public.clone()?)))
        .collect()
}

/// The one token that all of `recorded` are on.
pub(crate) fn common_token(recorded: &[KeyRecord]) -> Option<Uri> {
    let mut tokens = recorded.iter().map(KeyRecord::token);
    let first = tokens.next()?;
    tokens.all(|other| other == first).then_some(first)
}

fn with_pub(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}
