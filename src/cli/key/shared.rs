use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::beneficiary::key_file::KeyFile;
use crate::beneficiary::public_key_file;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::pins::Pins;
use crate::cli::recorded::{Recorded, common_token};
use crate::token::{Facts, ResultKey, Session, TokenInfo, Uri, choose_key};
use crate::wallet::address::Address;

/// Which key: by URI, else by the key file of the address, else the only one.
#[derive(Debug, Args)]
pub(in crate::cli) struct Which {
    /// The key's PKCS#11 URI [default: the key of the address, or the only one]
    #[arg(value_name = "URI")]
    uri: Option<Uri>,
}

/// A result key that was chosen, on its token.
pub(super) struct Chosen {
    pub(super) session: Session,
    pub(super) key: ResultKey,
    pub(super) recorded: Vec<Recorded>,
}

impl Which {
    /// Finds the key. `pins` gives the login without which private keys are not visible; without
    /// it the public halves are looked at.
    pub(super) fn choose(
        &self,
        context: &mut Context,
        pins: Option<&mut Pins>,
    ) -> Result<Chosen, Failure> {
        if let Some(uri) = &self.uri {
            context.global.key = Some(uri.clone());
        }
        let recorded = context.all_recorded(None)?;
        let module = context.module()?;
        let token = context.token(&module, common_token(&recorded).as_ref())?;
        let session = match pins {
            Some(pins) => Session::open_user(&module, &token, pins)?,
            None => Session::open(&module, &token)?,
        };
        let mut keys = session.result_keys()?;
        let wanted = context.global.key.as_ref();
        if wanted.is_none()
            && keys
                .iter()
                .any(|key| recorded.iter().any(|it| it.is(&token, key)))
        {
            keys.retain(|key| recorded.iter().any(|it| it.is(&token, key)));
        }
        let key = choose_key(&token, keys, wanted)?;
        Ok(Chosen {
            session,
            key,
            recorded,
        })
    }
}

/// The label of a key made for `address`, at most 40 ASCII bytes.
pub(in crate::cli) fn label_for(address: &Address) -> String {
    format!("iexec result key {}", address.short())
}

/// The files of an address, as the SDK names them in its JSON.
pub(in crate::cli) struct Files {
    pub(in crate::cli) folder: PathBuf,
    pub(in crate::cli) key: String,
    pub(in crate::cli) public: String,
}

/// Writes the key file and the public key file of `address`.
pub(in crate::cli) fn record(
    context: &Context,
    address: &Address,
    token: &TokenInfo,
    key: &ResultKey,
) -> Result<Files, Failure> {
    let folder = context.folder();
    KeyFile::new(&key.uri(token)).write_atomic(&folder.key_path(address))?;
    public_key_file::write_atomic(&folder.public_key_path(address), &key.public.to_pem()?)?;
    Ok(Files {
        folder: folder.path().to_owned(),
        key: format!("{address}_key"),
        public: format!("{address}_key.pub"),
    })
}

/// What the token says of a key, in JSON; `null` where it does not tell.
pub(in crate::cli) fn facts_json(facts: &Facts) -> Value {
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
pub(in crate::cli) fn facts_text(facts: &Facts) -> String {
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
