//! For fuzz targets: CARs in memory.
#![allow(missing_docs, clippy::missing_errors_doc)]

use sha2::{Digest as _, Sha256};

use super::car::CarError;
use super::cid::{Cid, Codec, Version};
use super::encoded::{self, Part};
use super::location::Location;
use super::varint;
use super::verified::VerifiedFile;

/// Reads a file out of a CAR. Returns its size.
pub fn read_car(
    car: &[u8],
    location: &Location,
    start: u64,
    give: &mut dyn FnMut(&[u8]),
) -> Result<u64, CarError> {
    let file = VerifiedFile::open(car, location, start)?;
    let size = file.size();
    file.read(|bytes| {
        give(bytes);
        Ok::<_, CarError>(())
    })?;
    Ok(size)
}

/// The CID of the first block of a CAR, as far as it is one.
pub fn first_cid(car: &[u8]) -> Option<Cid> {
    let (header, at) = varint::read(car).ok()?;
    let section = car.get(at..)?.get(usize::try_from(header).ok()?..)?;
    let (_, at) = varint::read(section).ok()?;
    Some(Cid::read(&section[at..]).ok()?.0)
}

/// The CAR of a file in chunks of `chunk` bytes under one node, and where each block begins.
pub fn car_of(file: &[u8], chunk: usize) -> (Location, Vec<u8>) {
    let leaf = |block: &[u8]| Part {
        cid: Cid::new(Version::V1, Codec::Raw, Sha256::digest(block).into()),
        size: block.len() as u64,
        stored: block.len() as u64,
    };
    let chunks: Vec<_> = file.chunks(chunk).collect();
    let parts: Vec<_> = chunks.iter().map(|chunk| leaf(chunk)).collect();
    let node = encoded::node(&parts);
    let root = Cid::new(Version::V0, Codec::DagPb, Sha256::digest(&node).into());
    let mut car = b"\x11\xa2\x65roots\x80\x67version\x01".to_vec();
    put_block(&root, &node, &mut car);
    for (part, chunk) in parts.iter().zip(chunks) {
        put_block(&part.cid, chunk, &mut car);
    }
    (Location::of(root), car)
}

fn put_block(cid: &Cid, block: &[u8], car: &mut Vec<u8>) {
    let mut section = Vec::new();
    cid.write(&mut section);
    section.extend(block);
    varint::write(section.len() as u64, car);
    car.extend(section);
}
