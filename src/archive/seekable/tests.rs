#![allow(clippy::unwrap_used)]

use std::io::Read as _;
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::testing::{deflate, file_of, noise, stored_block};
use super::super::zip::Content;
use super::*;

fn source(method: Method, packed: &[u8], size: usize) -> BodySource {
    BodySource {
        file: Arc::new(file_of(&[b"before", packed, b"after"].concat())),
        start: 6,
        method,
        content: Content {
            crc: 0,
            compressed: packed.len() as u64,
            size: size as u64,
        },
        has_crc: false,
    }
}

fn assert_reads(source: &BodySource, data: &[u8]) {
    let body = SeekableBody::of(source).unwrap().unwrap();
    assert_eq!(body.len().unwrap(), data.len() as u64);
    for at in [
        0, 1, 16_382, 16_383, 16_384, 65_535, 65_536, 150_000, 699_999,
    ] {
        for len in [1, 5, 40_000, 300_000] {
            let Some(expected) = data.get(at..(at + len).min(data.len())) else {
                continue;
            };
            let mut read = vec![0; expected.len()];
            body.read_exact_at(&mut read, at as u64).unwrap();
            assert!(read == expected, "{len} bytes at {at}");
        }
    }
    let mut more = [0];
    assert_eq!(body.read_at(&mut more, data.len() as u64).unwrap(), 0);
    assert_eq!(body.read_at(&mut more, u64::MAX).unwrap(), 0);
}

#[test]
fn a_stored_body_and_a_deflated_one_of_noise_can_be_read_at_any_place() {
    for len in [0, 1, 100, 700_000] {
        let data = noise(len);
        assert_reads(&source(Method::Stored, &data, len), &data);
    }
    for len in [100, 700_000] {
        let data = noise(len);
        assert_reads(&source(Method::Deflate, &deflate(&data), len), &data);
    }
}

#[test]
fn blocks_of_many_lengths_are_found() {
    let data = noise(700_000);
    let (mut packed, mut rest, mut len) = (Vec::new(), &data[..], 5000);
    while !rest.is_empty() {
        let (block, behind) = rest.split_at(len.min(rest.len()));
        packed.extend(stored_block(u8::from(behind.is_empty()), block));
        rest = behind;
        len += 500;
    }
    assert_reads(&source(Method::Deflate, &packed, data.len()), &data);
}

#[test]
fn few_places_are_remembered() {
    let data = noise(700_000);
    let body = SeekableBody::of(&source(Method::Deflate, &deflate(&data), data.len()));
    let body = body.unwrap().unwrap();
    let remembered = size_of_val(&*body.known) + size_of_val(&*body.blocks);
    assert!(remembered < data.len() / 1000, "{remembered}");
}

#[test]
fn more_blocks_than_a_deflater_makes_are_read_in_order() {
    let tiny = |count: usize| [stored_block(0, b"").repeat(count), stored_block(1, b"abc")];
    for (count, expected) in [(STRIDE, true), (STRIDE + 1, false), (100_000, false)] {
        let source = source(Method::Deflate, &tiny(count).concat(), 3);
        let body = SeekableBody::of(&source).unwrap();
        assert_eq!(body.is_some(), expected, "{count}");
        let mut read = Vec::new();
        source.open().read_to_end(&mut read).unwrap();
        assert_eq!(read, b"abc");
    }
}

#[test]
fn blocks_are_remembered_up_to_their_least_mean_length() {
    let first = stored_block(0, b"").repeat(STRIDE);
    // 17 headers and the data of one block: 4096 bytes, and one less.
    for (len, expected) in [(4011, true), (4010, false)] {
        let next = stored_block(0, &noise(len));
        let packed = [&first[..], &next, &stored_block(1, b"")].concat();
        let body = SeekableBody::of(&source(Method::Deflate, &packed, len)).unwrap();
        assert_eq!(body.is_some(), expected, "{len}");
    }
}

/// A file that is not in memory: whoever reads waits.
#[derive(Debug)]
struct OnDisk(std::fs::File, AtomicU64);

impl ReadAt for OnDisk {
    fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<usize> {
        self.1.fetch_add(1, Ordering::Relaxed);
        ReadAt::read_at(&self.0, out, at)
    }

    fn len(&self) -> io::Result<u64> {
        ReadAt::len(&self.0)
    }
}

#[test]
fn blocks_on_a_disk_are_looked_for_in_large_pieces() {
    let data = noise(700_000);
    let packed = deflate(&data);
    let mut source = source(Method::Deflate, &packed, data.len());
    let bytes = [b"before", &packed[..], b"after"].concat();
    let file = Arc::new(OnDisk(file_of(&bytes), AtomicU64::new(0)));
    source.file = file.clone();
    assert!(SeekableBody::of(&source).unwrap().is_some());
    let pieces = (packed.len() as u64).div_ceil(PIECE);
    assert_eq!(file.1.load(Ordering::Relaxed), pieces);
    assert_reads(&source, &data);
    for cut in 1..=HEADER as u64 {
        let mut cut_short = source.clone();
        cut_short.content.compressed -= cut;
        assert!(SeekableBody::of(&cut_short).unwrap().is_none(), "{cut}");
    }
}

#[test]
fn empty_blocks_are_stepped_over() {
    let data = noise(50_000);
    let blocks = [&data[..20_000], &[], &data[20_000..40_000], &[], &[]];
    let mut packed: Vec<u8> = blocks.iter().flat_map(|it| stored_block(0, it)).collect();
    packed.extend(stored_block(1, &data[40_000..]));
    assert_reads(&source(Method::Deflate, &packed, data.len()), &data);
}

#[test]
fn what_has_to_be_inflated_or_lies_is_read_in_order() {
    let data = noise(70_000);
    let packed = deflate(&data);
    let sound = source(Method::Deflate, &packed, data.len());
    let lies: [fn(&mut BodySource); 4] = [
        |it| it.content.size += 1,
        |it| it.content.size -= 1,
        |it| it.content.compressed -= 1,
        |it| it.content.compressed += 1,
    ];
    for lie in lies {
        let mut lying = sound.clone();
        lie(&mut lying);
        assert!(SeekableBody::of(&lying).unwrap().is_none());
    }
    let mut two_sizes = source(Method::Stored, &data, data.len());
    two_sizes.content.size -= 1;
    assert!(SeekableBody::of(&two_sizes).unwrap().is_none());
    let zeros = [&data[..], &[0; 1000]].concat();
    let mixed = source(Method::Deflate, &deflate(&zeros), zeros.len());
    assert!(SeekableBody::of(&mixed).unwrap().is_none());
    let mut inflated = Vec::new();
    mixed.open().read_to_end(&mut inflated).unwrap();
    assert!(inflated == zeros);
}

#[test]
fn a_last_block_may_be_empty_and_ends_with_the_entry() {
    let whole = [stored_block(0, b"abc"), stored_block(1, b"")].concat();
    assert!(
        SeekableBody::of(&source(Method::Deflate, &whole, 3))
            .unwrap()
            .is_some()
    );
    for len in whole.len() - 5..whole.len() {
        let mut cut = source(Method::Deflate, &whole[..len], 3);
        cut.file = Arc::new(file_of(&[b"before", &whole[..len]].concat()));
        assert!(SeekableBody::of(&cut).unwrap().is_none(), "{len} bytes");
    }
}

#[test]
fn a_block_of_another_type_or_with_a_length_in_doubt_is_not_stepped_over() {
    for (at, bit) in [(0, 0b010), (0, 0b100), (3, 1), (4, 1)] {
        let mut block = stored_block(1, b"abc");
        block[at] ^= bit;
        let body = SeekableBody::of(&source(Method::Deflate, &block, 3)).unwrap();
        assert!(body.is_none(), "bit {bit} of byte {at}");
    }
}

#[test]
fn a_read_ends_with_the_body_and_needs_room() {
    let data = noise(1000);
    for (method, packed) in [
        (Method::Stored, data.clone()),
        (Method::Deflate, deflate(&data)),
    ] {
        let body = SeekableBody::of(&source(method, &packed, 1000))
            .unwrap()
            .unwrap();
        let mut out = [0; 50];
        assert_eq!(body.read_at(&mut out, 990).unwrap(), 10, "{method:?}");
        assert_eq!(out[..10], data[990..]);
        assert_eq!(body.read_at(&mut [], 5).unwrap(), 0, "{method:?}");
    }
}

#[test]
fn a_file_that_shrank_is_an_error_and_no_end() {
    let data = noise(1000);
    let source = source(Method::Stored, &data, data.len());
    let body = SeekableBody::of(&source).unwrap().unwrap();
    let shrunk = file_of(b"before");
    let body = SeekableBody {
        file: Arc::new(shrunk),
        ..body
    };
    assert!(body.read_at(&mut [0; 10], 0).is_err());
}
