use super::entry::ChainEntry;
use super::error::ChainError;
use super::file::ChainFile;
use super::known;
use crate::wallet::address::Address;

/// The chain that is used: what is built in for its number, overlaid by `chain.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Chain {
    /// The name: its key in `chain.json`, else the built-in one.
    pub name: String,
    /// The settings. The number is unknown where neither `chain.json` says it nor the
    /// name is a built-in one.
    pub entry: ChainEntry,
}

impl Chain {
    /// Chooses as the SDK does: `wanted` (a name, or a number), else the default of `chain.json`.
    /// An empty text is none.
    ///
    /// With a `chain.json`, `wanted` is one of its keys, or the number of one of its chains. Of
    /// several with that number it is the one under the built-in name. Without it, which the SDK does not allow, `wanted` is a built-in
    /// chain and must be given: a key that was published to a chain nobody chose helps nobody.
    ///
    /// # Errors
    /// When there is no such chain, or none was chosen.
    pub fn choose(wanted: Option<&str>, file: Option<&ChainFile>) -> Result<Self, ChainError> {
        let wanted = wanted.filter(|name| !name.is_empty());
        match (file, wanted) {
            (Some(file), Some(wanted)) => Self::in_file(file, wanted),
            (Some(file), None) => {
                let default = file.default.as_deref().filter(|name| !name.is_empty());
                let default = default.ok_or(ChainError::NoDefault)?;
                match file.chains.get(default) {
                    Some(entry) => Ok(Self::new(default, entry)),
                    None => Err(not_in_file(file, default)),
                }
            }
            (None, Some(wanted)) => match known::find(wanted) {
                Some((_, name)) => Ok(Self::new(name, &ChainEntry::default())),
                None => Err(ChainError::NotKnown {
                    name: wanted.to_owned(),
                }),
            },
            (None, None) => Err(ChainError::NoFile),
        }
    }

    /// The URL of the RPC service, or a name that the SDK gives to a set of such services.
    ///
    /// # Errors
    /// When neither `chain.json` nor what is built in says it.
    pub fn rpc_host(&self) -> Result<&str, ChainError> {
        let host = self.entry.host.as_deref();
        host.ok_or_else(|| ChainError::NoHost {
            chain: self.label(),
        })
    }

    /// The URL of the IPFS gateway.
    ///
    /// # Errors
    /// When neither `chain.json` nor what is built in says it.
    pub fn ipfs_gateway(&self) -> Result<&str, ChainError> {
        let gateway = self.entry.ipfs_gateway.as_deref();
        gateway.ok_or_else(|| ChainError::NoIpfsGateway {
            chain: self.label(),
        })
    }

    /// The address of iExec's hub.
    ///
    /// # Errors
    /// When neither `chain.json` nor what is built in says it.
    pub fn hub(&self) -> Result<Address, ChainError> {
        self.entry.hub.ok_or_else(|| ChainError::NoHub {
            chain: self.label(),
        })
    }

    /// Whether the hub is the one that iExec has on the chain of this number.
    pub fn has_built_in_hub(&self) -> bool {
        let built_in = known::defaults(self.entry.id).hub;
        built_in.is_some() && built_in == self.entry.hub
    }

    /// The number, else the name.
    pub fn label(&self) -> String {
        match self.entry.id {
            Some(id) => id.to_string(),
            None => format!("{:?}", self.name),
        }
    }

    fn in_file(file: &ChainFile, wanted: &str) -> Result<Self, ChainError> {
        if let Some(entry) = file.chains.get(wanted) {
            return Ok(Self::new(wanted, entry));
        }
        let chains = file
            .chains
            .iter()
            .map(|(name, entry)| Self::new(name, entry));
        let mut fitting: Vec<_> = chains.filter(|it| it.has_number(wanted)).collect();
        let built_in = known::find(wanted).map(|(_, name)| name);
        if fitting.iter().any(|it| Some(it.name.as_str()) == built_in) {
            fitting.retain(|it| Some(it.name.as_str()) == built_in);
        }
        match (fitting.pop(), fitting.as_slice()) {
            (Some(only), []) => Ok(only),
            (Some(last), others) => Err(ChainError::Ambiguous {
                id: wanted.to_owned(),
                names: others
                    .iter()
                    .map(|it| it.name.clone())
                    .chain([last.name])
                    .collect(),
            }),
            (None, _) => Err(not_in_file(file, wanted)),
        }
    }

    fn has_number(&self, wanted: &str) -> bool {
        self.entry.id.is_some_and(|id| id.to_string() == wanted)
    }

    /// Each key of `entry` hides all of the default, and an empty text hides it with nothing.
    fn new(name: &str, entry: &ChainEntry) -> Self {
        let entry = entry.clone();
        let id = entry.id.or(known::find(name).map(|(id, _)| id));
        let defaults = known::defaults(id);
        let some_text = |text: &String| !text.is_empty();
        let entry = ChainEntry {
            id,
            host: entry.host.or(defaults.host).filter(some_text),
            hub: entry.hub.or(defaults.hub),
            sms: entry.sms.or(defaults.sms),
            ipfs_gateway: entry
                .ipfs_gateway
                .or(defaults.ipfs_gateway)
                .filter(some_text),
            market: entry.market.or(defaults.market).filter(some_text),
            compass: entry.compass.or(defaults.compass).filter(some_text),
            native: entry.native.or(defaults.native),
            use_gas: entry.use_gas.or(defaults.use_gas),
            default_tee_framework: entry.default_tee_framework,
        };
        let name = name.to_owned();
        Self { name, entry }
    }
}

fn not_in_file(file: &ChainFile, name: &str) -> ChainError {
    ChainError::NotInFile {
        name: name.to_owned(),
        there: file.chains.keys().cloned().collect(),
    }
}

#[cfg(test)]
mod tests;
