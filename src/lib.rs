//! Open encrypted iExec results with an RSA key that never leaves its PKCS#11 token.
//!
//! An enclave of iExec encrypts a result for its beneficiary: the files, zipped, with a one-time
//! AES key, and that key with the beneficiary's RSA key. This library, and the program
//! `iexec-hsm` around it, opens such an archive with an RSA key on a token (YubiHSM 2, smartcard,
//! TPM, network HSM, SoftHSM2). The token does one thing, the unwrapping of the AES key; the rest
//! streams on this machine, in memory that does not grow with the result.
//!
//! # Example
//!
//! ```no_run
//! use std::path::Path;
//!
//! use iexec_hsm::archive::{Archive, Limits};
//! use iexec_hsm::decrypt::{Options, Target, decrypt};
//! use iexec_hsm::token::{Module, Pin, TokenKeys, Uri};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let archive = Archive::open("encryptedResults.zip", &Limits::default())?;
//!
//! let module = Module::load("/usr/lib/softhsm/libsofthsm2.so")?;
//! let token = module.token(Some(&Uri::for_label("demo")))?;
//! let mut pin = Pin::from_file("pin")?;
//! let mut keys = TokenKeys::log_in(&module, &token, &mut pin)?;
//!
//! let path = Path::new("results.zip");
//! let target = Target::File { path, force: false };
//! let report = decrypt(&archive, &mut keys, target, &Options::default(), &|_| {})?;
//! println!("opened with {}", report.key.uri);
//! # Ok(())
//! # }
//! ```
//!
//! `docs/examples/open_archive.rs` is the same as a program; the examples beside it open an archive
//! with the agent, inspect one, and publish a key. [`encrypt::encrypt`] is the other way round: it
//! seals a result as the enclave does, for tests.
//!
//! # What holds
//!
//! * A file under its final name is complete and checked; otherwise it is not there, and what
//!   stood there before still is. A program that is ended by a signal calls
//!   [`decrypt::Temporaries::discard`] first.
//! * Every bad ciphertext and every wrong key is the same [`decrypt::DecryptError::CannotDecrypt`];
//!   failures of the token and its PIN are told apart from it and from each other.
//! * A PIN costs at most one attempt, and none where the token says that it is the last one and nobody
//!   allowed it.
//! * PINs and content keys are wiped when done, and no error text holds one.
//! * The format has no MAC: that a result is the one that was sealed can only be told from the
//!   checksums in it.
//!
//! # Modules
//!
//! A module uses only modules below it.
//!
//! ```text
//!  cli                          what a person sees: arguments, prompts, text and JSON, exit codes
//!   |
//!   +----------+------------+--------------+
//!   |          |            |              |
//!  encrypt  beneficiary   agent  chain, market, sms, ipfs -> http   a token for others; services
//!   |          |          |    |           |
//!  decrypt     |          |  wallet <------+                whose address it is, and who signs
//!   |          |          |    |
//!   |          +-----> token <-+                            PKCS#11: modules, PINs, sessions, keys
//!   |                    |
//!   +-----------------> envelope                            content key and body <-> result
//!                        |
//!                      archive                              the container formats
//! ```
//!
//! The seam in the middle is [`envelope::Unwrap`]: given a wrapped key, return the content key.
//! [`token::TokenKeys`] is its holder in this process, [`agent::client::AgentKeys`] that in another;
//! `decrypt` knows only the trait.
//!
//! # Features
//!
//! `cli`, the default, is the program. Without it `agent-server` adds [`agent::server`], and `publish` adds the
//! client in [`sms`] and wallets in files; `chain` adds [`ipfs`], and `attestation` the module of that name. Both of them need `services`, which is
//! [`chain`] and [`http`]. Without any there are archives, envelopes, tokens, [`decrypt`], [`encrypt`] and the
//! client of an agent.

// Helpers that only a left out part uses.
#![cfg_attr(not(feature = "cli"), allow(dead_code, unused_imports))]

pub mod agent;
pub mod archive;
#[cfg(feature = "attestation")]
pub mod attestation;
#[doc(hidden)]
pub mod bench_support;
pub mod beneficiary;
#[cfg(feature = "services")]
pub mod chain;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
mod code;
mod confine;
pub mod decrypt;
pub mod encrypt;
pub mod envelope;
mod file;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "services")]
pub mod http;
#[cfg(feature = "chain")]
pub mod ipfs;
mod locked;
#[cfg(feature = "chain")]
pub mod market;
#[cfg(feature = "agent-server")]
mod process;
pub mod sms;
#[cfg(feature = "chain")]
pub mod task;
mod text;
pub mod token;
#[cfg(feature = "chain")]
pub mod verify;
pub mod wallet;
