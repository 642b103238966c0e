#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// Chunks that a closure makes, given their number.
struct Made<F> {
    make: F,
    count: Arc<AtomicUsize>,
}

impl<F: FnMut(usize) -> io::Result<Vec<u8>>> Chunks for Made<F> {
    fn next_chunk(&mut self, _: Vec<u8>) -> io::Result<Vec<u8>> {
        (self.make)(self.count.fetch_add(1, Ordering::SeqCst))
    }
}

/// Reads ahead, and tells how many chunks were made.
fn ahead(
    make: impl FnMut(usize) -> io::Result<Vec<u8>> + Send + 'static,
) -> (Ahead, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let made = Made {
        make,
        count: Arc::clone(&count),
    };
    (Ahead::start(made), count)
}

#[test]
fn chunks_come_in_order_and_nothing_after_the_last() {
    let (mut chunks, _) = ahead(|number| Ok(vec![7; if number < 20 { number + 1 } else { 0 }]));
    let mut used = Vec::new();
    for number in 0..20 {
        used = chunks.next_chunk(used).unwrap();
        assert_eq!(used, vec![7; number + 1]);
    }
    for _ in 0..3 {
        assert_eq!(chunks.next_chunk(Vec::new()).unwrap(), b"");
    }
}

#[test]
fn used_buffers_go_back_to_the_source() {
    struct Kept(Vec<usize>);
    impl Chunks for Kept {
        fn next_chunk(&mut self, mut used: Vec<u8>) -> io::Result<Vec<u8>> {
            self.0.push(used.capacity());
            let fresh = self.0.iter().filter(|&&capacity| capacity == 0).count();
            used.clear();
            used.resize(if self.0.len() < 100 { 1000 } else { 0 }, fresh as u8);
            Ok(used)
        }
    }
    let mut chunks = Ahead::start(Kept(Vec::new()));
    let mut used = Vec::new();
    let mut fresh = 0;
    loop {
        used = chunks.next_chunk(used).unwrap();
        let Some(&count) = used.first() else { break };
        fresh = count;
    }
    assert!(
        usize::from(fresh) <= AHEAD + 3,
        "{fresh} buffers for two threads"
    );
}

#[test]
fn no_more_is_read_than_may_wait() {
    let (mut chunks, count) = ahead(|_| Ok(vec![7]));
    chunks.next_chunk(Vec::new()).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(100));
    // One was taken, and one waits in the thread's hand.
    let read = count.load(Ordering::SeqCst);
    assert!(read <= AHEAD + 2, "{read} chunks were read");
}

#[test]
fn dropping_it_early_ends_the_thread() {
    let (mut chunks, count) = ahead(|_| Ok(vec![7]));
    chunks.next_chunk(Vec::new()).unwrap();
    // Waits for the thread: an endless source would hang here.
    drop(chunks);
    assert_eq!(
        Arc::strong_count(&count),
        1,
        "the thread still has its source"
    );
}

#[test]
fn an_error_passes_through_once_behind_what_came_before() {
    let (mut chunks, count) = ahead(|number| match number {
        0 => Ok(vec![1]),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "torn")),
    });
    assert_eq!(chunks.next_chunk(Vec::new()).unwrap(), [1]);
    let error = chunks.next_chunk(Vec::new()).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (io::ErrorKind::InvalidData, "torn")
    );
    assert_eq!(chunks.next_chunk(Vec::new()).unwrap(), b"");
    assert_eq!(count.load(Ordering::SeqCst), 2, "read on after the error");
}

#[test]
fn a_panic_of_the_thread_is_no_end_of_the_body() {
    let (mut chunks, _) = ahead(|number| {
        assert!(number == 0, "the panic that this test is about");
        Ok(vec![1])
    });
    assert_eq!(chunks.next_chunk(Vec::new()).unwrap(), [1]);
    assert!(chunks.next_chunk(Vec::new()).is_err());
}
