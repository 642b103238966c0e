//! Chunks that one thread has done its work with, handed on to another one that looks at them.

use std::io;
use std::sync::mpsc::{Receiver, SendError, SyncSender, sync_channel};

use crate::envelope::Chunks;

/// Chunks that may wait for who looks at them. So many keep it busy while the disk makes the other one wait.
const WAITING: usize = 16;

/// Both ends.
pub(super) fn handing_on() -> (Giver, Given) {
    let (give, given) = sync_channel(WAITING);
    let (give_back, used) = sync_channel(WAITING);
    (
        Giver { give, used },
        Given {
            given,
            used: give_back,
        },
    )
}

/// The end of who hands chunks on. Once it is dropped there are no more.
pub(super) struct Giver {
    give: SyncSender<Vec<u8>>,
    used: Receiver<Vec<u8>>,
}

impl Giver {
    /// Hands a chunk on. Returns another buffer to work with, or this one where nobody looks any more.
    pub(super) fn give(&self, chunk: Vec<u8>) -> Vec<u8> {
        // An empty one would be the end.
        if chunk.is_empty() {
            return chunk;
        }
        match self.give.send(chunk) {
            Ok(()) => self.used.try_recv().unwrap_or_default(),
            Err(SendError(chunk)) => chunk,
        }
    }
}

/// The end of who looks at them.
pub(super) struct Given {
    given: Receiver<Vec<u8>>,
    used: SyncSender<Vec<u8>>,
}

impl Chunks for Given {
    fn next_chunk(&mut self, used: Vec<u8>) -> io::Result<Vec<u8>> {
        if used.capacity() > 0 {
            // A full channel means that there are buffers enough.
            let _ = self.used.try_send(used);
        }
        Ok(self.given.recv().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::thread;

    use super::*;

    #[test]
    fn all_is_handed_on_in_its_order_and_few_buffers_are_made() {
        let (giver, mut given) = handing_on();
        let looking = thread::spawn(move || {
            let (mut seen, mut chunk) = (Vec::new(), given.next_chunk(Vec::new()).unwrap());
            while let Some(first) = chunk.first() {
                seen.push(*first);
                chunk = given.next_chunk(chunk).unwrap();
            }
            seen
        });
        let (mut buffer, mut made) = (Vec::new(), 0);
        for number in 0..200 {
            made += usize::from(buffer.capacity() == 0);
            buffer.clear();
            buffer.resize(1000, number);
            buffer = giver.give(buffer);
            assert_eq!(giver.give(Vec::new()), [0; 0], "this is no end");
        }
        drop(giver);
        assert_eq!(looking.join().unwrap(), (0..200).collect::<Vec<u8>>());
        assert!(made <= 2 * WAITING + 2, "{made}");
    }

    #[test]
    fn what_nobody_looks_at_goes_back() {
        let (giver, given) = handing_on();
        drop(given);
        assert_eq!(giver.give(vec![7; 3]), [7; 3]);
    }
}
