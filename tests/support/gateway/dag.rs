//! Files as they lie in IPFS, by other hands than the library's: blocks, CIDs, CARs.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

/// A block and all below it.
#[derive(Debug)]
pub struct Node {
    pub cid: Vec<u8>,
    pub block: Vec<u8>,
    pub below: Vec<Arc<Node>>,
    /// Bytes of the file in it and below.
    pub size: u64,
    /// Bytes of all blocks.
    stored: u64,
}

/// The way in which a file is added.
#[derive(Clone, Copy, Debug)]
pub struct Adding {
    pub version: u8,
    pub raw_leaves: bool,
    pub chunk: usize,
}

impl Adding {
    /// As `ipfs add` does.
    pub const V0: Self = Self {
        version: 0,
        raw_leaves: false,
        chunk: 256 * 1024,
    };
    /// As `ipfs add --cid-version 1` does.
    pub const V1: Self = Self {
        version: 1,
        raw_leaves: true,
        chunk: 256 * 1024,
    };
}

/// Adds a file.
pub fn add(bytes: &[u8], adding: Adding) -> Arc<Node> {
    let chunks: Vec<&[u8]> = match bytes {
        [] => vec![bytes],
        _ => bytes.chunks(adding.chunk).collect(),
    };
    let mut nodes: Vec<_> = chunks.iter().map(|chunk| leaf(chunk, adding)).collect();
    while nodes.len() > 1 {
        let parents = nodes
            .chunks(174)
            .map(|below| parent(below.to_vec(), adding));
        nodes = parents.collect();
    }
    nodes.remove(0)
}

fn leaf(chunk: &[u8], adding: Adding) -> Arc<Node> {
    let size = chunk.len() as u64;
    if adding.raw_leaves {
        return node(1, 0x55, chunk.to_vec(), Vec::new(), size);
    }
    let mut file = vec![0x08, 2];
    if !chunk.is_empty() {
        put(0x12, chunk, &mut file);
    }
    file.push(0x18);
    number(size, &mut file);
    let mut block = Vec::new();
    put(0x0a, &file, &mut block);
    node(adding.version, 0x70, block, Vec::new(), size)
}

fn parent(below: Vec<Arc<Node>>, adding: Adding) -> Arc<Node> {
    let size = below.iter().map(|it| it.size).sum();
    let mut file = vec![0x08, 2, 0x18];
    number(size, &mut file);
    for part in &below {
        file.push(0x20);
        number(part.size, &mut file);
    }
    let mut block = Vec::new();
    for part in &below {
        put(0x12, &link(part, ""), &mut block);
    }
    put(0x0a, &file, &mut block);
    node(adding.version, 0x70, block, below, size)
}

/// A folder with these entries, in order of their names.
pub fn folder(entries: Vec<(&str, Arc<Node>)>) -> Arc<Node> {
    let mut block = Vec::new();
    for (name, entry) in &entries {
        put(0x12, &link(entry, name), &mut block);
    }
    put(0x0a, &[0x08, 1], &mut block);
    let below = entries.into_iter().map(|(_, entry)| entry).collect();
    node(0, 0x70, block, below, 0)
}

fn link(to: &Node, name: &str) -> Vec<u8> {
    let mut link = Vec::new();
    put(0x0a, &to.cid, &mut link);
    put(0x12, name.as_bytes(), &mut link);
    link.push(0x18);
    number(to.stored, &mut link);
    link
}

fn node(version: u8, codec: u8, block: Vec<u8>, below: Vec<Arc<Node>>, size: u64) -> Arc<Node> {
    let mut cid = match version {
        0 => Vec::new(),
        version => vec![version, codec],
    };
    cid.extend([0x12, 32]);
    cid.extend(Sha256::digest(&block));
    let stored = block.len() as u64 + below.iter().map(|it| it.stored).sum::<u64>();
    Arc::new(Node {
        cid,
        block,
        below,
        size,
        stored,
    })
}

fn put(key: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(key);
    number(bytes.len() as u64, out);
    out.extend(bytes);
}

fn number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// The beginning of a CAR.
pub fn car_header(root: &Node) -> Vec<u8> {
    let mut roots = b"\xa2\x65roots\x81\xd8\x2a\x58".to_vec();
    roots.push(root.cid.len() as u8 + 1);
    roots.push(0);
    roots.extend(&root.cid);
    roots.extend(b"\x67version\x01");
    let mut header = Vec::new();
    number(roots.len() as u64, &mut header);
    header.extend(roots);
    header
}

/// Appends a block to a CAR.
pub fn put_block(node: &Node, car: &mut Vec<u8>) {
    number((node.cid.len() + node.block.len()) as u64, car);
    car.extend(&node.cid);
    car.extend(&node.block);
}

/// Appends all blocks to a CAR that have bytes of the file from `start` on; `at` is the place of the first one.
pub fn put_blocks(node: &Node, at: u64, start: u64, car: &mut Vec<u8>) {
    put_block(node, car);
    let mut at = at;
    for part in &node.below {
        if start == 0 || at + part.size > start {
            put_blocks(part, at, start, car);
        }
        at += part.size;
    }
}

/// The text of a CID.
pub fn text(cid: &[u8]) -> String {
    if cid[0] == 1 {
        return format!("b{}", digits(cid, 32, b"abcdefghijklmnopqrstuvwxyz234567"));
    }
    let alphabet = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    digits(cid, 58, alphabet)
}

/// The number that `bytes` are, in another base; in base 32 with the bits at its front, not at its end.
fn digits(bytes: &[u8], base: u32, alphabet: &[u8]) -> String {
    let mut number = bytes.to_vec();
    let mut text = Vec::new();
    if base == 32 {
        let padding = (5 - number.len() * 8 % 5) % 5;
        let mut carry = 0;
        for byte in number.iter_mut().rev() {
            let shifted = u32::from(*byte) << padding | carry;
            *byte = shifted as u8;
            carry = shifted >> 8;
        }
        number.insert(0, carry as u8);
        let count = (bytes.len() * 8).div_ceil(5);
        while text.len() < count {
            text.push(alphabet[divide(&mut number, base)]);
        }
    } else {
        while number.iter().any(|&byte| byte != 0) {
            text.push(alphabet[divide(&mut number, base)]);
        }
    }
    text.reverse();
    String::from_utf8(text).unwrap()
}

/// Divides a number, and returns the rest.
fn divide(number: &mut [u8], by: u32) -> usize {
    let mut rest = 0;
    for byte in number {
        let value = rest << 8 | u32::from(*byte);
        *byte = (value / by) as u8;
        rest = value % by;
    }
    rest as usize
}
