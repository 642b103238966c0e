use std::io::BufRead;

use super::car::{CarError, CarReader};
use super::cid::{Cid, Codec};
use super::location::Location;
use super::node::{self, FileNode};

/// The most levels of a tree. With 174 parts at each, eight are enough for all files there are.
const DEEPEST: u8 = 16;

/// A file that comes as a CAR: its blocks depth first, each as often as it is in the file. Each is checked when it
/// comes, so that what is given out is right, and one block is kept at a time.
#[derive(Debug)]
pub(super) struct VerifiedFile<R> {
    car: CarReader<R>,
    /// Bytes of the whole file.
    size: u64,
    /// What is before this place is there already, and its blocks do not come.
    start: u64,
    /// The bytes in the first block.
    first: Vec<u8>,
    /// The parts that are to come, the next one last.
    to_come: Vec<Expected>,
}

/// A part of the file, by what the one above says of it.
#[derive(Clone, Copy, Debug)]
struct Expected {
    cid: Cid,
    /// Its place in the file.
    at: u64,
    size: u64,
    depth: u8,
}

impl<R: BufRead> VerifiedFile<R> {
    /// Reads from a CAR as far as the size of the file at `location` is known. Where `start` is not 0, the CAR is that
    /// of its bytes from there on.
    pub(super) fn open(reader: R, location: &Location, start: u64) -> Result<Self, CarError> {
        let mut car = CarReader::new(reader)?;
        let mut cid = *location.cid();
        for name in location.names() {
            let folder = car.next(&cid)?;
            let entry = match cid.codec() {
                Codec::DagPb => node::entry_of_folder(folder, name),
                Codec::Raw => Err(node::NodeError::NotAFolder),
            };
            cid = entry.map_err(|error| CarError::Node(cid, error))?;
        }
        let root = read_part(&cid, car.next(&cid)?)?;
        let (size, first) = (root.size, root.data.to_vec());
        let parts = root.parts;
        let mut file = Self {
            car,
            size,
            start,
            first,
            to_come: Vec::new(),
        };
        file.queue(parts, file.first.len() as u64, 1)?;
        Ok(file)
    }

    /// Bytes of the whole file.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Gives the bytes from the start on to `give`, in their order.
    pub(super) fn read<E: From<CarError>>(
        mut self,
        mut give: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = self.start;
        let mut give_from = |data: &[u8], at: u64| {
            let before = start.saturating_sub(at).min(data.len() as u64) as usize;
            give(&data[before..])
        };
        give_from(&self.first, 0)?;
        while let Some(Expected {
            cid,
            at,
            size,
            depth,
        }) = self.to_come.pop()
        {
            let part = read_part(&cid, self.car.next(&cid)?)?;
            if part.size != size {
                return Err(CarError::Size(cid).into());
            }
            give_from(part.data, at)?;
            let (parts, after) = (part.parts, at + part.data.len() as u64);
            self.queue(parts, after, depth + 1)?;
        }
        Ok(self.car.end()?)
    }

    /// Puts the parts at a place of the file before all others that are to come.
    fn queue(&mut self, parts: Vec<(Cid, u64)>, mut at: u64, depth: u8) -> Result<(), CarError> {
        if depth > DEEPEST && !parts.is_empty() {
            return Err(CarError::TooDeep);
        }
        let others = self.to_come.len();
        for (cid, size) in parts {
            let is_there = self.start > 0 && at + size <= self.start;
            if !is_there {
                self.to_come.push(Expected {
                    cid,
                    at,
                    size,
                    depth,
                });
            }
            at += size;
        }
        self.to_come[others..].reverse();
        Ok(())
    }
}

fn read_part<'a>(cid: &Cid, block: &'a [u8]) -> Result<FileNode<'a>, CarError> {
    match cid.codec() {
        Codec::Raw => Ok(FileNode {
            data: block,
            parts: Vec::new(),
            size: block.len() as u64,
        }),
        Codec::DagPb => node::file(block).map_err(|error| CarError::Node(*cid, error)),
    }
}

#[cfg(test)]
mod tests;
