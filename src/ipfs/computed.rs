use sha2::{Digest as _, Sha256};

use super::cid::{Cid, Codec, Version};
use super::encoded::{self, Part};

/// Bytes of a chunk, and links of a node, as `ipfs add` makes them.
const CHUNK: usize = 256 * 1024;
const WIDTH: usize = 174;

/// Computes, while the bytes of a file pass, the CIDs that it would have been given by those who add files to IPFS as
/// most do. That is all that can be done without its blocks: how a file is cut into chunks is its adder's choice, so
/// another CID does not mean other bytes.
pub(super) struct Computed {
    expected: Cid,
    work: Work,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The bytes are those of the CID.
    Same,
    /// They would have another CID if they had been added as most are.
    CannotTell,
    /// They are others: the CID is the hash of the whole file.
    Different,
}

enum Work {
    /// The file is one block, however large.
    Block(Sha256),
    Chunks(Chunks),
}

impl Computed {
    pub(super) fn new(expected: Cid) -> Self {
        let work = match expected.codec() {
            Codec::Raw => Work::Block(Sha256::new()),
            Codec::DagPb => Work::Chunks(Chunks::new(&ways_to(expected))),
        };
        Self { expected, work }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match &mut self.work {
            Work::Block(hash) => hash.update(bytes),
            Work::Chunks(chunks) => chunks.update(bytes),
        }
    }

    pub(super) fn finish(self) -> Outcome {
        let expected = self.expected.digest();
        match self.work {
            Work::Block(hash) => {
                let is_same = hash.finalize()[..] == expected[..];
                if is_same {
                    Outcome::Same
                } else {
                    Outcome::Different
                }
            }
            Work::Chunks(chunks) => {
                // Of one block the CIDs of both versions have this digest.
                let is_same = chunks.finish().iter().any(|root| root.digest() == expected);
                if is_same {
                    Outcome::Same
                } else {
                    Outcome::CannotTell
                }
            }
        }
    }
}

/// A way to add a file: the kind of its chunks' blocks, and the version of all CIDs in it.
type Way = (Codec, Version);

/// The usual ways to add a file that lead to such a CID. A gateway or a person may have written a CID of version 0 as
/// one of version 1.
fn ways_to(cid: Cid) -> Vec<Way> {
    match cid.version() {
        Version::V0 => vec![(Codec::DagPb, Version::V0)],
        Version::V1 => vec![
            (Codec::Raw, Version::V1),
            (Codec::DagPb, Version::V1),
            (Codec::DagPb, Version::V0),
        ],
    }
}

/// The chunks of a file, and the trees that they make.
struct Chunks {
    /// The chunk that is not full yet.
    chunk: Vec<u8>,
    /// At least one was hashed.
    begun: bool,
    trees: Vec<Tree>,
}

impl Chunks {
    fn new(ways: &[Way]) -> Self {
        Self {
            chunk: Vec::new(),
            begun: false,
            trees: ways.iter().map(|&way| Tree::new(way)).collect(),
        }
    }

    fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = CHUNK - self.chunk.len();
            let (now, rest) = bytes.split_at(room.min(bytes.len()));
            bytes = rest;
            if now.len() == CHUNK {
                self.end_chunk(now);
                continue;
            }
            self.chunk.extend_from_slice(now);
            if self.chunk.len() == CHUNK {
                let chunk = std::mem::take(&mut self.chunk);
                self.end_chunk(&chunk);
                self.chunk = chunk;
                self.chunk.clear();
            }
        }
    }

    /// Hashes a chunk once for each kind of block, and puts it into the trees.
    fn end_chunk(&mut self, chunk: &[u8]) {
        self.begun = true;
        for codec in [Codec::DagPb, Codec::Raw] {
            let is_of_it = |tree: &&mut Tree| tree.way.0 == codec;
            let mut trees = self.trees.iter_mut().filter(is_of_it).peekable();
            if trees.peek().is_none() {
                continue;
            }
            let (digest, stored) = hashed(codec, chunk);
            for tree in trees {
                // A raw block has no CID of version 0.
                let version = match codec {
                    Codec::Raw => Version::V1,
                    Codec::DagPb => tree.way.1,
                };
                tree.add(Part {
                    cid: Cid::new(version, codec, digest),
                    size: chunk.len() as u64,
                    stored,
                });
            }
        }
    }

    /// The CIDs of the file.
    fn finish(mut self) -> Vec<Cid> {
        // An empty file is one empty chunk.
        if !self.chunk.is_empty() || !self.begun {
            let chunk = std::mem::take(&mut self.chunk);
            self.end_chunk(&chunk);
        }
        self.trees.into_iter().filter_map(Tree::root).collect()
    }
}

/// The digest of a chunk's block, and the block's length.
fn hashed(codec: Codec, chunk: &[u8]) -> ([u8; 32], u64) {
    let (before, after) = match codec {
        Codec::Raw => (Vec::new(), Vec::new()),
        Codec::DagPb => encoded::around_chunk(chunk.len()),
    };
    let mut hash = Sha256::new();
    hash.update(&before);
    hash.update(chunk);
    hash.update(&after);
    let stored = before.len() + chunk.len() + after.len();
    (hash.finalize().into(), stored as u64)
}

/// A balanced tree, of which only the nodes that are not full yet are kept: the chunks first, the highest last.
struct Tree {
    way: Way,
    levels: Vec<Vec<Part>>,
}

impl Tree {
    fn new(way: Way) -> Self {
        Self {
            way,
            levels: Vec::new(),
        }
    }

    fn add(&mut self, chunk: Part) {
        self.add_at(0, chunk);
    }

    fn add_at(&mut self, level: usize, part: Part) {
        if self.levels.len() == level {
            self.levels.push(Vec::with_capacity(WIDTH));
        }
        if self.levels[level].len() == WIDTH {
            self.fold(level);
        }
        self.levels[level].push(part);
    }

    /// Makes a node of the parts at a level.
    fn fold(&mut self, level: usize) {
        let parts = std::mem::take(&mut self.levels[level]);
        let block = encoded::node(&parts);
        let digest = Sha256::digest(&block).into();
        let node = Part {
            cid: Cid::new(self.way.1, Codec::DagPb, digest),
            size: parts.iter().map(|part| part.size).sum(),
            stored: block.len() as u64 + parts.iter().map(|part| part.stored).sum::<u64>(),
        };
        self.add_at(level + 1, node);
    }

    fn root(mut self) -> Option<Cid> {
        let mut level = 0;
        while level + 1 < self.levels.len() || self.levels.get(level)?.len() > 1 {
            self.fold(level);
            level += 1;
        }
        self.levels.pop()?.pop().map(|root| root.cid)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde::Deserialize;

    use super::*;

    /// What `vectors/make.mjs` wrote.
    #[derive(Deserialize)]
    struct Row {
        size: usize,
        v0: String,
        v1: String,
        #[serde(rename = "v1 without raw leaves")]
        v1_without_raw_leaves: String,
    }

    fn rows() -> Vec<Row> {
        serde_json::from_str(include_str!("vectors/cids.json")).unwrap()
    }

    fn bytes(size: usize) -> Vec<u8> {
        (0..size)
            .map(|i| (i * 151 + (i >> 8) * 7 + (i >> 16) * 13) as u8)
            .collect()
    }

    fn outcome(expected: Cid, pieces: &[&[u8]]) -> Outcome {
        let mut computed = Computed::new(expected);
        pieces.iter().for_each(|piece| computed.update(piece));
        computed.finish()
    }

    #[test]
    fn all_ways_agree_with_the_importer_of_ipfs() {
        for row in rows() {
            let bytes = bytes(row.size);
            let ways = [
                (Codec::DagPb, Version::V0),
                (Codec::Raw, Version::V1),
                (Codec::DagPb, Version::V1),
            ];
            let mut chunks = Chunks::new(&ways);
            bytes.chunks(100_003).for_each(|piece| chunks.update(piece));
            let cids: Vec<_> = chunks.finish().iter().map(Cid::to_string).collect();
            let expected = [row.v0, row.v1, row.v1_without_raw_leaves];
            assert_eq!(cids, expected, "{} bytes", row.size);
        }
    }

    #[test]
    fn every_spelling_of_the_cid_is_met_however_the_bytes_come() {
        for row in rows().into_iter().filter(|row| row.size <= CHUNK + 1) {
            let bytes = bytes(row.size);
            let (half, other_half) = bytes.split_at(row.size / 2);
            for cid in [row.v0, row.v1, row.v1_without_raw_leaves] {
                let cid: Cid = cid.parse().unwrap();
                for pieces in [&[&bytes[..]][..], &[half, &[], other_half]] {
                    assert_eq!(outcome(cid, pieces), Outcome::Same, "{cid}");
                }
                let longer = outcome(cid, &[&bytes, b"x"]);
                let expected = match cid.codec() {
                    Codec::Raw => Outcome::Different,
                    Codec::DagPb => Outcome::CannotTell,
                };
                assert_eq!(longer, expected, "{cid}");
            }
        }
    }

    #[test]
    fn a_cid_of_version_0_may_be_written_as_one_of_version_1() {
        let size = CHUNK + 1;
        let row = rows().into_iter().find(|row| row.size == size).unwrap();
        let v0: Cid = row.v0.parse().unwrap();
        let written = Cid::new(Version::V1, Codec::DagPb, *v0.digest());
        assert_eq!(outcome(written, &[&bytes(size)]), Outcome::Same);
    }

    #[test]
    fn ipfs_add_gives_hello_world_this_cid() {
        let cid = "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o";
        assert_eq!(
            outcome(cid.parse().unwrap(), &[b"hello world\n"]),
            Outcome::Same
        );
    }

    #[test]
    fn memory_does_not_grow_with_the_file() {
        let mut chunks = Chunks::new(&[(Codec::DagPb, Version::V0)]);
        let chunk = vec![7; CHUNK];
        for _ in 0..3 * WIDTH {
            chunks.update(&chunk);
        }
        assert_eq!(chunks.trees[0].levels.len(), 2);
        assert!(
            chunks.trees[0]
                .levels
                .iter()
                .all(|level| level.len() <= WIDTH)
        );
    }
}
