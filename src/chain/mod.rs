//! iExec's chains: their names, addresses and URLs, and what `chain.json` makes of them.

mod deployed;
mod entry;
mod error;
mod file;
#[cfg(feature = "chain")]
pub mod journal;
mod known;
#[cfg(feature = "chain")]
pub mod money;
mod node;
#[cfg(feature = "chain")]
pub mod order;
#[cfg(feature = "chain")]
pub mod poco;
#[cfg(feature = "chain")]
pub mod rpc;
mod select;
mod sms_url;
mod tee_framework;
#[cfg(feature = "chain")]
pub mod tx;
#[cfg(feature = "chain")]
pub mod watch;

pub use deployed::{Deployed, DeployedError};
pub use entry::{ChainEntry, Sms};
pub use error::ChainError;
pub use file::ChainFile;
pub use known::{built_in_urls, known_names};
pub use node::UnknownKey;
pub use select::Chain;
pub use sms_url::SmsUrl;
pub use tee_framework::{FrameworkChoice, TeeFramework, TeeFrameworkError};
