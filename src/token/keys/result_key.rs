use cryptoki::mechanism::MechanismType;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass};
use cryptoki_sys::CK_OBJECT_HANDLE;
use serde::{Deserialize, Serialize};

use crate::envelope::PublicKey;
use crate::token::keys::attributes::{bytes, flag, listed, mechanisms};
use crate::token::raw::RawSession;
use crate::token::{Session, TokenError, TokenInfo, Uri};

/// F4, the only exponent that every token takes.
pub(in crate::token) const EXPONENT: [u8; 3] = [1, 0, 1];

/// An RSA key pair on a token that may decrypt.
#[derive(Debug, Clone)]
pub struct ResultKey {
    /// Handle of the private key; `None` when only the public key is visible, as before a login.
    pub(in crate::token) private: Option<CK_OBJECT_HANDLE>,
    /// `CKA_ID`.
    pub id: Vec<u8>,
    /// `CKA_LABEL`; tokens may change or lose it.
    pub label: String,
    /// The public key.
    pub public: PublicKey,
    /// `CKA_ALWAYS_AUTHENTICATE`: each use demands the PIN. False where the token does not tell.
    pub always_authenticate: bool,
    /// `CKA_DECRYPT` is not denied.
    pub(in crate::token) decrypts: bool,
    /// `CKA_ALLOWED_MECHANISMS`; empty where the token does not tell, or allows all.
    pub(in crate::token) allowed: Vec<MechanismType>,
}

/// The attributes of a private key. `None` where the token does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Facts {
    /// `CKA_SENSITIVE`: its value is never shown in clear.
    pub sensitive: Option<bool>,
    /// `CKA_EXTRACTABLE`: it may leave the token, wrapped.
    pub extractable: Option<bool>,
    /// `CKA_LOCAL`: it was made on the token.
    pub local: Option<bool>,
    /// `CKA_ALWAYS_SENSITIVE`.
    pub always_sensitive: Option<bool>,
    /// `CKA_NEVER_EXTRACTABLE`.
    pub never_extractable: Option<bool>,
}

/// The origin of a private key, as far as the token vouches for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyOrigin {
    /// Made on the token, and has been a secret of it ever since.
    MadeOnToken,
    /// Brought to the token from outside.
    Imported,
    /// The token does not vouch for where it was made.
    NotVouched,
}

impl KeyOrigin {
    /// The words for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MadeOnToken => "made on the token",
            Self::Imported => "imported, not made on the token",
            Self::NotVouched => "the token does not vouch for where it was made",
        }
    }
}

impl Facts {
    pub(in crate::token) fn read(session: &RawSession, key: CK_OBJECT_HANDLE) -> Self {
        let flag = |kind| flag(session, key, kind);
        Self {
            sensitive: flag(AttributeType::Sensitive),
            extractable: flag(AttributeType::Extractable),
            local: flag(AttributeType::Local),
            always_sensitive: flag(AttributeType::AlwaysSensitive),
            never_extractable: flag(AttributeType::NeverExtractable),
        }
    }

    /// Whether the token says that the key is sensitive and cannot be extracted.
    pub fn stays_on_token(&self) -> bool {
        self.sensitive == Some(true) && self.extractable == Some(false)
    }

    /// The origin.
    pub fn origin(&self) -> KeyOrigin {
        match (self.local, self.always_sensitive, self.never_extractable) {
            (Some(true), Some(true), Some(true)) => KeyOrigin::MadeOnToken,
            (Some(false), ..) => KeyOrigin::Imported,
            _ => KeyOrigin::NotVouched,
        }
    }
}

impl ResultKey {
    /// The RFC 7512 URI on `token`.
    pub fn uri(&self, token: &TokenInfo) -> Uri {
        Uri::for_key(&token.fields(), &self.id, &self.label)
    }

    /// The names of the mechanisms that it may be used with; empty where the token does not tell, or
    /// allows all.
    pub fn allowed_mechanisms(&self) -> Vec<String> {
        self.allowed.iter().map(MechanismType::to_string).collect()
    }

    /// The day from which it is meant to be used (`CKA_START_DATE`), as `2026-11-29`; tokens that keep one mean the day on
    /// which it was made. Most keep none.
    pub fn start_date(&self, session: &Session) -> Option<String> {
        let date = bytes(&session.raw, self.private?, AttributeType::StartDate)?;
        let digits = str::from_utf8(&date).ok()?;
        let (year, month, day) = (digits.get(..4)?, digits.get(4..6)?, digits.get(6..)?);
        let number = |digits: &str| digits.parse::<u16>().unwrap_or_default();
        let is_date = digits.len() == 8
            && digits.bytes().all(|it| it.is_ascii_digit())
            && (1..=12).contains(&number(month))
            && (1..=31).contains(&number(day));
        is_date.then(|| format!("{year}-{month}-{day}"))
    }

    /// Whether its private key is visible, as it is after a login.
    pub fn has_private(&self) -> bool {
        self.private.is_some()
    }
}

impl Session {
    /// Lists the result keys whose private keys this session can see, in the token's order: after a
    /// login all that can be used.
    ///
    /// # Errors
    /// When the token does not answer, or does not show any more what it showed before.
    pub fn private_keys(&self) -> Result<Vec<ResultKey>, TokenError> {
        let keys = listed(&self.raw, self.logged_in, || {
            let handles = self.find(ObjectClass::PRIVATE_KEY, None)?.into_iter();
            Ok(handles.filter_map(|it| self.private_key(it)).collect())
        })?;
        let had_keys = self.has_shown_keys.replace(!keys.is_empty());
        if had_keys && keys.is_empty() {
            // It has them no more the next time, either.
            self.has_shown_keys.set(true);
            return Err(TokenError::KeysGone(self.token.label.clone()));
        }
        Ok(keys)
    }

    /// Lists [`Self::private_keys`], and those of which only the public key is visible: before a
    /// login that is most of them.
    ///
    /// # Errors
    /// When the token does not answer.
    pub fn result_keys(&self) -> Result<Vec<ResultKey>, TokenError> {
        listed(&self.raw, self.logged_in, || self.all_result_keys())
    }

    fn all_result_keys(&self) -> Result<Vec<ResultKey>, TokenError> {
        let mut keys = Vec::new();
        let mut others = Vec::new();
        for handle in self.find(ObjectClass::PRIVATE_KEY, None)? {
            match self.private_key(handle) {
                Some(key) => keys.push(key),
                None => others.extend(bytes(&self.raw, handle, AttributeType::Id)),
            }
        }
        for handle in self.find(ObjectClass::PUBLIC_KEY, None)? {
            // The public key of a pair for other uses is none of ours.
            if let Some(key) = self.public_key(handle)
                && !keys
                    .iter()
                    .any(|known: &ResultKey| known.public == key.public)
                && !others.contains(&key.id)
            {
                keys.push(key);
            }
        }
        Ok(keys)
    }

    /// Reads the attributes of the private key of `key`; none when that is not visible.
    pub fn facts(&self, key: &ResultKey) -> Facts {
        key.private
            .map_or_else(Facts::default, |handle| Facts::read(&self.raw, handle))
    }

    /// RSA objects of `class`, with `id` if given.
    pub(in crate::token) fn find(
        &self,
        class: ObjectClass,
        id: Option<&[u8]>,
    ) -> Result<Vec<CK_OBJECT_HANDLE>, TokenError> {
        self.find_keys(KeyType::RSA, class, id)
    }

    /// Objects of a key type and `class`, with `id` if given.
    pub(in crate::token) fn find_keys(
        &self,
        kind: KeyType,
        class: ObjectClass,
        id: Option<&[u8]>,
    ) -> Result<Vec<CK_OBJECT_HANDLE>, TokenError> {
        let mut template = vec![Attribute::Class(class), Attribute::KeyType(kind)];
        template.extend(id.map(|id| Attribute::Id(id.to_vec())));
        Ok(self.raw.find(&template)?)
    }

    fn private_key(&self, handle: CK_OBJECT_HANDLE) -> Option<ResultKey> {
        // Unknown means that the token does not say; trying is the only way to learn.
        let decrypts = flag(&self.raw, handle, AttributeType::Decrypt) != Some(false);
        let may = |kind| flag(&self.raw, handle, kind) == Some(true);
        // Some tokens let every key unwrap; one for signatures is none of ours.
        if !decrypts && (!may(AttributeType::Unwrap) || may(AttributeType::Sign)) {
            return None;
        }
        let id = bytes(&self.raw, handle, AttributeType::Id).unwrap_or_default();
        Some(ResultKey {
            private: Some(handle),
            public: self.public_key_of(handle, &id)?,
            label: self.label(handle),
            always_authenticate: flag(&self.raw, handle, AttributeType::AlwaysAuthenticate)
                == Some(true),
            allowed: mechanisms(&self.raw, handle),
            decrypts,
            id,
        })
    }

    fn public_key(&self, handle: CK_OBJECT_HANDLE) -> Option<ResultKey> {
        Some(ResultKey {
            private: None,
            id: bytes(&self.raw, handle, AttributeType::Id).unwrap_or_default(),
            label: self.label(handle),
            public: self.components(handle)?,
            always_authenticate: false,
            allowed: Vec::new(),
            decrypts: true,
        })
    }

    pub(in crate::token) fn components(&self, handle: CK_OBJECT_HANDLE) -> Option<PublicKey> {
        let modulus = bytes(&self.raw, handle, AttributeType::Modulus)?;
        let exponent = bytes(&self.raw, handle, AttributeType::PublicExponent)?;
        PublicKey::from_components(&modulus, &exponent).ok()
    }

    pub(in crate::token) fn label(&self, handle: CK_OBJECT_HANDLE) -> String {
        let label = bytes(&self.raw, handle, AttributeType::Label).unwrap_or_default();
        String::from_utf8_lossy(&label)
            .trim_end_matches(['\0', ' '])
            .to_owned()
    }
}
