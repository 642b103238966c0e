use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::context::Context;
use super::pins::Pins;
use super::ui::failure::Failure;
use crate::beneficiary::key_file::KeyFile;
use crate::beneficiary::{Folder, Pair};
use crate::envelope::PublicKey;
use crate::token::{Facts, ResultKey, Session, TokenInfo, Uri};
use crate::wallet::address::Address;

/// Which key: by URI, else by the key file of the address, else the only one.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// The key's PKCS#11 URI [default: the key of the address, or the only one]
    #[arg(value_name = "URI")]
    uri: Option<Uri>,
}

/// A result key that was chosen, on its token.
pub(crate) struct Chosen {
    pub(crate) session: Session,
    pub(crate) key: ResultKey,
}

impl Which {
    pub(crate) fn named(uri: Uri) -> Self {
        Self { uri: Some(uri) }
    }

    /// Where PINs come from; the URI may say it.
    pub(crate) fn pins(&self, context: &mut Context) -> Result<Pins, Failure> {
        if let Some(uri) = &self.uri {
            context.settings.key = Some(uri.clone());
        }
        context.pins()
    }

    /// Finds the key. `pins` gives the login without which private keys are not visible; without
    /// it the public keys are looked at.
    pub(crate) fn choose(
        &self,
        context: &mut Context,
        pins: Option<&mut Pins>,
    ) -> Result<Chosen, Failure> {
        self.choose_knowing(context, pins, Vec::new())
    }

    /// The same with public keys that the token may not show, of the keys with these ids.
    pub(crate) fn choose_knowing(
        &self,
        context: &mut Context,
        pins: Option<&mut Pins>,
        known: Vec<(Option<Vec<u8>>, PublicKey)>,
    ) -> Result<Chosen, Failure> {
        let records = context.key_records(None)?;
        let (module, token) = context.module_and_token(&records)?;
        let mut session = match pins {
            Some(pins) => Session::open_user(&module, &token, pins)?,
            None => Session::open(&module, &token)?,
        };
        for (id, public) in known {
            session.know(id, public);
        }
        records.make_known(&mut session);
        let keys = session.result_keys()?;
        let key = records.choose(&token, keys, context.settings.key.as_ref())?;
        Ok(Chosen { session, key })
    }
}

/// The label of a key made for `address`, at most 40 ASCII bytes.
pub(crate) fn label_for(address: &Address) -> String {
    format!("iexec result key {}", address.short())
}

/// The files of an address, as the SDK names them in its JSON.
pub(crate) struct Files {
    address: Address,
    pub(crate) folder: PathBuf,
    pub(crate) key: String,
    pub(crate) public: String,
}

impl Files {
    /// What `--raw` says of the key that they record.
    pub(crate) fn json(&self, token: &TokenInfo, key: &ResultKey, facts: &Facts) -> Value {
        json!({
            "secretPath": self.folder,
            "privateKeyFile": self.key,
            "publicKeyFile": self.public,
            "address": self.address.to_string(),
            "key": key.uri(token).to_string(),
            "bits": key.public.bits(),
            "token": facts_json(facts),
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

/// The same for a key that is `new`, in two steps: when the files cannot be written, the key is
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

/// What the token says of a key, in JSON; `null` where it does not tell.
pub(crate) fn facts_json(facts: &Facts) -> Value {
    json!({
        "origin": facts.origin().as_str(),
        "sensitive": facts.sensitive,
        "extractable": facts.extractable,
        "local": facts.local,
        "alwaysSensitive": facts.always_sensitive,
        "neverExtractable": facts.never_extractable,
    })
}

/// What the token says of a key, in words.
pub(crate) fn facts_text(facts: &Facts) -> String {
    let word = |it, yes, no, unknown| match it {
        Some(true) => yes,
        Some(false) => no,
        None => unknown,
    };
    let mut words = vec![
        facts.origin().as_str(),
        word(
            facts.sensitive,
            "sensitive",
            "NOT SENSITIVE",
            "sensitive or not: not told",
        ),
        word(
            facts.extractable,
            "EXTRACTABLE",
            "not extractable",
            "extractable or not: not told",
        ),
    ];
    if facts.always_sensitive == Some(true) {
        words.push("always sensitive");
    }
    if facts.never_extractable == Some(true) {
        words.push("never extractable");
    }
    words.join(", ")
}
