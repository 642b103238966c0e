#![allow(clippy::unwrap_used)]

use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::super::blocks::STRIDE;
use super::super::testing::{crc, deflate, file_of, noise, stored_block};
use super::super::zip::Content;
use super::super::{CrcAt, Damaged};
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

/// Keeps what is left in a file, and counts how often.
fn keep(count: &Arc<AtomicUsize>) -> Keep {
    let count = Arc::clone(count);
    Keep(Box::new(move |mut body| {
        count.fetch_add(1, Ordering::Relaxed);
        let mut file = tempfile::tempfile()?;
        io::copy(&mut body, &mut file)?;
        Ok(file)
    }))
}

/// A body whose blocks are found while it is read.
fn begun(source: &BodySource) -> SeekableBody {
    SeekableBody::begun(source, Keep::nothing())
        .unwrap()
        .unwrap()
}

fn assert_reads(source: &BodySource, data: &[u8]) {
    assert_has(&SeekableBody::of(source).unwrap().unwrap(), data);
    if let Some(body) = SeekableBody::begun(source, Keep::nothing()).unwrap() {
        assert_has(&body, data);
    }
}

fn assert_has(body: &SeekableBody, data: &[u8]) {
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
    let source = source(Method::Deflate, &deflate(&data), data.len());
    for body in [SeekableBody::of(&source).unwrap().unwrap(), begun(&source)] {
        body.read_exact_at(&mut vec![0; data.len()], 0).unwrap();
        let remembered = body.found().remembered();
        assert!((1..data.len() / 1000).contains(&remembered), "{remembered}");
    }
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

/// A disk that counts the bytes that are read, and knows those that it was asked for before.
#[derive(Debug)]
struct Disk {
    file: File,
    read: AtomicU64,
    reads: AtomicU64,
    asked: Mutex<Vec<Range<u64>>>,
}

fn on_disk(source: &mut BodySource, packed: &[u8]) -> Arc<Disk> {
    let disk = Arc::new(Disk {
        file: file_of(&[b"before", packed, b"after"].concat()),
        read: AtomicU64::new(0),
        reads: AtomicU64::new(0),
        asked: Mutex::default(),
    });
    source.file = disk.clone();
    disk
}

impl ReadAt for Disk {
    fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<usize> {
        let count = ReadAt::read_at(&self.file, out, at)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        self.reads.fetch_add(1, Ordering::Relaxed);
        Ok(count)
    }

    fn len(&self) -> io::Result<u64> {
        ReadAt::len(&self.file)
    }

    fn read_soon(&self, range: Range<u64>) {
        self.asked.lock().unwrap().push(range);
    }
}

#[test]
fn a_disk_is_asked_for_all_before_blocks_are_stepped_over() {
    let data = noise(20_000_000);
    let packed = deflate(&data);
    let mut source = source(Method::Deflate, &packed, data.len());
    let disk = on_disk(&mut source, &packed);
    assert!(SeekableBody::of(&source).unwrap().is_some());
    let asked = disk.asked.lock().unwrap();
    let mut at = source.start;
    for range in &*asked {
        assert_eq!(range.start, at, "{asked:?}");
        at = range.end;
    }
    assert_eq!(at, source.end().file);
    assert_eq!(asked.len(), 4);
}

#[test]
fn what_is_read_from_its_beginning_to_its_end_is_read_once() {
    let data = noise(5_000_000);
    let packed = deflate(&data);
    let mut source = source(Method::Deflate, &packed, data.len());
    let disk = on_disk(&mut source, &packed);
    let body = begun(&source);
    let tail = disk.read.swap(0, Ordering::Relaxed);
    assert!(tail <= 140_000, "{tail}");
    let mut read = Vec::new();
    let mut piece = vec![0; 100_000];
    loop {
        let count = body.read_at(&mut piece, read.len() as u64).unwrap();
        if count == 0 {
            break;
        }
        read.extend_from_slice(&piece[..count]);
    }
    assert!(read == data);
    // Headers that a read ends in are read with the next one, too.
    let read = disk.read.load(Ordering::Relaxed);
    assert!(
        read <= packed.len() as u64 + 500,
        "{read} of {}",
        packed.len()
    );
    // No header was read by itself, but where a read ended in one.
    let reads = disk.reads.load(Ordering::Relaxed);
    assert!(reads <= 60, "{reads}");
}

#[test]
fn the_end_is_read_before_the_middle_was_looked_at() {
    let data = noise(5_000_000);
    let packed = deflate(&data);
    let mut source = source(Method::Deflate, &packed, data.len());
    let disk = on_disk(&mut source, &packed);
    let body = begun(&source);
    let mut end = [0; 1000];
    body.read_exact_at(&mut end, 4_999_000).unwrap();
    assert!(end == data[4_999_000..]);
    let read = disk.read.load(Ordering::Relaxed);
    assert!(read <= 140_000, "{read}");
}

/// Noise with something between that compresses.
fn mixed() -> Vec<u8> {
    [noise(300_000), vec![0; 70_000], noise(400_000)].concat()
}

#[test]
fn a_block_that_has_to_be_inflated_is_met_late_and_all_is_read_from_there() {
    let data = mixed();
    let mut source = source(Method::Deflate, &deflate(&data), data.len());
    source.has_crc = true;
    source.content.crc = crc(&data);
    let places = [
        [0, 250_000, 299_000, 350_000, 769_000],
        [769_000, 350_000, 299_000, 250_000, 0],
    ];
    for order in places {
        let kept = Arc::default();
        let body = SeekableBody::begun(&source, keep(&kept)).unwrap().unwrap();
        for at in order {
            let mut part = vec![0; 1000];
            body.read_exact_at(&mut part, at as u64).unwrap();
            assert!(part == data[at..at + 1000], "{at} of {order:?}");
        }
        assert_eq!(kept.load(Ordering::Relaxed), 1);
        assert_has(&body, &data);
    }
}

#[test]
fn what_was_inflated_gives_its_room_back_and_all_before_it_stays() {
    let data = mixed();
    let mut source = source(Method::Deflate, &deflate(&data), data.len());
    source.has_crc = true;
    source.content.crc = crc(&data);
    let body = SeekableBody::begun(&source, keep(&Arc::default()))
        .unwrap()
        .unwrap();
    let body = CrcAt::new(body, Some(source.content.crc));
    body.read_exact_at(&mut vec![0; data.len()], 0).unwrap();
    assert!(!body.gave_back());
    let any = Spooled(file_of(&data)).give_back(0..500_000);
    assert_eq!(body.give_back(100_000..600_000), any);
    if !any {
        println!("skipped: this file system gives no room back");
        return;
    }
    let read = |at: usize| {
        let mut part = vec![7; 1000];
        body.read_exact_at(&mut part, at as u64).unwrap();
        part
    };
    assert!(read(500_000) == [0; 1000]);
    for at in [0, 200_000, 610_000, 769_000] {
        assert!(read(at) == data[at..at + 1000], "{at}");
    }
    // What is gone is in the CRC.
    body.finish_body().unwrap();
}

#[test]
fn lies_that_are_met_late_are_found_when_all_was_read() {
    let data = noise(700_000);
    let mut sound = source(Method::Deflate, &deflate(&data), data.len());
    sound.has_crc = true;
    sound.content.crc = crc(&data);
    for (by, piece) in [
        (1_i64, 1000),
        (-1, 1000),
        (16, 300_000),
        (-16, 300_000),
        (0, 1000),
    ] {
        let mut lying = sound.clone();
        lying.content.size = sound.content.size.strict_add_signed(by);
        let body = SeekableBody::begun(&lying, keep(&Arc::default()))
            .unwrap()
            .unwrap();
        let body = CrcAt::new(body, Some(sound.content.crc));
        let mut at = 0;
        let read = loop {
            match body.read_at(&mut vec![0; piece], at) {
                Ok(0) => break body.finish(),
                Ok(count) => at += count as u64,
                Err(error) => break Err(error),
            }
        };
        match read {
            Ok(()) => assert_eq!(by, 0),
            Err(error) => {
                assert_ne!(by, 0);
                error.downcast::<Damaged>().unwrap();
            }
        }
    }
}

#[test]
fn more_blocks_than_a_deflater_makes_are_not_remembered_though_they_are_met_late() {
    let (before, between, after) = (noise(70_000), noise(3000), noise(60_000));
    let blocks = [
        stored_block(0, &before[..60_000]),
        stored_block(0, &before[60_000..]),
        between
            .chunks(1)
            .flat_map(|it| stored_block(0, it))
            .collect(),
        stored_block(0, &after[..30_000]),
        stored_block(1, &after[30_000..]),
    ];
    let data = [before, between, after].concat();
    let source = source(Method::Deflate, &blocks.concat(), data.len());
    let kept = Arc::default();
    let body = SeekableBody::begun(&source, keep(&kept)).unwrap().unwrap();
    for at in [132_000, 72_999, 69_990, 71_000, 0] {
        let mut part = vec![0; 1000];
        body.read_exact_at(&mut part, at as u64).unwrap();
        assert!(part == data[at..at + 1000], "{at}");
    }
    assert_eq!(kept.load(Ordering::Relaxed), 1);
    assert!(body.found().remembered() < 500);
}

#[test]
fn an_end_that_is_not_clear_is_none() {
    let data = noise(70_000);
    let unclear = |packed: &[u8], size| {
        let source = source(Method::Deflate, packed, size);
        SeekableBody::begun(&source, Keep::nothing())
            .unwrap()
            .is_none()
    };
    assert!(!unclear(&deflate(&data), data.len()));
    // It has to be inflated.
    let zeros = [&data[..], &[0; 100_000]].concat();
    assert!(unclear(&deflate(&zeros), zeros.len()));
    // One block.
    assert!(unclear(&stored_block(1, &data[..1000]), 1000));
    // Its data ends with what looks like a block of its own.
    let two = [&data[..1000], &stored_block(1, &data[..500])].concat();
    let packed = [stored_block(0, &data[..100]), stored_block(1, &two)].concat();
    assert!(unclear(&packed, 100 + two.len()));
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
    let mut source = source(Method::Stored, &data, data.len());
    source.file = Arc::new(file_of(b"before"));
    let body = SeekableBody::of(&source).unwrap().unwrap();
    assert!(body.read_at(&mut [0; 10], 0).is_err());
}
