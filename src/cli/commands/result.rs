//! `iexec-hsm result …`: the commands that users of the SDK know.

mod check;
mod decrypt;
mod default_archive;
mod encrypt;
mod generate;
mod import;
mod inspect;
mod push;
mod verify;

use clap::Subcommand;

use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;

pub(super) use decrypt::{
    Arrivals, Arrived, Opened, Opening, Place, open_as_they_come, open_fetched, opened_in,
    warn_of_exposed,
};

#[derive(Debug, Subcommand)]
// One value per process: its size costs nothing.
#[allow(clippy::large_enum_variant)]
pub(crate) enum Command {
    /// Make the result key on the token
    ///
    /// The private key never leaves the token. The key is read back and tried, then recorded in a key file and a public
    /// key file in .secrets/beneficiary. A key that was there before stays on its token and still opens old results.
    #[command(visible_alias = "generate-keys")]
    GenerateEncryptionKeypair(generate::Generate),
    /// Publish the public key of the result key
    ///
    /// Enclaves encrypt results with the key that is published in iExec's Secret Management Service (SMS). The token
    /// must have the private key, and must say that it cannot leave. Then the wallet of the address signs. A key that
    /// is published already is replaced only with --force-update.
    #[command(visible_alias = "push-secret")]
    PushEncryptionKey(push::Push),
    /// Check whether a key is published for an address
    ///
    /// The SMS says that a key is published, not which one. To be sure that it is yours, publish it again with
    /// --force-update.
    #[command(visible_alias = "check-secret")]
    CheckEncryptionKey(check::Check),
    /// Open results
    ///
    /// The token unwraps the key of each archive, with one RSA operation for each key that could fit; the rest is
    /// decrypted here. A file gets its name only when all checks have passed. If an agent runs and is unlocked, no PIN
    /// is needed. Several archives take one login.
    Decrypt(decrypt::Decrypt),
    /// Seal a result as the enclave does, for tests
    ///
    /// Only the public key is needed: no token, no PIN. A folder is zipped as the enclave zips it. A zip is taken as
    /// the result itself; any other file is zipped alone.
    Encrypt(encrypt::Encrypt),
    /// Check a result against its task on the chain
    ///
    /// Nine checks compare the result with the chain: with the digest that the workers agreed on, and with the
    /// signatures of enclave, workerpool and requester. The verdict is verified, a mismatch (exit 50), or not verified
    /// in full.
    Verify(verify::Verify),
    /// Show what is in an archive, without opening it
    ///
    /// Shows the format, the size of the RSA key, and the keys on the token that could fit. Nothing is decrypted, and
    /// no PIN is asked for.
    Inspect(inspect::Inspect),
    /// Import the SDK's private key file into the token
    ///
    /// The file is renamed to ADDRESS_key.software.pem and not destroyed: do that when the key on the token has
    /// opened a result. Not every token imports keys.
    ImportEncryptionKey(import::Import),
}

pub(crate) fn run(context: &Context, command: Command) -> Result<Reply, Failure> {
    match command {
        Command::GenerateEncryptionKeypair(command) => generate::run(context, command),
        Command::PushEncryptionKey(command) => push::run(context, command),
        Command::CheckEncryptionKey(command) => check::run(context, command),
        Command::Decrypt(command) => decrypt::run(context, command),
        Command::Encrypt(command) => encrypt::run(context, command),
        Command::Verify(command) => verify::run(context, &command),
        Command::Inspect(command) => inspect::run(context, command),
        Command::ImportEncryptionKey(command) => import::run(context, command),
    }
}
