//! `iexec-hsm key attest`.

mod described;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Args;
use serde_json::{Value, json};

use self::described::{json_of, text_of};
use crate::attestation::{Certificate, verify};
use crate::cli::context::Context;
use crate::cli::key_choice::ChosenKey;
use crate::cli::options::NamedKey;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::code::Code;
use crate::envelope::PublicKey;
use crate::file::small;
use crate::text::escape::Shown as _;
use crate::token::TokenInfo;

/// What Yubico's modules give as the manufacturer of their devices.
const MAKER: &str = "Yubico";

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  iexec-hsm key attest --attestation-root roots.pem\n  iexec-hsm key attest --attestation-root roots.pem --certificate attestation.pem --certificate device.pem"
)]
pub(crate) struct Attest {
    #[command(flatten)]
    pub(super) key: NamedKey,
    /// The root certificates of the device's maker, in PEM or DER
    #[arg(long, required = true, value_name = "FILE")]
    attestation_root: Vec<PathBuf>,
    /// A file with the certificate of the key, or of the device, where the token does not show it
    #[arg(long, value_name = "FILE")]
    certificate: Vec<PathBuf>,
    /// A file with the public key, in the place of a key on a token
    #[arg(long, value_name = "FILE", requires = "certificate", conflicts_with_all = ["uri", "key"])]
    public_key: Option<PathBuf>,
}

/// The key that is asked about.
struct Asked {
    /// Its URI, or the file that it is in.
    name: String,
    uri: Option<String>,
    public: PublicKey,
    /// The certificates on its token.
    shown: Vec<Certificate>,
    token: Option<TokenInfo>,
}

pub(super) fn run(context: &Context, command: &Attest) -> Result<Reply, Failure> {
    // Looked at first: a mistake in a name costs no PIN.
    let roots = read_all(&command.attestation_root)?;
    let mut given = read_all(&command.certificate)?;
    let asked = match &command.public_key {
        Some(path) => Asked::in_file(path)?,
        None => Asked::on_token(context)?,
    };
    given.extend(asked.shown);
    let found = verify(&asked.public, &given, &roots, SystemTime::now())?;
    if let Some(token) = &asked.token {
        check_serial(&token.manufacturer, &token.serial, found.device.serial())?;
    }
    let mut json = json_of(&found);
    if let Value::Object(fields) = &mut json {
        fields.insert("bits".to_owned(), json!(asked.public.bits()));
    }
    Ok(Reply::new(json!({ "key": asked.uri, "attestation": json }))
        .text(text_of(&asked.name, &found)))
}

impl Asked {
    fn in_file(path: &Path) -> Result<Self, Failure> {
        let content = small::read(path).map_err(|error| unreadable(path, &error))?;
        Ok(Self {
            name: path.shown().to_string(),
            uri: None,
            public: PublicKey::from_pem(&*content)?,
            shown: Vec::new(),
            token: None,
        })
    }

    /// Public keys and certificates are visible without a PIN on most tokens, and after a login on the others.
    fn on_token(context: &Context) -> Result<Self, Failure> {
        let chosen = match ChosenKey::find(context, None) {
            Ok(chosen) => chosen,
            Err(_) => ChosenKey::find(context, Some(&mut context.pins()?))?,
        };
        let token = chosen.session.token().clone();
        let uri = chosen.key.uri(&token).to_string();
        let on_token = chosen.session.certificates()?;
        // One of another kind than X.509 attests nothing.
        let shown = on_token
            .iter()
            .filter_map(|it| Certificate::from_der(it).ok());
        Ok(Self {
            name: uri.clone(),
            uri: Some(uri),
            public: chosen.key.public.clone(),
            shown: shown.collect(),
            token: Some(token),
        })
    }
}

fn read_all(files: &[PathBuf]) -> Result<Vec<Certificate>, Failure> {
    let mut all = Vec::new();
    for path in files {
        let content = small::read(path).map_err(|error| unreadable(path, &error))?;
        let read = Certificate::all_in(&content).map_err(|error| {
            Failure::new(Code::Usage, format!("{}: {error}", path.shown()))
                .hint("Name a file with X.509 certificates, in PEM or DER.")
        })?;
        all.extend(read);
    }
    Ok(all)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    let what = format!("{} cannot be read: {error}", path.shown());
    Failure::new(Code::IoFailed, what).hint("Check the name.")
}

/// Refuses a certificate of another device than the token is, where both tell their number.
fn check_serial(manufacturer: &str, token: &str, attested: Option<u64>) -> Result<(), Failure> {
    let number = token.trim().parse::<u64>().ok();
    match (number, attested) {
        (Some(token), Some(attested)) if manufacturer.contains(MAKER) && token != attested => {
            let what = format!(
                "the certificate is of the device {attested}, and the token is the device {token}"
            );
            Err(Failure::new(Code::VerifiedDifferent, what)
                .hint("Name the certificate that this device has signed."))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_of_another_device_is_refused() {
        let yubico = "Yubico (www.yubico.com)";
        assert!(check_serial(yubico, "12345678", Some(12_345_678)).is_ok());
        assert!(check_serial(yubico, "012345678", Some(12_345_678)).is_ok());
        assert!(check_serial(yubico, "12345678", Some(12_345_679)).is_err());
        // Who does not tell, or counts in another way, contradicts nothing.
        assert!(check_serial(yubico, "12345678", None).is_ok());
        assert!(check_serial(yubico, "00ab", Some(12_345_679)).is_ok());
        assert!(check_serial("piv_II", "12345678", Some(1)).is_ok());
    }
}
