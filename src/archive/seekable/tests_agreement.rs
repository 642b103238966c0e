//! Whichever way a body is read, the same comes of it: arbitrary streams, each from a seed.

#![allow(clippy::unwrap_used)]

use std::io::Read as _;
use std::sync::Arc;

use flate2::{Compress, Compression, FlushCompress};

use super::super::testing::{crc, file_of, stored_block};
use super::super::zip::Content;
use super::super::{CrcAt, Damaged};
use super::*;
use crate::file::Spooled;

/// Streams that are tried.
const SEEDS: u64 = 150;

struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 16) % limit as u64) as usize
    }

    fn noise(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.below(256) as u8).collect()
    }

    /// Few bytes mostly, and sometimes as many as a block takes.
    fn len(&mut self) -> usize {
        let most = [1, 40, 3000, 20_000, 65_536][self.below(5)];
        self.below(most)
    }
}

/// A deflated stream and its data: stored blocks, and here and there others, some of which refer to what is before them.
fn stream(dice: &mut Dice) -> (Vec<u8>, Vec<u8>) {
    let (mut packed, mut data) = (Vec::new(), Vec::new());
    let others = dice.below(3);
    for _ in 0..dice.below(40) {
        if dice.below(8) >= others {
            let len = dice.len();
            let bytes = dice.noise(len);
            packed.extend(stored_block(0, &bytes));
            data.extend(bytes);
        } else {
            let bytes = match data.len() {
                0 => vec![7; dice.len()],
                len => {
                    let from = dice.below(len);
                    data[from..len.min(from + dice.below(300))].repeat(2)
                }
            };
            deflate_behind(&data, &bytes, &mut packed);
            data.extend(bytes);
        }
    }
    let len = dice.len();
    let last = dice.noise(len);
    packed.extend(stored_block(1, &last));
    data.extend(last);
    (packed, data)
}

/// Adds blocks of `bytes` that refer to `before` where they can.
fn deflate_behind(before: &[u8], bytes: &[u8], packed: &mut Vec<u8>) {
    let mut compress = Compress::new(Compression::best(), false);
    let history = &before[before.len().saturating_sub(HISTORY)..];
    let mut out = Vec::with_capacity(2 * (history.len() + bytes.len()) + 1000);
    compress
        .compress_vec(history, &mut out, FlushCompress::Sync)
        .unwrap();
    let from = out.len();
    compress
        .compress_vec(bytes, &mut out, FlushCompress::Sync)
        .unwrap();
    packed.extend(&out[from..]);
}

/// What is wrong with an archive, most often nothing.
fn spoil(dice: &mut Dice, packed: &mut Vec<u8>, content: &mut Content) {
    match dice.below(12) {
        0 => content.size += 1 + dice.below(20) as u64,
        1 => content.size = content.size.saturating_sub(1 + dice.below(20) as u64),
        2 => content.crc ^= 1,
        3 => {
            let at = dice.below(packed.len());
            packed[at] ^= 1 << dice.below(8);
        }
        4 => content.compressed = content.compressed.saturating_sub(1 + dice.below(9) as u64),
        5 => packed.push(0),
        _ => {}
    }
    if packed.len() as u64 != content.compressed && content.compressed != 0 {
        content.compressed = content.compressed.min(packed.len() as u64);
    }
}

fn in_order(source: &BodySource) -> io::Result<Vec<u8>> {
    let mut read = Vec::new();
    source.open().read_to_end(&mut read)?;
    Ok(read)
}

/// Reads all of it, its end first as one who opens a zip, then in its order; and gives back what was read.
fn at_any_place(dice: &mut Dice, body: SeekableBody, source: &BodySource) -> io::Result<Vec<u8>> {
    let body = CrcAt::new(body, source.has_crc.then_some(source.content.crc));
    let len = body.len()? as usize;
    let mut read = vec![0; len];
    for _ in 0..dice.below(4) {
        let from = len - dice.below(len.min(70_000) + 1);
        body.read_exact_at(&mut read[from..], from as u64)?;
    }
    let mut at = 0;
    while at < len {
        let end = len.min(at + 1 + dice.below(100_000));
        let count = body.read_at(&mut read[at..end], at as u64)?;
        body.give_back(at as u64..(at + count) as u64);
        at += count;
    }
    body.finish_body()?;
    Ok(read)
}

fn keep() -> Keep {
    Keep(Box::new(|mut body| {
        let mut bytes = Vec::new();
        body.read_to_end(&mut bytes)?;
        Ok(file_of(&bytes))
    }))
}

#[test]
fn both_ways_give_what_reading_in_order_gives() {
    let (mut sound, mut inflated, mut refused) = (0, 0, 0);
    for seed in 1..=SEEDS {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (mut packed, data) = stream(&mut dice);
        let mut content = Content {
            crc: crc(&data),
            compressed: packed.len() as u64,
            size: data.len() as u64,
        };
        spoil(&mut dice, &mut packed, &mut content);
        // A new one for each: what is given back is gone.
        let source = || BodySource {
            file: Arc::new(Spooled(file_of(&[b"before", &packed[..]].concat()))),
            start: 6,
            method: Method::Deflate,
            content,
            has_crc: true,
        };
        let expected = in_order(&source());
        let ways = [SeekableBody::of, |source: &BodySource| {
            SeekableBody::begun(source, keep())
        }];
        for (way, open) in ways.into_iter().enumerate() {
            let this = source();
            let Some(body) = open(&this).unwrap() else {
                continue;
            };
            let read = at_any_place(&mut dice, body, &this);
            match (&expected, read) {
                (Ok(expected), Ok(read)) => {
                    assert!(read == *expected, "seed {seed}");
                    sound += 1;
                    inflated +=
                        u32::from(way == 1 && SeekableBody::of(&source()).unwrap().is_none());
                }
                (Err(_), Err(error)) => {
                    error.downcast::<Damaged>().unwrap();
                    refused += 1;
                }
                (expected, read) => panic!("seed {seed}: {expected:?} and {read:?}"),
            }
        }
    }
    println!("{sound} sound, {inflated} to be inflated, {refused} refused");
    assert!(sound > 80 && inflated > 20 && refused > 10);
}

/// A body whose end looks like blocks that are data in truth, and its data.
fn seeming() -> (BodySource, Vec<u8>) {
    // The last block has bits set that no deflater sets, so that it is taken for data of one before it.
    let (first, last) = (vec![1; 9000], vec![2; 500]);
    let seeming = [stored_block(0, &[3; 100]), stored_block(1, &[4; 100])].concat();
    let data = [&first[..], &last, &seeming].concat();
    let packed = [
        stored_block(0, &first),
        stored_block(0b1000_0001, &data[first.len()..]),
    ]
    .concat();
    let source = BodySource {
        file: Arc::new(file_of(&packed)),
        start: 0,
        method: Method::Deflate,
        content: Content {
            crc: crc(&data),
            compressed: packed.len() as u64,
            size: data.len() as u64,
        },
        has_crc: true,
    };
    (source, data)
}

#[test]
fn an_end_that_only_looks_like_blocks_is_found_out() {
    let (source, data) = seeming();
    assert!(in_order(&source).unwrap() == data);
    for seed in 1..20 {
        let body = SeekableBody::begun(&source, keep()).unwrap().unwrap();
        let error = at_any_place(&mut Dice(seed), body, &source).unwrap_err();
        error.downcast::<SeemingBlocks>().unwrap();
    }
    // Whether the CRC matches is not what tells.
    let body = SeekableBody::begun(&source, keep()).unwrap().unwrap();
    let body = CrcAt::new(body, Some(source.content.crc ^ 1));
    let error = body.finish_body().unwrap_err();
    error.downcast::<SeemingBlocks>().unwrap();
}

#[test]
fn each_byte_has_one_source_wherever_a_read_begins() {
    let (source, data) = seeming();
    let mut seen = vec![None; data.len()];
    for at in (0..data.len()).step_by(97) {
        let body = SeekableBody::begun(&source, keep()).unwrap().unwrap();
        let mut bytes = vec![0; 3000];
        match body.read_at(&mut bytes, at as u64) {
            Ok(count) => {
                for (seen, byte) in seen[at..].iter_mut().zip(&bytes[..count]) {
                    assert_eq!(*seen.get_or_insert(*byte), *byte, "read at {at}");
                }
            }
            // From where the true blocks lead over the others.
            Err(error) => {
                error.downcast::<SeemingBlocks>().unwrap();
            }
        }
    }
    assert!(seen[..9000].iter().all(|it| *it == Some(1)));
}
