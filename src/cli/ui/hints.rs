//! The hints: what a person can do about each error of the library. The errors themselves say what
//! is wrong, and know no option and no command of this program.

mod agent;
mod attestation;
mod gateway;
mod keys;
mod market;
mod node;
mod reading;
mod token;

use std::io::{self, ErrorKind};
use std::path::Path;

use super::command_line::CommandLine;
use crate::archive::ArchiveError;
use crate::beneficiary::FileError;
use crate::beneficiary::key_file::KeyFileError;
use crate::beneficiary::public_key_file::PublicKeyFileError;
use crate::beneficiary::software_key::BackupError;
use crate::chain::{ChainError, known_names};
use crate::decrypt::{DecryptError, OutputError};
use crate::encrypt::EncryptError;
use crate::file::named::ForeignLink;
use crate::http::HttpError;
use crate::sms::SmsError;
use crate::token::uri::UriError;
use crate::wallet::LocateError;
use crate::wallet::locate::AddressOrigin;
use crate::wallet::wallet_file::WalletFileError;

pub(crate) use agent::{UNLOCK, agent, client, confirm, socket};
pub(crate) use attestation::attestation;
pub(crate) use gateway::{fetch, gateway, no_result};
pub(crate) use keys::{public_key, software_key};
pub(crate) use market::{choice, market};
pub(crate) use node::node;
pub(crate) use reading::{MOVE_AWAY, unreadable};
pub(crate) use token::{IF_NEEDED, token};

const DOWNLOAD_AGAIN: &str = "Download it again.";
const READABLE: &str = "Check that the path is right and that you may read it.";
const FIND_KEY: &str = "Find the key with `iexec-hsm key list` and name it with --key.";
const OTHER_WALLET: &str = "Name another with --wallet-file.";

pub(crate) fn archive(error: &ArchiveError) -> &'static str {
    match error {
        ArchiveError::Io { .. } => READABLE,
        ArchiveError::Spool { .. } => {
            "Free some space there, or name another temporary folder with TMPDIR."
        }
        ArchiveError::NotAFile { .. } => "Pass the downloaded zip, or pipe it in.",
        ArchiveError::NotAZip { .. } => {
            "Pass the zip that was downloaded for the task. If somebody packed it again, unpack it first."
        }
        ArchiveError::Truncated { .. } | ArchiveError::Malformed { .. } => DOWNLOAD_AGAIN,
        ArchiveError::Packed { .. } => {
            "Unzip it with the program that packed it, and pass the folder that it was unzipped into."
        }
        ArchiveError::Missing { .. } => {
            "Pass the downloaded zip unchanged, or the whole folder that it was unzipped into."
        }
        ArchiveError::LoneBody { .. } => {
            "Its AES key is in the entry beside it: pass the downloaded zip, or the folder that it was unzipped into."
        }
        ArchiveError::Ambiguous { .. } => {
            "Unzip it, and pass the folder with the one wrapped key and body that you mean."
        }
        ArchiveError::TooManyFiles { .. } => {
            "Pass the folder itself that the zip was unzipped into, or the zip."
        }
        ArchiveError::WrappedKeyLength { .. } => {
            "Download it again. If that does not help, the archive was not made by an iExec enclave."
        }
        ArchiveError::NotEncrypted => {
            "If the task ran without result encryption, this is the result itself: unzip it."
        }
        ArchiveError::HoldsZips { .. } => {
            "If it contains the downloaded archive, unzip it and pass that archive. If the task ran without result encryption, this is the result itself."
        }
        ArchiveError::TooLarge { .. } => {
            "Check that this is the file you meant, then raise the limit with --max-size or --max-entries."
        }
    }
}

/// Returns nothing for [`DecryptError::Keys`], whose cause has a hint of its own.
pub(crate) fn decrypt<E: std::error::Error>(error: &DecryptError<E>) -> &'static str {
    match error {
        DecryptError::CannotDecrypt => {
            "`iexec-hsm result inspect` shows which keys could fit. Check that the right token is in use."
        }
        DecryptError::Damaged(_) => DOWNLOAD_AGAIN,
        DecryptError::Read(_) => "Check the disk or the pipe that it comes from.",
        DecryptError::TooLarge { .. } => {
            "Raise the limit with --max-size if you expect a result of this size."
        }
        DecryptError::OverLimit(_) => {
            "Raise the limit with --max-entries or --max-size if you expect such a result."
        }
        DecryptError::UnsafeName { .. } => {
            "Open it without --extract and look into the zip with care."
        }
        DecryptError::Unreadable { .. } => {
            "Open it into a zip, without --extract, --verify and `--output -`, and unzip that with the program that packed it."
        }
        DecryptError::NoSuchEntry { .. } => "Give --entry the exact name, with its folders.",
        DecryptError::Archive(error) => archive(error),
        DecryptError::Output(error) => output(error),
        DecryptError::Withheld => "Do not use it: it is not the result of the task.",
        DecryptError::Random(_) => "Run it again; the system may have just started.",
        DecryptError::Keys(_) => "",
    }
}

pub(crate) fn output(error: &OutputError) -> &'static str {
    match error {
        OutputError::Exists(_) => "Choose another name, or replace it with --force.",
        OutputError::NotAFile { .. } => {
            "Choose another name; `--output -` writes to the standard output."
        }
        OutputError::Io { source, .. } if is_foreign_link(source) => {
            "If you mean the folder that the link leads to, name that folder."
        }
        OutputError::Io { source, .. } => match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                "Make room on the disk, then run it again."
            }
            ErrorKind::BrokenPipe => "The program that reads the output has ended.",
            _ => "Check that the folder exists and can be written to, then run it again.",
        },
    }
}

/// Whether a link of another user was in the way.
fn is_foreign_link(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|it| it.is::<ForeignLink>())
}

pub(crate) fn encrypt(error: &EncryptError) -> &'static str {
    match error {
        EncryptError::Read { path, source }
            if source.kind() == ErrorKind::InvalidInput || path == Path::new("-") =>
        {
            "Only a file or a folder can be sealed. Write what comes through a pipe to a file first."
        }
        EncryptError::Read { .. } => READABLE,
        // No archive is written to the standard output.
        EncryptError::Output(OutputError::NotAFile { .. }) => "Choose another name.",
        EncryptError::Output(error) => output(error),
        EncryptError::Seal(_) | EncryptError::Zip(_) => {
            "Check the disk, and the room on it, then run it again."
        }
        EncryptError::Wrap(error) => public_key(error),
        EncryptError::NotOpened { .. } => {
            "Zip it again, with deflate and without a password. Or put it into a folder and seal the folder: the zip is then one file of the result."
        }
        EncryptError::UnsafeName { .. } => "Rename it or leave it out, then seal it again.",
        EncryptError::OverLimit(_) => {
            "Raise the limit with --max-size or --max-entries. Whoever opens the archive must do the same."
        }
        EncryptError::KeySize { .. } => "Use a key of 2048, 3072 or 4096 bits.",
        EncryptError::Name(_) => "Rename it: the names in a result are UTF-8.",
    }
}

pub(crate) fn file(error: &FileError) -> &'static str {
    match error {
        FileError::Missing { .. } => {
            "Make a key with `iexec-hsm result generate-encryption-keypair`, or name its folder with --beneficiary-keystoredir."
        }
        FileError::Read { source, .. } => unreadable(source, "Check the file and its permissions."),
        FileError::NotReplaced { .. } => {
            "Move it away, or name another folder with --beneficiary-keystoredir."
        }
        FileError::Write { .. } => "",
    }
}

pub(crate) fn key_file(error: &KeyFileError) -> String {
    match error {
        KeyFileError::File(error) => file(error).into(),
        KeyFileError::SoftwareKey { path } => {
            format!("Move the key onto the token with `{}`.", import(path))
        }
        KeyFileError::WouldDestroySoftwareKey { path } => format!(
            "Move it onto the token with `{}`, or move the file away.",
            import(path)
        ),
        KeyFileError::NotAReference { .. } | KeyFileError::SaysHow { .. } => FIND_KEY.into(),
        KeyFileError::Uri { source, .. } => uri(source).into(),
        KeyFileError::WouldReplaceUnknown { .. } => String::new(),
    }
}

fn import(path: &Path) -> CommandLine {
    CommandLine::ours("result import-encryption-key").operand(path)
}

pub(crate) fn public_key_file(error: &PublicKeyFileError) -> &'static str {
    match error {
        PublicKeyFileError::File(error) => file(error),
        PublicKeyFileError::Key { source, .. } => public_key(source),
    }
}

pub(crate) fn backup(error: &BackupError) -> &'static str {
    match error {
        BackupError::File(error) => file(error),
        BackupError::NotASoftwareKey { .. } => "",
    }
}

pub(crate) fn locate(error: &LocateError) -> &'static str {
    match error {
        LocateError::NotFound { .. } => "Give --wallet-address <address> or --wallet-file <file>.",
        LocateError::NoFileFor { .. } => {
            "Name its folder with --keystoredir or its file with --wallet-file."
        }
        LocateError::NoHome => "Set HOME, or name the keystore folder with --keystoredir <path>.",
        LocateError::Read { source, .. } => unreadable(
            source,
            "Check the name and its permissions, or give --wallet-address <address>.",
        ),
        LocateError::Named { source, .. } => unreadable(
            source,
            "Check the name and its permissions; one that is not absolute is looked for in the keystore folder (--keystoredir).",
        ),
        LocateError::Content(_) => OTHER_WALLET,
        LocateError::NoAddress { .. } => "Give --wallet-address <address>.",
        LocateError::Disagree { .. } => {
            "Do not use it: name another with --wallet-file, or give --wallet-address <address> alone."
        }
        LocateError::NotThatOf { .. } => {
            "Leave one of the two out, or name the file of that address with --wallet-file."
        }
        LocateError::Several { .. } => "Choose one of them with --wallet-address <address>.",
        LocateError::Address { .. } | LocateError::Given(_) => "",
    }
}

pub(crate) fn sms(error: &SmsError) -> &'static str {
    match error {
        SmsError::Http(error) => http(error),
        SmsError::Signature => "Sign the challenge again and pass the whole signature.",
        SmsError::Unexpected { .. } => "Check that the address is that of an SMS.",
        SmsError::BadRequest { .. } => {
            "Check that the address is that of an SMS of this version; nothing was stored."
        }
        SmsError::Unauthorized => {
            "Sign with the wallet of the beneficiary's own address; nothing was stored."
        }
        SmsError::NotFound { .. } | SmsError::MethodNotAllowed { .. } => {
            "Check that the address is that of an SMS, with the path in front if it has one; nothing was stored."
        }
        SmsError::AlreadyPublished { .. } => "--force-update replaces it; nothing was changed.",
        SmsError::Conflict => {
            "Nothing was stored. Try again later, and report it to iExec if it happens again."
        }
        SmsError::TooLarge => "Publish a key of at most 4096 bits; nothing was stored.",
        SmsError::RateLimited { .. } | SmsError::Maintenance { .. } | SmsError::Server { .. } => {
            "Nothing was stored; try again later."
        }
        SmsError::Unknown { .. } => {
            "Push again with --force-update. Publishing the same key twice does no harm."
        }
    }
}

fn http(error: &HttpError) -> &'static str {
    match error {
        HttpError::Url { .. } => {
            "Give the address of the SMS as https://host, with --sms-url or in chain.json."
        }
        HttpError::Plain { .. } => {
            "Use an https:// address. --insecure-http allows plain http, if you trust the whole network path."
        }
        HttpError::Setup { .. } => {
            "Check that the system's root certificates are installed (package ca-certificates)."
        }
        HttpError::Dns { .. } => {
            "Check the address of the SMS, the network and the proxy settings."
        }
        HttpError::ConnectionRefused { .. } | HttpError::Connect { .. } => {
            "Check the address and port of the SMS, the network and the proxy settings; nothing was stored."
        }
        HttpError::Tls { .. } => {
            "Check the address of the SMS, this machine's clock and its root certificates; nothing was sent."
        }
        HttpError::Timeout { .. } | HttpError::Broken { .. } => {
            "Nothing was stored; try again later."
        }
        HttpError::NotHttp { .. }
        | HttpError::TooManyRedirects { .. }
        | HttpError::TooLong { .. } => "Check that the address is that of an SMS.",
        HttpError::Redirected { .. } => {
            "If you trust that server, give its address as that of the SMS."
        }
    }
}

pub(crate) fn uri(error: &UriError) -> &'static str {
    match error {
        UriError::Scheme => "`iexec-hsm token list` prints URIs to copy.",
        UriError::PinValue | UriError::PinCommand | UriError::PinSource => {
            "Or name the PIN's file with --pin-file."
        }
        _ => "",
    }
}

/// Names what an address came from.
pub(crate) fn origin(origin: &AddressOrigin) -> String {
    match origin {
        AddressOrigin::Given => "--wallet-address".into(),
        AddressOrigin::Environment => "IEXEC_HSM_WALLET_KEY".into(),
        file => file.to_string(),
    }
}

pub(crate) fn wallet_file(error: &WalletFileError) -> &'static str {
    match error {
        WalletFileError::Content(_) | WalletFileError::NoKey { .. } => OTHER_WALLET,
        WalletFileError::Disagree { .. } => "Do not use it, and name another with --wallet-file.",
        WalletFileError::Read { source, .. } => {
            unreadable(source, "Check the name and its permissions.")
        }
        WalletFileError::Address { .. }
        | WalletFileError::Keystore { .. }
        | WalletFileError::PrivateKey { .. } => "",
    }
}

pub(crate) fn chain(error: &ChainError) -> String {
    let known = || known_names().join(", ");
    match error {
        ChainError::NoFile => format!(
            "Go to the folder that has it, or name the chain with --chain ({}).",
            known()
        ),
        ChainError::NoDefault => "Add one, or name the chain with --chain.".into(),
        ChainError::NotInFile { there, .. } if there.is_empty() => {
            "Add this one there under \"chains\".".into()
        }
        ChainError::NotInFile { there, .. } => format!(
            "Choose one of {} with --chain, or add this one there under \"chains\".",
            quoted(there)
        ),
        ChainError::NotKnown { .. } => format!(
            "Choose one of {} with --chain, or go to the folder that has the file.",
            known()
        ),
        ChainError::NoSms { .. } => {
            "Choose another chain with --chain, add the URL there, or give it with --sms-url."
                .into()
        }
        ChainError::NoSmsFor { .. } => {
            "Choose another with --tee-framework, add the URL there, or give it with --sms-url."
                .into()
        }
        ChainError::NoIpfsGateway { .. } => {
            "Add the URL there, or give it with --ipfs-gateway.".into()
        }
        ChainError::Ambiguous { names, .. } => {
            format!("Name one of them with --chain: {}.", quoted(names))
        }
        ChainError::Read { source, .. } => unreadable(source, MOVE_AWAY).into(),
        ChainError::Json { .. }
        | ChainError::Wrong { .. }
        | ChainError::NoHost { .. }
        | ChainError::NoHub { .. } => String::new(),
    }
}

fn quoted(names: &[String]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("{name:?}")).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests;
