use std::io::{self, BufRead, Read as _};

use thiserror::Error;

use super::cid::Cid;
use super::node::NodeError;
use super::varint::{self, BadVarint};

/// Bytes of the largest block that is read: twice what is passed around in IPFS.
const LARGEST_BLOCK: u64 = 4 * 1024 * 1024;
/// Bytes of the largest header and of the longest CID that are read.
const LARGEST_HEADER: u64 = 4096;
const LONGEST_CID: u64 = 64;

/// Why a CAR did not give a file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CarError {
    /// It could not be read to its end.
    #[error("{0}")]
    Read(#[from] io::Error),
    /// It ends before the file does.
    #[error("it ends too early")]
    Cut,
    /// It is none.
    #[error("it is no CAR: {0}")]
    Form(&'static str),
    /// A block that nobody would pass on.
    #[error("it has a block of more than {LARGEST_BLOCK} bytes")]
    BlockTooLarge,
    /// The bytes of a block are not those of its CID.
    #[error("the bytes of block {0} are others")]
    Different(Cid),
    /// Another block than the next of the file.
    #[error("it has another block in the place of {0}")]
    Unexpected(Cid),
    /// A block that is right, but no part of a file.
    #[error("block {0} is not to be used: {1}")]
    Node(Cid, NodeError),
    /// Parts within parts, deeper than in any file.
    #[error("the file is nested too deeply")]
    TooDeep,
    /// A part has more or fewer bytes than the one above says.
    #[error("block {0} has not the size that it should have")]
    Size(Cid),
    /// Something comes after the file.
    #[error("something comes after the file")]
    Trailing,
}

/// Reads the blocks of a CAR of version 1, each into the same buffer.
#[derive(Debug)]
pub(super) struct CarReader<R> {
    reader: R,
    block: Vec<u8>,
}

impl<R: BufRead> CarReader<R> {
    /// Reads the header. The roots in it are nobody's promise, and are not looked at.
    pub(super) fn new(reader: R) -> Result<Self, CarError> {
        let mut car = Self {
            reader,
            block: Vec::new(),
        };
        let len = car.section_len()?.ok_or(CarError::Cut)?;
        if len > LARGEST_HEADER {
            return Err(CarError::Form("its header is too long"));
        }
        car.fill(len)?;
        check_header(&car.block)?;
        Ok(car)
    }

    /// Reads the next block, which has to be `expected`.
    pub(super) fn next(&mut self, expected: &Cid) -> Result<&[u8], CarError> {
        let len = self.section_len()?.ok_or(CarError::Cut)?;
        if len > LARGEST_BLOCK + LONGEST_CID {
            return Err(CarError::BlockTooLarge);
        }
        self.fill(len)?;
        let cid = Cid::read(&self.block);
        let (cid, at) = cid.map_err(|_| CarError::Form("a block has no CID that is known"))?;
        // The version is a matter of spelling.
        if (cid.codec(), cid.digest()) != (expected.codec(), expected.digest()) {
            return Err(CarError::Unexpected(*expected));
        }
        let block = &self.block[at..];
        if !expected.is_of(block) {
            return Err(CarError::Different(*expected));
        }
        Ok(block)
    }

    /// Makes sure that nothing follows.
    pub(super) fn end(&mut self) -> Result<(), CarError> {
        match self.peek()? {
            None => Ok(()),
            Some(_) => Err(CarError::Trailing),
        }
    }

    /// The length of the next section; `None` at the end.
    fn section_len(&mut self) -> Result<Option<u64>, CarError> {
        let mut number = Vec::new();
        loop {
            let Some(byte) = self.peek()? else {
                let is_end = number.is_empty();
                return if is_end { Ok(None) } else { Err(CarError::Cut) };
            };
            self.reader.consume(1);
            number.push(byte);
            match varint::read(&number) {
                Ok((0, _)) => return Err(CarError::Form("a section is empty")),
                Ok((len, _)) => return Ok(Some(len)),
                Err(BadVarint::Cut) => {}
                Err(BadVarint::Wrong) => return Err(CarError::Form("a length is malformed")),
            }
        }
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            match self.reader.fill_buf() {
                Ok(bytes) => return Ok(bytes.first().copied()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads `len` bytes, for which no room is made before they come.
    fn fill(&mut self, len: u64) -> Result<(), CarError> {
        self.block.clear();
        let count = self
            .reader
            .by_ref()
            .take(len)
            .read_to_end(&mut self.block)?;
        match count as u64 == len {
            true => Ok(()),
            false => Err(CarError::Cut),
        }
    }
}

/// Looks for the version in a header: DAG-CBOR of `{"roots": [CID...], "version": 1}`.
fn check_header(header: &[u8]) -> Result<(), CarError> {
    const NO_HEADER: CarError = CarError::Form("it begins with no header of one");
    let mut cbor = Cbor(header);
    let mut version = None;
    for _ in 0..cbor.head(MAP).ok_or(NO_HEADER)? {
        match cbor.bytes(TEXT).ok_or(NO_HEADER)? {
            b"version" => version = Some(cbor.head(NUMBER).ok_or(NO_HEADER)?),
            b"roots" => {
                for _ in 0..cbor.head(ARRAY).ok_or(NO_HEADER)? {
                    cbor.head(TAG).ok_or(NO_HEADER)?;
                    cbor.bytes(BYTES).ok_or(NO_HEADER)?;
                }
            }
            _ => return Err(NO_HEADER),
        }
    }
    match version {
        _ if !cbor.0.is_empty() => Err(NO_HEADER),
        Some(1) => Ok(()),
        Some(_) => Err(CarError::Form("it has another version than 1")),
        None => Err(NO_HEADER),
    }
}

/// The major types of CBOR.
const NUMBER: u8 = 0;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;

struct Cbor<'a>(&'a [u8]);

impl<'a> Cbor<'a> {
    /// The number in the head of the next item, if that is of this type.
    fn head(&mut self, major: u8) -> Option<u64> {
        let (&first, rest) = self.0.split_first()?;
        if first >> 5 != major {
            return None;
        }
        let len = match first & 31 {
            small @ 0..24 => {
                self.0 = rest;
                return Some(u64::from(small));
            }
            more @ 24..28 => 1 << (more - 24),
            _ => return None,
        };
        let (number, rest) = rest.split_at_checked(len)?;
        self.0 = rest;
        Some(
            number
                .iter()
                .fold(0, |sum, &byte| sum << 8 | u64::from(byte)),
        )
    }

    fn bytes(&mut self, major: u8) -> Option<&'a [u8]> {
        let len = usize::try_from(self.head(major)?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes)
    }
}
