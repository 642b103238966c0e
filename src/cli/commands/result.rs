//! `iexec-hsm result …`: the commands that users of the SDK know.

mod check;
mod decrypt;
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
    #[command(visible_alias = "generate-keys")]
    GenerateEncryptionKeypair(generate::Generate),
    /// Publish the public key of the result key
    #[command(visible_alias = "push-secret")]
    PushEncryptionKey(push::Push),
    /// Check whether a key is published for an address
    #[command(visible_alias = "check-secret")]
    CheckEncryptionKey(check::Check),
    /// Open results
    Decrypt(decrypt::Decrypt),
    /// Encrypt (seal) a result as the enclave does, for tests
    Encrypt(encrypt::Encrypt),
    /// Check a result against its task on the chain
    Verify(verify::Verify),
    /// Show what is in an archive, without opening it
    Inspect(inspect::Inspect),
    /// Import the SDK's private key file into the token
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
