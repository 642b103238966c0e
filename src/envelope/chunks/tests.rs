#![allow(clippy::unwrap_used)]

use super::*;

/// All chunks, and the capacity of their buffer.
fn all(mut chunks: impl Chunks) -> Vec<(Vec<u8>, usize)> {
    let mut all = Vec::new();
    loop {
        let chunk = chunks.next_chunk(Vec::new()).unwrap();
        if chunk.is_empty() {
            return all;
        }
        let capacity = chunk.capacity();
        all.push((chunk, capacity));
    }
}

fn lens(chunks: &[(Vec<u8>, usize)]) -> Vec<usize> {
    chunks.iter().map(|(chunk, _)| chunk.len()).collect()
}

#[test]
fn a_small_body_is_one_chunk_in_a_small_buffer() {
    for len in [1, 15, 16, 17, 100, 1000] {
        let chunks = all(ReadChunks::of(&vec![7; len][..], len as u64));
        assert_eq!(lens(&chunks), [len]);
        assert!(chunks[0].1 <= len + BLOCK, "{len}: {}", chunks[0].1);
    }
}

#[test]
fn a_large_body_comes_in_chunks_of_one_size() {
    for said in [3 * CHUNK as u64, u64::MAX] {
        let body = vec![7; 2 * CHUNK + 5];
        let chunks = all(ReadChunks::of(&body[..], said));
        assert_eq!(lens(&chunks), [CHUNK, CHUNK, 5]);
    }
    // One that is longer than was said comes in whole blocks.
    let chunks = all(ReadChunks::of(&[7; 100][..], 33));
    assert_eq!(lens(&chunks), [48, 48, 4]);
}

#[test]
fn only_the_first_chunk_has_a_head() {
    let body = vec![7; 2 * CHUNK + 5];
    let chunks = all(ReadChunks::new(&body[..]).with_head(16));
    assert_eq!(lens(&chunks), [CHUNK + 16, CHUNK - 11]);
}

/// Bytes that come one at a time, and a signal before each.
struct Interrupted<R>(R, bool);

impl<R: Read> Read for Interrupted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let room = out.len().min(1);
        self.0.read(&mut out[..room])
    }
}

#[test]
fn a_read_that_a_signal_interrupts_is_tried_again() {
    let chunks = all(ReadChunks::new(Interrupted(&b"hello"[..], false)));
    assert_eq!(chunks[0].0, b"hello");
    assert_eq!(chunks.len(), 1);
}

#[test]
fn a_source_that_fails_is_reported() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::from_raw_os_error(5))
        }
    }
    let error = ReadChunks::new(b"hello".chain(Broken)).next_chunk(Vec::new());
    assert_eq!(error.unwrap_err().raw_os_error(), Some(5));
}

#[test]
fn what_is_left_can_be_thrown_away() {
    let body = vec![7; 3 * CHUNK];
    let mut left = &body[..];
    let mut reader = ChunkReader::new(ReadChunks::new(&mut left));
    reader.read_exact(&mut [0; 10]).unwrap();
    reader.drain().unwrap();
    assert_eq!(reader.read(&mut [0; 10]).unwrap(), 0);
    assert!(left.is_empty());
}

#[test]
fn a_box_of_chunks_is_those_chunks() {
    let boxed: Box<dyn Chunks> = Box::new(ReadChunks::new(&b"hello"[..]));
    assert_eq!(all(boxed)[0].0, b"hello");
}
