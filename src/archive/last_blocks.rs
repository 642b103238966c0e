//! The last stored blocks of a deflated body, found from its end.
//!
//! A zip is read from its end, but a deflated stream only says at each block where the next one is. Its last block ends
//! where the entry does, so that its header stands as far before that place as it says it is long: of other bytes one in
//! 2^24 times such a header seems to be among them. Whoever steps over all blocks then has to come to the same places.

use std::io;

use thiserror::Error;

use super::blocks::{Blocks, HEADER, Known, STRIDE, Stored};
use crate::file::ReadAt;

/// Bytes that are looked through: two blocks, however long.
const TAIL: u64 = 2 * (u16::MAX as u64 + HEADER as u64);

/// The end of a body looks like blocks that are none, which only somebody who meant it can have made.
///
/// Who reads in order does not meet it. So it must be told as any other bad ciphertext: the archive's CRC may well match.
#[derive(Clone, Copy, Debug, Error)]
#[error("the last bytes of the encrypted body look like blocks that they are not")]
pub(crate) struct SeemingBlocks;

impl From<SeemingBlocks> for io::Error {
    fn from(seeming: SeemingBlocks) -> Self {
        Self::new(io::ErrorKind::InvalidData, seeming)
    }
}

/// Finds the last blocks of a body whose end is `end`, but for the first ones. `None` where there are fewer than two, or
/// where it is not clear.
pub(super) fn last_blocks(
    file: &dyn ReadAt,
    start: Known,
    end: Known,
) -> io::Result<Option<Blocks>> {
    let len = (end.file - start.file).min(TAIL);
    let mut bytes = vec![0; len as usize];
    file.read_exact_at(&mut bytes, end.file - len)?;
    let mut lens = Vec::new();
    let (mut at, mut last) = (bytes.len(), true);
    while lens.len() < STRIDE
        && let Some(len) = only_block_before(&bytes[..at], last)
    {
        at -= usize::from(len) + HEADER;
        last = false;
        lens.push(len);
    }
    let data = lens.iter().map(|len| u64::from(*len)).sum();
    let Some(body) = end.body.checked_sub(data) else {
        return Ok(None);
    };
    if lens.len() < 2 {
        return Ok(None);
    }
    let file = end.file - (bytes.len() - at) as u64;
    let mut blocks = Blocks::from(Known { body, file });
    lens.iter().rev().for_each(|len| blocks.push(*len));
    Ok(Some(blocks))
}

/// The length of the block that ends with `bytes`; `None` where there are several that could be it.
fn only_block_before(bytes: &[u8], last: bool) -> Option<u16> {
    let mut found = (0..=u16::MAX).filter(|&len| {
        let at = bytes.len().checked_sub(usize::from(len) + HEADER);
        let header = at.and_then(|at| bytes[at..].first_chunk());
        // What pads the header is zero wherever a deflater made it.
        header.is_some_and(|it| {
            it[0] == u8::from(last) && Stored::of(it) == Some(Stored { len, last })
        })
    });
    match (found.next(), found.next()) {
        (Some(len), None) => Some(len),
        _ => None,
    }
}
