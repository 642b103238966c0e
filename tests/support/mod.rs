//! What the integration tests share: tokens of their own, the real program in a fresh folder or on a pseudo-terminal,
//! and archives that are sealed and packed by other hands than ours.

#![allow(dead_code, unused_imports, unreachable_pub)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod agent;
pub mod asker;
pub mod backend;
mod bytes;
pub mod chain;
pub mod clock;
mod commands;
mod disk;
pub mod failing_agent;
pub mod faulty;
pub mod gateway;
pub mod hidden;
mod java;
pub mod json_schema;
mod keyed;
pub mod machine;
pub mod maker;
pub mod neighbour;
mod own_process;
pub mod pages;
mod pty;
pub mod publish;
mod run;
mod screen;
mod sdk;
mod seal;
pub mod sms;
pub mod spy;
mod token;
mod tree;
pub mod try_sh;
pub mod web;
mod zips;

pub use agent::Agent;
pub use asker::Asker;
pub use backend::{Kind, other_than_softhsm, takes_any_pin, without_wallets};
pub use bytes::{hex, noise};
pub use commands::commands;
pub use disk::Disk;
pub use faulty::Faulty;
pub use java::java_zip;
pub use keyed::Keyed;
pub use own_process::test_alone;
pub use pty::Pty;
pub use run::{Cmd, Run, Started, Work};
pub use screen::{COLUMNS, drawn, screen};
pub use sdk::{Sdk, sdk_fixtures};
pub use seal::{Sealed, openssl};
pub use spy::Spy;
pub use token::Token;
pub use tree::{Node, files_in, tree, unchanged};
pub use zips::{Descriptor, Entry, Method, Zip, plain_zip};

use std::path::{Path, PathBuf};

/// The beneficiary of most tests.
pub const ADDRESS: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";

/// Temporary files of ours that were left in a folder, however deep.
pub fn wrong_tmp(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(".iexec-hsm-") && !name.ends_with(".jsonl") {
            found.push(entry.path());
        } else if entry.file_type().unwrap().is_dir() {
            found.extend(wrong_tmp(&entry.path()));
        }
    }
    found
}
