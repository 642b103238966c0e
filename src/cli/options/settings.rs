//! Every setting, declared once: `--some-thing`, `IEXEC_HSM_SOME_THING`, `some-thing` in the file.
//!
//! From this come the options with their help, the environment, the reader of the file, `config
//! show` and `config check`, the completions, the manual page, and the table in the book.

mod declare;
pub(crate) mod groups;
pub(crate) mod merge;
mod setting;
mod value;

pub(crate) use setting::{Fallback, Found, Kind, Setting, Source};
pub(crate) use value::Form;

use Fallback::{Is, Words};
use setting::{GLOBAL, NOT_IN_FILE, PER_COMMAND, SECRET};
use value::{
    Beneficiary, Count, FilePath, Framework, Hosts, KeyUri, Name, Positive, Seconds, Size, Switch,
    Text, Time, TimeLimit, TokenUri, Urls,
};

declare::settings! {
    /// The PKCS#11 module to load; without it p11-kit's proxy and well-known paths are tried
    module: Option<FilePath> = Setting {
        value_name: "PATH",
        default: Words("the first that shows a token"),
        ..GLOBAL
    };
    /// What that module wants to be initialised with, in a form of its own
    module_args: Option<Text> = Setting { value_name: "TEXT", ..GLOBAL };
    /// The token to use: its label or its PKCS#11 URI
    token: Option<TokenUri> = Setting {
        value_name: "LABEL|URI",
        default: Words("that of the key, or the only one"),
        ..GLOBAL
    };
    /// The result key to use: its PKCS#11 URI
    key: Option<KeyUri> = Setting {
        value_name: "URI",
        default: Words("that of the key file, or the only one"),
        ..GLOBAL
    };
    /// A file whose first line is the PIN
    pin_file: Option<FilePath> = Setting { value_name: "FILE", ..GLOBAL };
    /// Wait so long for a device that fails, is away or has no free session: 15s, 2m [default: 15s]
    device_timeout: Time = Setting { value_name: "TIME", default: Is("15s"), ..GLOBAL };
    /// The PIN
    pin = SECRET;
    /// A file whose first line is the SO PIN
    so_pin_file: Option<FilePath> = Setting { value_name: "FILE", ..NOT_IN_FILE };
    /// The SO PIN
    so_pin = SECRET;
    /// The beneficiary's address
    wallet_address: Option<Beneficiary> = Setting {
        value_name: "ADDRESS",
        default: Words("that of the wallet"),
        ..GLOBAL
    };
    /// The wallet's file in the keystore folder; unlocked for publishing alone
    wallet_file: Option<FilePath> = Setting {
        value_name: "FILE",
        default: Words("the one of the address, or the only one"),
        ..GLOBAL
    };
    /// The keystore folder: global, local or a path
    keystoredir: FilePath = Setting {
        value_name: "global|local|PATH",
        default: Is("global"),
        ..GLOBAL
    };
    /// The wallet on a token: its PKCS#11 URI
    wallet: Option<KeyUri> = Setting { value_name: "URI", ..PER_COMMAND };
    /// The private key of a wallet
    wallet_key = SECRET;
    /// A file whose first line is the password of the wallet's file
    password_file: Option<FilePath> = Setting { value_name: "FILE", ..PER_COMMAND };
    /// The password of the wallet's file
    wallet_password = SECRET;
    /// The chain, by its name or number [default: that of chain.json]
    chain: Option<Name> = Setting {
        value_name: "NAME|ID",
        default: Words("the default of chain.json"),
        ..PER_COMMAND
    };
    /// The framework of the enclaves; all for every service of the chain [default: scone]
    tee_framework: Option<Framework> = Setting {
        value_name: "scone|gramine|tdx|all",
        default: Words("that of the chain, else scone"),
        ..PER_COMMAND
    };
    /// The address of the Secret Management Service, in place of the chain's
    sms_url: Option<Name> = Setting {
        value_name: "URL",
        default: Words("that of the chain"),
        ..PER_COMMAND
    };
    /// Hosts that chain.json may name without a question, as in "sms.example http://localhost:13300"
    trusted_hosts: Option<Hosts> = Setting {
        value_name: "HOSTS",
        default: Words("those that are built in"),
        ..PER_COMMAND
    };
    /// The address of the chain's node (JSON-RPC), in place of the chain's
    rpc_url: Option<Name> = Setting {
        value_name: "URL",
        default: Words("that of the chain"),
        ..PER_COMMAND
    };
    /// The address of iExec's market, which knows the deals, in place of the chain's
    market_url: Option<Name> = Setting {
        value_name: "URL",
        default: Words("that of the chain"),
        ..PER_COMMAND
    };
    /// The address of iExec's compass, which knows the schedulers, in place of the chain's
    compass_url: Option<Name> = Setting {
        value_name: "URL",
        default: Words("that of the chain"),
        ..PER_COMMAND
    };
    /// Gateways to IPFS, asked one after the other, in place of the chain's: URLs with spaces between them
    ipfs_gateway: Option<Urls> = Setting {
        value_name: "URLS",
        default: Words("that of the chain"),
        ..PER_COMMAND
    };
    /// Longest time to wait for a service, all repetitions included [default: 120]
    timeout: Seconds = Setting { value_name: "SECONDS", default: Is("120"), ..PER_COMMAND };
    /// The folder of the beneficiary's key files [default: .secrets/beneficiary]
    beneficiary_keystoredir: FilePath = Setting {
        value_name: "PATH",
        default: Is(".secrets/beneficiary"),
        ..GLOBAL
    };
    /// The agent's socket [default: $XDG_RUNTIME_DIR/iexec-hsm/agent.sock]
    agent_sock: Option<FilePath> = Setting {
        value_name: "PATH",
        alias: Some("socket"),
        default: Words("$XDG_RUNTIME_DIR/iexec-hsm/agent.sock"),
        ..GLOBAL
    };
    /// Use the token itself, even where an agent runs
    no_agent: Switch = Setting { value_name: "true|false", default: Is("false"), ..PER_COMMAND };
    /// Let the agent and the token's module do all that you can: for a module that does not work otherwise
    no_confinement: Switch = Setting { value_name: "true|false", default: Is("false"), ..PER_COMMAND };
    /// Lock after so long without use: 90s, 15m, 8h, or 0 for never [default: 15m]
    idle: Time = Setting { value_name: "TIME", default: Is("15m"), ..PER_COMMAND };
    /// Lock so long after it was unlocked, used or not; 0 for never [default: 0]
    max_lifetime: Time = Setting { value_name: "TIME", default: Is("0"), ..PER_COMMAND };
    /// Most sessions with the token [default: as many as there are cores, two for a device]
    sessions: Option<Positive> = Setting {
        value_name: "COUNT",
        default: Words("as many as there are cores, two for a device"),
        ..PER_COMMAND
    };
    /// Abandon a request that the token has not answered within this time [default: 60s]
    request_timeout: TimeLimit = Setting { value_name: "TIME", default: Is("60s"), ..PER_COMMAND };
    /// Wait so long for an agent that was there and is gone or locked [default: 10s]
    agent_wait: Time = Setting { value_name: "TIME", default: Is("10s"), ..PER_COMMAND };
    /// Ask a person before each use of a key; without a yes it is refused
    confirm: Switch = Setting { value_name: "true|false", default: Is("false"), ..PER_COMMAND };
    /// The program that asks: a pinentry, or one like ssh-askpass [default: that of SSH_ASKPASS]
    confirm_with: Option<FilePath> = Setting {
        value_name: "PROGRAM",
        default: Words("that of SSH_ASKPASS"),
        ..PER_COMMAND
    };
    /// Take a question for refused that is not answered for so long [default: 60s]
    confirm_timeout: TimeLimit = Setting { value_name: "TIME", default: Is("60s"), ..PER_COMMAND };
    /// Add a line for each request to this file [default: stderr]
    audit_log: Option<FilePath> = Setting {
        value_name: "FILE",
        default: Words("stderr"),
        ..PER_COMMAND
    };
    /// Largest result that is written, with K, M, G or T [default: 32G]
    max_size: Size = Setting { value_name: "SIZE", default: Is("34359738368"), ..PER_COMMAND };
    /// Most entries that a result may have [default: 100000]
    max_entries: Count = Setting { value_name: "COUNT", default: Is("100000"), ..PER_COMMAND };
}

#[cfg(test)]
mod tests;
