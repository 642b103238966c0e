//! `iexec-hsm result …`: the commands that users of the SDK know.

mod decrypt;
mod encrypt;
mod generate;
mod import;
mod inspect;

use clap::Subcommand;

use super::context::Context;
use super::failure::Failure;
use super::reply::Reply;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make the result key on the token
    #[command(visible_alias = "generate-keys")]
    GenerateEncryptionKeypair(generate::Generate),
    /// Open results
    Decrypt(decrypt::Decrypt),
    /// Seal a result as the enclave does, for test data and dry runs
    Encrypt(encrypt::Encrypt),
    /// Tell what is in an archive, without opening it
    Inspect(inspect::Inspect),
    /// Move an old software key onto the token
    ImportEncryptionKey(import::Import),
}

impl Command {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::GenerateEncryptionKeypair(_) => "result generate-encryption-keypair",
            Self::Decrypt(_) => "result decrypt",
            Self::Encrypt(_) => "result encrypt",
            Self::Inspect(_) => "result inspect",
            Self::ImportEncryptionKey(_) => "result import-encryption-key",
        }
    }
}

pub(super) fn run(context: &mut Context, command: Command) -> Result<Reply, Failure> {
    match command {
        Command::GenerateEncryptionKeypair(command) => generate::run(context, command),
        Command::Decrypt(command) => decrypt::run(context, command),
        Command::Encrypt(command) => encrypt::run(context, command),
        Command::Inspect(command) => inspect::run(context, command),
        Command::ImportEncryptionKey(command) => import::run(context, command),
    }
}
