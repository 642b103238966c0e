use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use serde_json::Value;

use super::entry::{ChainEntry, Sms};
use super::error::ChainError;
use super::node::{Node, UnknownKey, Wrong};
use super::tee_framework::TeeFramework;
use crate::file::small;

const NAME: &str = "chain.json";

/// The content of `chain.json` of the working folder, in the form of the SDK 8.x or 9.x.
///
/// Of its keys, those about ENS, vouchers, bridges, markets and RPC services are checked and not
/// kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChainFile {
    /// The chain that is used where none is named.
    pub default: Option<String>,
    /// The chains by their names.
    pub chains: BTreeMap<String, ChainEntry>,
    /// The keys that mean nothing; for the user to see.
    pub unknown_keys: Vec<UnknownKey>,
}

impl ChainFile {
    /// Reads `chain.json` in this folder; `None` where there is none.
    ///
    /// # Errors
    /// When the file cannot be read, is not JSON, or holds a value of the wrong kind.
    pub fn load(folder: &Path) -> Result<Option<Self>, ChainError> {
        let path = folder.join(NAME);
        match small::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(ChainError::Read { path, source }),
            Ok(content) => Self::parse(&path, &content).map(Some),
        }
    }

    /// Reads the content of the file at `path`.
    pub(crate) fn parse(path: &Path, content: &[u8]) -> Result<Self, ChainError> {
        let value = match serde_json::from_slice(content) {
            Err(error) => {
                return Err(ChainError::Json {
                    path: path.into(),
                    line: error.line(),
                    column: error.column(),
                    problem: without_position(&error),
                });
            }
            Ok(value) => value,
        };
        Self::from_json(&value).map_err(|Wrong { key, problem }| ChainError::Wrong {
            path: path.into(),
            key,
            problem,
        })
    }

    fn from_json(value: &Value) -> Result<Self, Wrong> {
        let mut file = Self::default();
        let mut has_chains = false;
        let root = Node::root(value);
        for (key, node) in root.object()? {
            match key {
                "default" => file.default = Some(node.text()?.to_owned()),
                "chains" => {
                    has_chains = true;
                    for (name, node) in node.object()? {
                        let entry = ChainEntry::from_json(&node, &mut file.unknown_keys)?;
                        file.chains.insert(name.to_owned(), entry);
                    }
                }
                "allowExperimentalNetworks" => _ = node.flag()?,
                "providers" => providers(&node, &mut file.unknown_keys)?,
                _ => file.unknown_keys.push(node.unknown()),
            }
        }
        if has_chains {
            Ok(file)
        } else {
            Err(root.wrong("the key \"chains\" is missing"))
        }
    }
}

impl ChainEntry {
    fn from_json(node: &Node<'_>, unknown_keys: &mut Vec<UnknownKey>) -> Result<Self, Wrong> {
        let mut entry = Self::default();
        for (key, node) in node.object()? {
            match key {
                "id" => entry.id = Some(chain_id(&node)?),
                "host" => entry.host = Some(node.text()?.to_owned()),
                "hub" => {
                    let hub = node.text()?.parse();
                    entry.hub = Some(hub.map_err(|_| node.wrong("not an Ethereum address"))?);
                }
                "sms" => entry.sms = Some(sms(&node, unknown_keys)?),
                "ipfsGateway" => entry.ipfs_gateway = Some(node.text()?.to_owned()),
                "iexecGateway" => entry.market = Some(node.text()?.to_owned()),
                "compass" => entry.compass = Some(node.text()?.to_owned()),
                "defaultTeeFramework" => {
                    let framework = node.text()?.parse();
                    let wrong = |_| {
                        node.wrong("not a valid TEE framework (these are scone, gramine and tdx)")
                    };
                    entry.default_tee_framework = Some(framework.map_err(wrong)?);
                }
                "ensRegistry" | "ensPublicResolver" | "voucherHub" | "resultProxy"
                | "pocoSubgraph" | "voucherSubgraph" => {
                    node.text()?;
                }
                "native" => entry.native = Some(node.flag()?),
                "useGas" => entry.use_gas = Some(node.flag()?),
                // The SDK takes null for none here, and not elsewhere.
                "bridge" if node.is_null() => (),
                "bridge" => _ = node.object()?,
                _ => unknown_keys.push(node.unknown()),
            }
        }
        Ok(entry)
    }
}

/// A decimal number in quotes, in the one spelling that the SDK finds its defaults by.
fn chain_id(node: &Node<'_>) -> Result<u64, Wrong> {
    let text = node.text()?;
    let id = text.parse().ok();
    id.filter(|id: &u64| id.to_string() == text)
        .ok_or_else(|| node.wrong("not a valid chainId (decimal digits without leading zeros)"))
}

fn sms(node: &Node<'_>, unknown_keys: &mut Vec<UnknownKey>) -> Result<Sms, Wrong> {
    if !node.is_object() {
        return url(node).map(Sms::One);
    }
    let mut urls = BTreeMap::new();
    for (key, node) in node.object()? {
        match TeeFramework::ALL.iter().find(|tee| tee.name() == key) {
            Some(framework) => _ = urls.insert(*framework, url(&node)?),
            None => unknown_keys.push(node.unknown()),
        }
    }
    Ok(Sms::PerFramework(urls))
}

fn url(node: &Node<'_>) -> Result<String, Wrong> {
    let text = node.text()?;
    if text.starts_with("https://") || text.starts_with("http://") {
        Ok(text.to_owned())
    } else {
        Err(node.wrong("not a valid URL (it starts with https:// or http://)"))
    }
}

fn providers(node: &Node<'_>, unknown_keys: &mut Vec<UnknownKey>) -> Result<(), Wrong> {
    for (key, node) in node.object()? {
        match key {
            "alchemy" | "etherscan" | "quorum" if node.is_null() => (),
            "alchemy" | "etherscan" => _ = node.text()?,
            "infura" if node.is_object() => {
                for (key, node) in node.object()? {
                    match key {
                        "projectId" | "projectSecret" => _ = node.text()?,
                        _ => unknown_keys.push(node.unknown()),
                    }
                }
            }
            "infura" => _ = node.text()?,
            "quorum" => node.number()?,
            _ => unknown_keys.push(node.unknown()),
        }
    }
    Ok(())
}

/// The parser's message, which ends in the position.
fn without_position(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.rsplit_once(" at line ") {
        Some((message, _)) => message.to_owned(),
        None => message,
    }
}

#[cfg(test)]
mod tests;
