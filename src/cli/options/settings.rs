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
use setting::{GLOBAL, NOT_IN_FILE, PER_COMMAND, RARE, SECRET};
use value::{
    Beneficiary, Count, FilePath, Framework, Hosts, KeyUri, Name, Positive, Progress, Seconds,
    Size, Switch, Text, Time, TimeLimit, TokenUri, Urls,
};

declare::settings! {
    /// The PKCS#11 module (a shared library); without it, p11-kit's proxy and the usual paths are tried
    module: Option<FilePath> = Setting {
        value_name: "PATH",
        default: Words("the first that shows a token"),
        ..GLOBAL
    };
    /// Text that the module is initialised with; its form depends on the module
    module_args: Option<Text> = Setting { value_name: "TEXT", ..GLOBAL };
    /// The token to use: its label or its PKCS#11 URI
    token: Option<TokenUri> = Setting {
        value_name: "LABEL|URI",
        default: Words("the key's token, or the only one"),
        ..GLOBAL
    };
    /// The result key to use: its label or a word of it, its id, its address or its PKCS#11 URI
    key: Option<KeyUri> = Setting {
        value_name: "KEY",
        default: Words("the key that the key file names, or the only one"),
        ..GLOBAL
    };
    /// A file whose first line is the PIN
    pin_file: Option<FilePath> = Setting { value_name: "FILE", ..GLOBAL };
    /// Wait up to TIME for a device that fails, is unplugged or has no free session [default: 15s]
    device_timeout: Time = Setting { value_name: "TIME", default: Is("15s"), ..GLOBAL };
    /// The PIN
    pin = SECRET;
    /// A file whose first line is the SO PIN
    so_pin_file: Option<FilePath> = Setting { value_name: "FILE", ..NOT_IN_FILE };
    /// The SO PIN
    so_pin = SECRET;
    /// The Ethereum address of the beneficiary
    wallet_address: Option<Beneficiary> = Setting {
        value_name: "ADDRESS",
        default: Words("the wallet's"),
        ..GLOBAL
    };
    /// The wallet file in the keystore folder; it is unlocked only to sign
    wallet_file: Option<FilePath> = Setting {
        value_name: "FILE",
        default: Words("the file of the address, or the only one"),
        ..GLOBAL
    };
    /// The keystore folder: global, local or a path
    keystoredir: FilePath = Setting {
        value_name: "global|local|PATH",
        default: Is("global"),
        ..GLOBAL
    };
    /// The wallet on a token: its label, its id, its address or its PKCS#11 URI
    wallet: Option<KeyUri> = Setting { value_name: "KEY", ..PER_COMMAND };
    /// The private key of a wallet
    wallet_key = SECRET;
    /// A file with the password of the wallet file; its first line counts
    password_file: Option<FilePath> = Setting { value_name: "FILE", ..RARE };
    /// The password of the wallet's file
    wallet_password = SECRET;
    /// The chain, by its name or number [default: that of chain.json]
    chain: Option<Name> = Setting {
        value_name: "NAME|ID",
        default: Words("the default of chain.json"),
        ..PER_COMMAND
    };
    /// The TEE framework; `all` for every SMS of the chain [default: scone]
    tee_framework: Option<Framework> = Setting {
        value_name: "scone|gramine|tdx|all",
        default: Words("the chain's default, else scone"),
        ..PER_COMMAND
    };
    /// The URL of the Secret Management Service (SMS), instead of the chain's
    sms_url: Option<Name> = Setting {
        value_name: "URL",
        default: Words("the chain's"),
        ..RARE
    };
    /// Hosts that chain.json may name; nobody is asked about them: "sms.example http://localhost:13300"
    trusted_hosts: Option<Hosts> = Setting {
        value_name: "HOSTS",
        default: Words("the built-in hosts"),
        ..RARE
    };
    /// The URL of the chain's node (JSON-RPC), instead of the default
    rpc_url: Option<Name> = Setting {
        value_name: "URL",
        default: Words("the chain's"),
        ..RARE
    };
    /// The URL of iExec's market; it lists the deals; instead of the chain's
    market_url: Option<Name> = Setting {
        value_name: "URL",
        default: Words("the chain's"),
        ..RARE
    };
    /// The URL of iExec's compass; it lists the schedulers; instead of the chain's
    compass_url: Option<Name> = Setting {
        value_name: "URL",
        default: Words("the chain's"),
        ..RARE
    };
    /// The URLs of IPFS gateways; separated by spaces, tried in this order, instead of the chain's
    ipfs_gateway: Option<Urls> = Setting {
        value_name: "URLS",
        default: Words("the chain's"),
        ..RARE
    };
    /// The longest wait for a service; including retries [default: 120]
    timeout: Seconds = Setting { value_name: "SECONDS", default: Is("120"), ..RARE };
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
    /// Use the token, even if an agent runs
    no_agent: Switch = Setting { value_name: "true|false", default: Is("false"), ..RARE };
    /// Run without confinement, for a module that does not work otherwise
    no_confinement: Switch = Setting { value_name: "true|false", default: Is("false"), ..RARE };
    /// Lock after TIME without use: 90s, 15m, 8h, or 0 for never [default: 15m]
    idle: Time = Setting { value_name: "TIME", default: Is("15m"), ..PER_COMMAND };
    /// Lock TIME after the unlock, even when in use; 0 for never [default: 0]
    max_lifetime: Time = Setting { value_name: "TIME", default: Is("0"), ..RARE };
    /// The most sessions with the token [default: one per core, two for a device]
    sessions: Option<Positive> = Setting {
        value_name: "COUNT",
        default: Words("one per core, two for a device"),
        ..RARE
    };
    /// Abandon a request that the token has not answered within this time [default: 60s]
    request_timeout: TimeLimit = Setting { value_name: "TIME", default: Is("60s"), ..RARE };
    /// Wait up to TIME for the agent; it may be locked, or gone for a moment [default: 10s]
    agent_wait: Time = Setting { value_name: "TIME", default: Is("10s"), ..RARE };
    /// Ask a person before each use of a key, and refuse it without a yes
    confirm: Switch = Setting { value_name: "true|false", default: Is("false"), ..PER_COMMAND };
    /// The program that asks: a pinentry or an ssh-askpass [default: the one in SSH_ASKPASS]
    confirm_with: Option<FilePath> = Setting {
        value_name: "PROGRAM",
        default: Words("the one in SSH_ASKPASS"),
        ..RARE
    };
    /// Refuse the use if nobody answers within TIME [default: 60s]
    confirm_timeout: TimeLimit = Setting { value_name: "TIME", default: Is("60s"), ..RARE };
    /// Append a line for each request to this file [default: stderr]
    audit_log: Option<FilePath> = Setting {
        value_name: "FILE",
        default: Words("stderr"),
        ..RARE
    };
    /// Show progress: on a terminal, never, or as lines of JSON on stderr [default: auto]
    progress: Progress = Setting {
        value_name: "auto|never|json",
        default: Is("auto"),
        ..GLOBAL
    };
    /// The largest result; with K, M, G or T [default: 32G]
    max_size: Size = Setting { value_name: "SIZE", default: Is("34359738368"), ..RARE };
    /// The most entries in a result [default: 100000]
    max_entries: Count = Setting { value_name: "COUNT", default: Is("100000"), ..RARE };
}

#[cfg(test)]
mod tests;
