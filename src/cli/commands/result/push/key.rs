//! The key that is published, and what its token says of the private key.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::key_facts::{facts_json, facts_text};
use crate::cli::key_files::read_public;
use crate::cli::key_records::{KeyRecord, KeyRecords};
use crate::cli::named_address::OtherAddress;
use crate::cli::no_key_here::no_key_here;
use crate::cli::token_sessions::TokenSessions;
use crate::cli::ui::failure::Failure;
use crate::code::Code;
use crate::envelope::PublicKey;
use crate::text::escape::Shown as _;
use crate::token::{Facts, KeyOrigin, ResultKey, Session, choose_key};
use crate::wallet::address::Address;

const MAKE: &str = "`iexec-hsm result generate-encryption-keypair` makes a key on the token";

#[derive(Debug, Args)]
pub(super) struct KeyArgs {
    /// The public key file [default: the .pub file of the address]
    #[arg(long, value_name = "FILE")]
    secret_path: Option<PathBuf>,
    /// Publish a key that was imported, or whose origin the token does not confirm
    #[arg(long)]
    allow_imported: bool,
    /// Publish a public key file without checking that a token holds its private key
    #[arg(long, hide_short_help = true, conflicts_with = "allow_imported")]
    allow_software_key: bool,
    #[command(flatten)]
    other_address: OtherAddress,
}

/// The key as files and options name it.
pub(super) struct Candidate {
    file: Option<(PathBuf, PublicKey)>,
    recorded: Option<KeyRecord>,
    allow_imported: bool,
    allow_software_key: bool,
}

/// A key that may be published.
pub(super) struct Proven {
    pub(super) public: PublicKey,
    /// The URI, its token's label and what the token says of it; not there for a software key.
    on_token: Option<(String, String, Facts)>,
}

impl Candidate {
    /// Finds the key of `owner`, and refuses a public key that cannot be published. The token is
    /// not needed yet.
    pub(super) fn find(
        context: &Context,
        args: &KeyArgs,
        owner: &Address,
    ) -> Result<Self, Failure> {
        if let Some(path) = &args.secret_path {
            args.other_address.check(path, &[*owner])?;
        }
        let default = context.folder().public_key_path(owner);
        let path = match &args.secret_path {
            Some(path) => Some(context.absolute(path)),
            None => default.exists().then(|| default.clone()),
        };
        let file = match path {
            Some(path) => {
                let public = read_public(&path)?;
                Some((path, public))
            }
            None => None,
        };
        let from_token = !args.allow_software_key;
        let recorded = if from_token && args.secret_path.is_none() && context.settings.key.is_none()
        {
            context.key_record(owner)?
        } else {
            None
        };
        let named = from_token && (recorded.is_some() || context.settings.key.is_some());
        if file.is_none() && !named {
            return Err(no_key_here(context, owner, &default));
        }
        Ok(Self {
            file,
            recorded,
            allow_imported: args.allow_imported,
            allow_software_key: args.allow_software_key,
        })
    }

    /// The public key, where a file holds it.
    pub(super) fn public(&self) -> Option<&PublicKey> {
        self.file.as_ref().map(|(_, public)| public)
    }

    /// Finds the private key on its token, and refuses one that may be elsewhere as well.
    pub(super) fn prove(
        self,
        context: &Context,
        sessions: &mut TokenSessions,
    ) -> Result<Proven, Failure> {
        if let (true, Some((_, public))) = (self.allow_software_key, &self.file) {
            return Ok(Proven {
                public: public.clone(),
                on_token: None,
            });
        }
        let recorded = KeyRecords::from(self.recorded.clone());
        let session = sessions.log_in(context, &recorded)?;
        recorded.make_known(session);
        let key = self.choose(context, session)?;
        let facts = session.facts(&key);
        self.check(&facts)?;
        let token = session.token();
        Ok(Proven {
            on_token: Some((key.uri(token).to_string(), token.name(), facts)),
            public: key.public,
        })
    }

    fn choose(&self, context: &Context, session: &Session) -> Result<ResultKey, Failure> {
        let token = session.token();
        let keys = session.private_keys()?;
        let named = context.settings.key.as_ref();
        let Some((path, public)) = &self.file else {
            let recorded = self.recorded.as_ref().map(|recorded| &recorded.uri);
            let records = KeyRecords::from(self.recorded.clone()).on(token);
            return Ok(records.explain(choose_key(token, keys, named.or(recorded)))?);
        };
        let path = path.shown();
        if named.is_some() {
            let key = choose_key(token, keys, named)?;
            if key.public == *public {
                return Ok(key);
            }
            let uri = key.uri(token);
            let what = format!("{path} holds another public key than that of {uri}");
            return Err(Failure::new(Code::NotSupported, what)
                .hint("Leave one of the two out, or make the key that of the address with `iexec-hsm key adopt`."));
        }
        let found = keys.into_iter().find(|key| key.public == *public);
        found.ok_or_else(|| {
            let what = format!(
                "the token {:?} has no private key to the public key in {path}",
                token.name()
            );
            if self.recorded.as_ref().is_some_and(|it| it.is_on(token)) {
                return Failure::new(Code::KeyNotFound, what).hint("Its key file says that it is on this token: `iexec-hsm doctor --login` checks what happened to it. No other key opens what was sealed for it.");
            }
            Failure::new(Code::KeyNotFound, what).hint(format!(
                "Name its token with --token. A private key in a file goes onto the token with `iexec-hsm result import-encryption-key <file>`; {MAKE}; --allow-software-key publishes this one."
            ))
        })
    }

    fn check(&self, facts: &Facts) -> Result<(), Failure> {
        if !facts.stays_on_token() {
            let what = format!(
                "the token does not say that the private key stays on it: {}",
                facts_text(facts)
            );
            let hint =
                "; --allow-software-key publishes it as a key that others may have a copy of.";
            return Err(Failure::new(Code::NotSupported, what).hint(format!("{MAKE}{hint}")));
        }
        let origin = facts.origin();
        if origin != KeyOrigin::MadeOnToken && !self.allow_imported {
            let what = format!(
                "a copy of the private key may be elsewhere: {}",
                origin.as_str()
            );
            return Err(Failure::new(Code::NotSupported, what)
                .hint(format!("{MAKE}; --allow-imported publishes this one.")));
        }
        Ok(())
    }
}

impl Proven {
    /// Says what the token says of it.
    pub(super) fn tell(&self, context: &Context) {
        match &self.on_token {
            Some((_, token, facts)) => context.tell(format_args!(
                "The private key is on the token {token:?}: {}",
                facts_text(facts)
            )),
            None => context.warn(
                "not checked: whether the private key is on a token, and who has a copy of it",
            ),
        }
    }

    /// Returns what `--raw` says of it.
    pub(super) fn json(&self, owner: &Address) -> Value {
        let (uri, facts) = match &self.on_token {
            Some((uri, _, facts)) => (json!(uri), facts_json(facts)),
            None => (Value::Null, Value::Null),
        };
        json!({
            "address": owner.to_string(),
            "key": uri,
            "bits": self.public.bits(),
            "facts": facts,
        })
    }
}
