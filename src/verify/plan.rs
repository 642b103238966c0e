//! Which files of a result its digest is taken of, which `computed.json` says.

use std::collections::BTreeSet;

use serde_json::Value;

use super::plaintext::Plaintext;

/// The file in a result that names what the digest is taken of.
pub const COMPUTED_JSON: &str = "computed.json";

/// The folder that apps write results to; the result's zip has all that is in it.
const OUT: &str = "/iexec_out";

/// What a result says of one of its entries. Folders are none.
#[derive(Clone, Copy, Debug)]
pub struct EntryFacts<'a> {
    /// The name.
    pub name: &'a [u8],
    /// Whether it is a symbolic link.
    pub is_link: bool,
}

/// The files to be hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    is_folder: bool,
    wanted: BTreeSet<String>,
    below: u64,
    others: u64,
}

impl Plan {
    /// The files among `entries` that `computed`, the content of `computed.json`, names.
    ///
    /// # Errors
    /// Why there are none that can be told, in a sentence without its full stop.
    pub fn of<'a>(
        computed: Option<&[u8]>,
        entries: impl IntoIterator<Item = EntryFacts<'a>>,
    ) -> Result<Self, String> {
        let path = deterministic_path(computed)?;
        let folder = match path.as_str() {
            "" => String::new(),
            path => format!("{path}/"),
        };
        let (mut files, mut inside) = (BTreeSet::new(), BTreeSet::new());
        let (mut below, mut others) = (0, 0);
        for entry in entries {
            let of_it = entry.name == path.as_bytes();
            let in_it = entry.name.strip_prefix(folder.as_bytes());
            let set = match in_it {
                _ if of_it => &mut files,
                Some(rest) if rest.contains(&b'/') => {
                    below += 1;
                    continue;
                }
                Some(_) => &mut inside,
                None => {
                    others += 1;
                    continue;
                }
            };
            if entry.is_link {
                return Err("a symbolic link is in the place of a file that the digest is taken of; what it led to is not in the result".to_owned());
            }
            let name = String::from_utf8(entry.name.to_vec());
            let name = name.map_err(|_| "a file that the digest is taken of has a name that is not in UTF-8, so that its place among the others cannot be told".to_owned())?;
            if !set.insert(name) {
                return Err("a file that the digest is taken of is there twice".to_owned());
            }
        }
        let is_folder = match (files.len(), inside.len() as u64 + below) {
            (1, 0) => false,
            (0, 1..) => true,
            (0, 0) => {
                return Err(
                    "computed.json names a file or folder that is not in the result".to_owned(),
                );
            }
            _ => return Err("computed.json names what is both a file and a folder".to_owned()),
        };
        Ok(Self {
            is_folder,
            wanted: if is_folder { inside } else { files },
            below,
            others,
        })
    }

    /// Whether the file of this name is to be hashed.
    pub fn wants(&self, name: &[u8]) -> bool {
        std::str::from_utf8(name).is_ok_and(|name| self.wanted.contains(name))
    }

    /// The number of files to be hashed.
    pub fn len(&self) -> usize {
        self.wanted.len()
    }

    /// Whether there is nothing to be hashed.
    pub fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }

    /// What there is to know before the files are hashed.
    pub fn plaintext(&self) -> Plaintext {
        Plaintext {
            is_folder: self.is_folder,
            files: Vec::new(),
            below: self.below,
            others: self.others,
        }
    }
}

/// The path that the digest is taken of, within the result; empty where it is all of it.
fn deterministic_path(computed: Option<&[u8]>) -> Result<String, String> {
    let computed = computed.ok_or(
        "the result has no computed.json, which would name the files that the digest is taken of",
    )?;
    let json: Value = serde_json::from_slice(computed)
        .map_err(|_| "the result's computed.json is not JSON".to_owned())?;
    let path =
        match (
            &json["deterministic-output-path"],
            json.get("callback-data"),
        ) {
            (Value::String(path), None) => path,
            (_, Some(_)) => {
                return Err(
                    "the result's computed.json is that of a task whose result goes to a contract"
                        .to_owned(),
                );
            }
            _ => return Err(
                "the result's computed.json names no file or folder that the digest is taken of"
                    .to_owned(),
            ),
        };
    let rest = path.strip_prefix(OUT);
    let rest = rest.filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let Some(rest) = rest else {
        return Err(format!(
            "computed.json has the digest taken of something outside of {OUT}, which is not in the result"
        ));
    };
    let rest = rest.trim_matches('/');
    let is_odd = |part: &str| matches!(part, "" | "." | "..");
    if !rest.is_empty() && rest.split('/').any(is_odd) {
        return Err(
            "computed.json names the files that the digest is taken of in an odd way".to_owned(),
        );
    }
    Ok(rest.to_owned())
}
