use super::check::Check;
use crate::beneficiary::key_file::{KeyFile, KeyFileError};
use crate::cli::context::Context;
use crate::cli::key_files::read_public;
use crate::cli::ui::command_line::CommandLine;
use crate::cli::ui::failure::Failure;
use crate::code::Code;
use crate::envelope::PublicKey;
use crate::text::escape::Shown as _;
use crate::token::{ResultKey, Session, Uri};
use crate::wallet::address::Address;

const NAME: &str = "key files";

/// The files of each address: whether key file, public key file and token agree.
pub(super) fn checks(context: &Context, session: &Session, logged_in: bool) -> Vec<Check> {
    let folder = context.folder();
    let addresses = match folder.addresses() {
        Ok(addresses) => addresses,
        Err(error) => return vec![Check::failed(NAME, error.into())],
    };
    if addresses.is_empty() {
        let what = format!("none in {}", folder.path().shown());
        return vec![Check::not_there(NAME, what).fix(
            "Go to the folder that has them, name it with --beneficiary-keystoredir, or make a key.",
        )];
    }
    let keys = session.result_keys().unwrap_or_default();
    let seen = Seen {
        session,
        keys,
        logged_in,
    };
    addresses
        .iter()
        .map(|address| seen.check(context, address))
        .collect()
}

/// The keys that are to be seen on the token.
struct Seen<'s> {
    session: &'s Session,
    keys: Vec<ResultKey>,
    logged_in: bool,
}

impl Seen<'_> {
    fn check(&self, context: &Context, address: &Address) -> Check {
        let folder = context.folder();
        let (path, public_path) = (folder.key_path(address), folder.public_key_path(address));
        let uri = match KeyFile::read(&path) {
            Ok(file) => file.uri().clone(),
            Err(KeyFileError::File(_)) if !path.exists() => {
                return Check::warning(
                    NAME,
                    format!("{address}: only the public key file is there"),
                )
                .fix("`iexec-hsm key adopt` writes the key file, where the key is on a token.");
            }
            Err(error) => return Check::failed(NAME, error.into()),
        };
        let public = read_public(&public_path);
        if !self.session.token().is_recorded_as(&uri) {
            if let Ok(public) = &public
                && let Some(key) = self.keys.iter().find(|key| key.public == *public)
            {
                return Check::warning(
                    NAME,
                    format!("{address}: the key is on this token, and the key file names another one: {uri}"),
                )
                .fix(format!("`{}` writes the file anew.", self.adopt(address, key)));
            }
            return Check::skipped(
                NAME,
                format!("{address}: the key is on another token: {uri}"),
            )
            .fix("Plug that token in, and name it with --token.");
        }
        if !public_path.exists() {
            return Check::warning(NAME, format!("{address}: the public key file is not there"))
                .fix(format!(
                    "`{}` writes it.",
                    CommandLine::ours("key export")
                        .option("--wallet-address", address.to_string())
                        .option("--output", &public_path)
                ));
        }
        match public {
            Ok(public) => self.compare(address, &uri, &public),
            Err(failure) => Check::failed(NAME, failure),
        }
    }

    fn compare(&self, address: &Address, uri: &Uri, public: &PublicKey) -> Check {
        let by_id = self
            .keys
            .iter()
            .find(|key| uri.id.as_ref() == Some(&key.id));
        let by_public = self.keys.iter().find(|key| key.public == *public);
        match (by_public, by_id) {
            (Some(one), Some(other)) if one.id == other.id => {
                Check::ok(NAME, format!("{address}: key file, public key file and token agree"))
            }
            (Some(key), _) => Check::warning(
                NAME,
                format!("{address}: the token has the key under another id than the key file"),
            )
            .fix(format!(
                "It is still found; `{}` writes the file anew.",
                self.adopt(address, key)
            )),
            (None, Some(key)) => Check::failed(
                NAME,
                Failure::new(
                    Code::NotSupported,
                    format!("{address}: the public key file holds another key than the one on the token that the key file names"),
                )
                .hint(format!(
                    "`{}` writes both anew; what was sealed for the other key needs that one.",
                    self.adopt(address, key)
                )),
            ),
            (None, None) if self.logged_in => Check::failed(
                NAME,
                Failure::new(Code::KeyNotFound, format!("{address}: the key is not on the token: {uri}"))
                    .hint("Plug the token in that has it; if the key was deleted, make a new one."),
            ),
            (None, None) => Check::warning(
                NAME,
                format!("{address}: the key is not visible on the token without the PIN"),
            )
            .fix("Look with --login."),
        }
    }

    /// The command that makes `key` that of the address.
    fn adopt(&self, address: &Address, key: &ResultKey) -> CommandLine {
        CommandLine::ours("key adopt")
            .option("--wallet-address", address.to_string())
            .operand(key.uri(self.session.token()).to_string())
    }
}
