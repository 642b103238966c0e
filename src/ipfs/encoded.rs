//! The nodes of a file as `ipfs add` encodes them: DAG-PB around UnixFS.

use super::cid::Cid;
use super::varint;

/// A part of a file: a chunk of it, or a node with the parts below.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) cid: Cid,
    /// Bytes of the file in it.
    pub(super) size: u64,
    /// Bytes of it and of all blocks below.
    pub(super) stored: u64,
}

/// The bytes around a chunk of `size` bytes in a node of its own.
pub(super) fn around_chunk(size: usize) -> (Vec<u8>, Vec<u8>) {
    let size = size as u64;
    let mut before = FILE.to_vec();
    let mut after = Vec::new();
    if size > 0 {
        before.push(field(2, BYTES));
        varint::write(size, &mut before);
    }
    after.push(field(3, VARINT));
    varint::write(size, &mut after);

    let mut head = vec![field(1, BYTES)];
    varint::write(before.len() as u64 + size + after.len() as u64, &mut head);
    head.extend(before);
    (head, after)
}

/// The node of a file, or of a part of it, that links to `parts`.
pub(super) fn node(parts: &[Part]) -> Vec<u8> {
    let mut node = Vec::new();
    let mut file = FILE.to_vec();
    let size = parts.iter().map(|part| part.size).sum();
    file.push(field(3, VARINT));
    varint::write(size, &mut file);
    for part in parts {
        append_bytes(2, &link(part), &mut node);
        file.push(field(4, VARINT));
        varint::write(part.size, &mut file);
    }
    append_bytes(1, &file, &mut node);
    node
}

fn link(part: &Part) -> Vec<u8> {
    let (mut cid, mut link) = (Vec::new(), Vec::new());
    part.cid.write(&mut cid);
    append_bytes(1, &cid, &mut link);
    // The name, which parts of files do not have.
    append_bytes(2, &[], &mut link);
    link.push(field(3, VARINT));
    varint::write(part.stored, &mut link);
    link
}

/// Says that a node is of a file.
const FILE: [u8; 2] = [field(1, VARINT), 2];

/// The types of a field on the wire.
const VARINT: u8 = 0;
const BYTES: u8 = 2;

const fn field(number: u8, wire_type: u8) -> u8 {
    number << 3 | wire_type
}

fn append_bytes(number: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(field(number, BYTES));
    varint::write(bytes.len() as u64, out);
    out.extend(bytes);
}
