use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::tee_framework::TeeFramework;

/// Why a chain cannot be used. Where the SDK has words for it, the text begins with them. No value
/// of the file is shown.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ChainError {
    /// `chain.json` is there and cannot be read.
    #[error("cannot read {path:?}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// `chain.json` is not JSON.
    #[error("{path:?} is not JSON at line {line}, column {column}: {problem}; correct it there")]
    Json {
        /// The file.
        path: PathBuf,
        /// The line of the error, from 1.
        line: usize,
        /// The column of the error, in bytes.
        column: usize,
        /// The fault.
        problem: String,
    },
    /// A value of `chain.json` is of the wrong kind.
    #[error("{path:?} is wrong at {key}: {problem}; correct it there")]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The place of the fault, as in `chains.bellecour.sms.scone`.
        key: String,
        /// The fault.
        problem: String,
    },
    /// There is no `chain.json`, and no chain was named.
    #[error("Missing \"chain.json\" file, did you forget to run \"iexec init\"?")]
    NoFile,
    /// No chain was named, by `chain.json` neither.
    #[error("Missing chain parameter. Check your \"chain.json\" file: it sets no \"default\"")]
    NoDefault,
    /// `chain.json` does not have the named chain.
    #[error("Missing {name:?} chain in \"chain.json\"")]
    NotInFile {
        /// The name, or the number.
        name: String,
        /// The names in the file.
        there: Vec<String>,
    },
    /// The number is that of several chains of `chain.json`.
    #[error("several chains in \"chain.json\" have the number {id}")]
    Ambiguous {
        /// The number.
        id: String,
        /// The names of the chains.
        names: Vec<String>,
    },
    /// The named chain is not built in, and there is no `chain.json`.
    #[error("the chain {name:?} is not known and there is no \"chain.json\" here")]
    NotKnown {
        /// The name, or the number.
        name: String,
    },
    /// The chain has no RPC service.
    #[error(
        "Missing RPC host, no \"host\" key in \"chain.json\" and no default value for chain {chain}; add its URL there"
    )]
    NoHost {
        /// The number, else the name.
        chain: String,
    },
    /// The chain has no hub.
    #[error("Missing hub in \"chain.json\" for chain {chain}; add its address there")]
    NoHub {
        /// The number, else the name.
        chain: String,
    },
    /// The chain has no IPFS gateway.
    #[error(
        "Missing IPFS gateway, no \"ipfsGateway\" key in \"chain.json\" and no default value for chain {chain}"
    )]
    NoIpfsGateway {
        /// The number, else the name.
        chain: String,
    },
    /// The chain has no Secret Management Service.
    #[error("Missing sms in \"chain.json\" for chain {chain}")]
    NoSms {
        /// The number, else the name.
        chain: String,
    },
    /// The chain has no Secret Management Service for the chosen framework.
    #[error("Missing sms for tee framework {framework} in \"chain.json\" for chain {chain}")]
    NoSmsFor {
        /// The framework.
        framework: TeeFramework,
        /// The number, else the name.
        chain: String,
    },
}
