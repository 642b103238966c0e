//! Blocks of files and folders as they come: DAG-PB around UnixFS, of whoever made them.

use thiserror::Error;

use super::cid::{Cid, CidError};
use super::varint;

/// The most parts of a node. Those who add files make up to 1,024.
const MOST_PARTS: usize = 8192;

/// Why a block is not the part of a file that it should be. That its bytes are right was found before.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NodeError {
    /// It has not the form of one.
    #[error("it is malformed: {0}")]
    Malformed(&'static str),
    /// A link leads to something that is not known.
    #[error("it links to an unknown kind of data: {0}")]
    Link(#[from] CidError),
    /// More parts than a node of a file has.
    #[error("it has more than {MOST_PARTS} parts")]
    TooManyParts,
    /// A folder where a file should be.
    #[error("it is a folder, not a file")]
    Folder,
    /// A file where a folder should be.
    #[error("it is a file, not a folder")]
    NotAFolder,
    /// A folder of so many entries that its list is spread over many blocks.
    #[error("it is a folder in many blocks, which cannot be read")]
    Sharded,
    /// Neither a file nor a folder.
    #[error("it is neither a file nor a folder")]
    Other,
    /// No entry of that name.
    #[error("the folder has no {0:?}")]
    NoSuchName(String),
}

/// A part of a file: its own bytes, and then those of the parts below.
#[derive(Debug)]
pub(super) struct FileNode<'a> {
    pub(super) data: &'a [u8],
    /// The CIDs of the parts, and how many bytes are in each.
    pub(super) parts: Vec<(Cid, u64)>,
    /// Bytes of all of it.
    pub(super) size: u64,
}

/// Reads a block that is a part of a file.
pub(super) fn file(block: &[u8]) -> Result<FileNode<'_>, NodeError> {
    let node = Node::read(block)?;
    let unixfs = UnixFs::read(node.data)?;
    match unixfs.kind {
        RAW | FILE => {}
        FOLDER | SHARD => return Err(NodeError::Folder),
        _ => return Err(NodeError::Other),
    }
    if node.links.len() != unixfs.sizes.len() {
        return Err(NodeError::Malformed("it has not one size for each part"));
    }
    let mut size = unixfs.data.len() as u64;
    for part in &unixfs.sizes {
        let sum = size.checked_add(*part);
        size = sum.ok_or(NodeError::Malformed("its size is beyond all numbers"))?;
    }
    if unixfs.size.is_some_and(|declared| declared != size) {
        return Err(NodeError::Malformed("its size is not that of its parts"));
    }
    let cids = node.links.iter().map(|link| Ok(Cid::read(link.cid)?.0));
    let cids: Vec<Cid> = cids.collect::<Result<_, NodeError>>()?;
    Ok(FileNode {
        data: unixfs.data,
        parts: cids.into_iter().zip(unixfs.sizes).collect(),
        size,
    })
}

/// The CID of the entry `name` of the folder that a block is.
pub(super) fn entry_of_folder(block: &[u8], name: &str) -> Result<Cid, NodeError> {
    let node = Node::read(block)?;
    match UnixFs::read(node.data)?.kind {
        FOLDER => {}
        SHARD => return Err(NodeError::Sharded),
        RAW | FILE => return Err(NodeError::NotAFolder),
        _ => return Err(NodeError::Other),
    }
    let mut found = node
        .links
        .iter()
        .filter(|link| link.name == name.as_bytes());
    match (found.next(), found.next()) {
        (Some(link), None) => Ok(Cid::read(link.cid)?.0),
        (Some(_), Some(_)) => Err(NodeError::Malformed("it has a name twice")),
        _ => Err(NodeError::NoSuchName(name.to_owned())),
    }
}

/// Kinds of UnixFS nodes.
const RAW: u64 = 0;
const FOLDER: u64 = 1;
const FILE: u64 = 2;
const SHARD: u64 = 5;

/// A node of DAG-PB.
struct Node<'a> {
    links: Vec<Link<'a>>,
    data: &'a [u8],
}

#[derive(Default)]
struct Link<'a> {
    cid: &'a [u8],
    name: &'a [u8],
}

impl<'a> Node<'a> {
    fn read(block: &'a [u8]) -> Result<Self, NodeError> {
        let (mut links, mut data) = (Vec::new(), None);
        for field in Fields(block) {
            match field? {
                (1, Value::Bytes(bytes)) if data.is_none() => data = Some(bytes),
                (2, Value::Bytes(_)) if links.len() == MOST_PARTS => {
                    return Err(NodeError::TooManyParts);
                }
                (2, Value::Bytes(bytes)) => links.push(Link::read(bytes)?),
                _ => return Err(NodeError::Malformed("it has a field that no node has")),
            }
        }
        let data = data.ok_or(NodeError::Malformed("it says nothing of files"))?;
        Ok(Self { links, data })
    }
}

impl<'a> Link<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, NodeError> {
        let mut link = Self::default();
        for field in Fields(bytes) {
            match field? {
                (1, Value::Bytes(cid)) => link.cid = cid,
                (2, Value::Bytes(name)) => link.name = name,
                // Bytes of all blocks below, by which nobody goes.
                (3, Value::Number(_)) => {}
                _ => return Err(NodeError::Malformed("it has a field that no link has")),
            }
        }
        Ok(link)
    }
}

/// What a node says of files.
struct UnixFs<'a> {
    kind: u64,
    data: &'a [u8],
    size: Option<u64>,
    /// Bytes in each part.
    sizes: Vec<u64>,
}

impl<'a> UnixFs<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, NodeError> {
        let (mut kind, mut data, mut size, mut sizes) = (None, &[][..], None, Vec::new());
        for field in Fields(bytes) {
            match field? {
                (1, Value::Number(number)) => kind = Some(number),
                (2, Value::Bytes(bytes)) => data = bytes,
                (3, Value::Number(number)) => size = Some(number),
                (4, Value::Number(_)) if sizes.len() == MOST_PARTS => {
                    return Err(NodeError::TooManyParts);
                }
                (4, Value::Number(number)) => sizes.push(number),
                // Hash and fanout of a shard, mode and time of a file.
                (5..=8, _) => {}
                _ => return Err(NodeError::Malformed("it has a field that no file has")),
            }
        }
        let kind = kind.ok_or(NodeError::Malformed("it does not say what it is"))?;
        Ok(Self {
            kind,
            data,
            size,
            sizes,
        })
    }
}

/// The fields of a protobuf message.
struct Fields<'a>(&'a [u8]);

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Fields<'a> {
    fn number(&mut self) -> Option<u64> {
        let (number, len) = varint::read(self.0).ok()?;
        self.0 = &self.0[len..];
        Some(number)
    }

    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let key = self.number()?;
        let value = match key & 7 {
            0 => Value::Number(self.number()?),
            2 => {
                let len = usize::try_from(self.number()?).ok()?;
                let (bytes, rest) = self.0.split_at_checked(len)?;
                self.0 = rest;
                Value::Bytes(bytes)
            }
            _ => return None,
        };
        Some((key >> 3, value))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), NodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            // Nothing can be read behind it.
            self.0 = &[];
        }
        Some(field.ok_or(NodeError::Malformed("it cannot be read")))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::cid::{Codec, Version};
    use super::super::encoded::{self, Part};
    use super::*;

    fn part(size: u64) -> Part {
        Part {
            cid: Cid::new(Version::V1, Codec::Raw, [7; 32]),
            size,
            stored: size,
        }
    }

    fn chunk(data: &[u8]) -> Vec<u8> {
        let (before, after) = encoded::around_chunk(data.len());
        [&before, data, &after].concat()
    }

    /// A node with this UnixFS message and `links` links.
    fn node(unixfs: &[u8], links: usize) -> Vec<u8> {
        let mut node = Vec::new();
        for _ in 0..links {
            let link = [&[0x0a, 36, 1, 0x55, 0x12, 32][..], &[7; 32], b"\x12\x01a"].concat();
            node.extend([0x12, link.len() as u8]);
            node.extend(link);
        }
        node.extend([0x0a, unixfs.len() as u8]);
        node.extend(unixfs);
        node
    }

    #[test]
    fn what_is_added_is_read() {
        for data in [&b""[..], b"x", &[5; 1000]] {
            let block = chunk(data);
            let read = file(&block).unwrap();
            assert_eq!((read.data, read.size), (data, data.len() as u64));
            assert!(read.parts.is_empty());
        }
        let block = encoded::node(&[part(5), part(300)]);
        let read = file(&block).unwrap();
        assert_eq!((read.data, read.size), (&b""[..], 305));
        assert_eq!(read.parts, [(part(5).cid, 5), (part(300).cid, 300)]);
    }

    #[test]
    fn an_entry_of_a_folder_is_found_by_its_name() {
        let folder = node(b"\x08\x01", 1);
        assert_eq!(entry_of_folder(&folder, "a").unwrap(), part(0).cid);
        let missing = NodeError::NoSuchName("b".to_owned());
        assert_eq!(entry_of_folder(&folder, "b"), Err(missing));
        let twice = NodeError::Malformed("it has a name twice");
        assert_eq!(entry_of_folder(&node(b"\x08\x01", 2), "a"), Err(twice));
        assert_eq!(
            entry_of_folder(&node(b"\x08\x05", 1), "a"),
            Err(NodeError::Sharded)
        );
        assert_eq!(
            entry_of_folder(&chunk(b"x"), "a"),
            Err(NodeError::NotAFolder)
        );
    }

    #[test]
    fn what_is_no_file_is_refused() {
        for (unixfs, error) in [
            (&b"\x08\x01"[..], NodeError::Folder),
            (b"\x08\x05", NodeError::Folder),
            (b"\x08\x04\x12\x01x", NodeError::Other),
            (b"\x08\x03", NodeError::Other),
            (b"", NodeError::Malformed("it does not say what it is")),
            (
                b"\x08\x02\x48\x01",
                NodeError::Malformed("it has a field that no file has"),
            ),
            (
                b"\x08\x02\x12\x05x",
                NodeError::Malformed("it cannot be read"),
            ),
            (
                b"\x08\x02\x0d\0\0\0\0",
                NodeError::Malformed("it cannot be read"),
            ),
        ] {
            assert_eq!(file(&node(unixfs, 0)).unwrap_err(), error, "{unixfs:?}");
        }
        let nothing = NodeError::Malformed("it says nothing of files");
        assert_eq!(file(b"").unwrap_err(), nothing);
    }

    #[test]
    fn sizes_have_to_agree() {
        let each = NodeError::Malformed("it has not one size for each part");
        assert_eq!(file(&node(b"\x08\x02\x20\x05", 2)).unwrap_err(), each);
        assert_eq!(file(&node(b"\x08\x02", 1)).unwrap_err(), each);
        let sum = NodeError::Malformed("its size is not that of its parts");
        assert_eq!(
            file(&node(b"\x08\x02\x18\x06\x20\x05", 1)).unwrap_err(),
            sum
        );
        let half = b"\x20\xff\xff\xff\xff\xff\xff\xff\xff\x7f";
        let beyond = NodeError::Malformed("its size is beyond all numbers");
        let three = [b"\x08\x02", &half[..], half, half].concat();
        assert_eq!(file(&node(&three, 3)).unwrap_err(), beyond);
    }

    #[test]
    fn the_parts_are_counted() {
        let parts = vec![part(1); MOST_PARTS + 1];
        assert_eq!(
            file(&encoded::node(&parts)).unwrap_err(),
            NodeError::TooManyParts
        );
        assert!(file(&encoded::node(&parts[1..])).is_ok());
    }
}
