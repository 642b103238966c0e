//! The encrypted body, at any place.

use std::io;
use std::sync::Arc;

use super::body::BodySource;
use super::zip::Method;
use crate::file::ReadAt;

/// Stored blocks from one place that is known to the next.
const STRIDE: usize = 16;

/// Bytes of the file that a stored block has at least, on average, for its length to be remembered:
/// a deflater makes larger ones, and what is remembered stays below a thousandth of the file.
const LEAST_MEAN: u64 = 4 * 1024;

/// Bytes that are read at once for the headers in them where the disk has to be asked: asked for
/// each header by itself it can take many times longer.
const PIECE: u64 = 256 * 1024;

/// Bytes of a stored block before its data.
const HEADER: usize = 5;

/// A body whose bytes stand in the archive as they are: stored, or deflated to nothing but stored
/// blocks (RFC 1951, 3.2.4), which is what ciphertext deflates to.
#[derive(Debug)]
pub(crate) struct SeekableBody {
    file: Arc<dyn ReadAt>,
    len: u64,
    /// The place where it begins; if deflated, where every [`STRIDE`]th block does.
    known: Vec<Known>,
    /// The lengths of all blocks: to read their headers again and again would cost more than to
    /// decrypt what is in them.
    blocks: Vec<u16>,
    /// The place where it ends in the file.
    end: u64,
}

/// A place in the body, and the same place in the file; if deflated, that of a header.
#[derive(Clone, Copy, Debug)]
struct Known {
    body: u64,
    file: u64,
}

impl Known {
    /// Behind a stored block with `len` bytes of data.
    fn after_block(self, len: u16) -> Self {
        Self {
            body: self.body + u64::from(len),
            file: self.file + HEADER as u64 + u64::from(len),
        }
    }
}

impl SeekableBody {
    /// `None` where the body has to be inflated, or is not what the archive says: reading it in
    /// order tells which.
    pub(super) fn of(source: &BodySource) -> io::Result<Option<Self>> {
        let (file, start) = (Arc::clone(&source.file), source.start);
        let content = source.content;
        let mut body = Self {
            file,
            len: content.size,
            known: vec![Known {
                body: 0,
                file: start,
            }],
            blocks: Vec::new(),
            end: start.saturating_add(content.compressed),
        };
        let readable = match source.method {
            Method::Stored => content.size == content.compressed,
            Method::Deflate => body.find_blocks()?,
        };
        Ok(readable.then_some(body))
    }

    /// Steps over all blocks. Returns whether they are stored ones, and the whole body.
    fn find_blocks(&mut self) -> io::Result<bool> {
        let start = self.known[0];
        let mut here = start;
        let mut headers = Headers {
            file: &*self.file,
            end: self.end,
            piece: Vec::new(),
            start: 0,
        };
        loop {
            let Some(header) = headers.at(here.file)? else {
                return Ok(false);
            };
            let Some(len) = stored_len(&header) else {
                return Ok(false);
            };
            self.blocks.push(len);
            here = here.after_block(len);
            if header[0] & 1 != 0 {
                return Ok(here.body == self.len && here.file == self.end);
            }
            let count = self.blocks.len();
            if (count as u64).saturating_sub(STRIDE as u64) * LEAST_MEAN > here.file - start.file {
                return Ok(false);
            }
            if count.is_multiple_of(STRIDE) {
                self.known.push(here);
            }
        }
    }

    /// Finds the byte `at`, and how many follow it there.
    fn span(&self, at: u64) -> Span {
        // The first one is that of byte 0.
        let last = self.known.partition_point(|known| known.body <= at) - 1;
        let mut here = self.known[last];
        for &len in self.blocks.iter().skip(last * STRIDE) {
            let next = here.after_block(len);
            if at < next.body {
                return Span {
                    file: here.file + HEADER as u64 + (at - here.body),
                    len: next.body - at,
                };
            }
            here = next;
        }
        // Stored as a whole.
        Span {
            file: here.file + at,
            len: self.len - at,
        }
    }
}

/// Reads the headers of blocks in their order.
struct Headers<'a> {
    file: &'a dyn ReadAt,
    /// The end of the body.
    end: u64,
    /// The bytes that were read from `start` on.
    piece: Vec<u8>,
    start: u64,
}

impl Headers<'_> {
    /// The header at `at`; `None` where it would not end before the body does.
    fn at(&mut self, at: u64) -> io::Result<Option<[u8; HEADER]>> {
        if let Some(header) = self.in_piece(at) {
            return Ok(Some(header));
        }
        let len = self.end.saturating_sub(at).min(PIECE);
        if len < HEADER as u64 {
            return Ok(None);
        }
        let mut header = [0; HEADER];
        if self
            .file
            .read_ready_at(&mut header, at)
            .is_ok_and(|count| count == HEADER)
        {
            return Ok(Some(header));
        }
        self.start = at;
        self.piece.resize(len as usize, 0);
        self.file.read_exact_at(&mut self.piece, at)?;
        Ok(self.in_piece(at))
    }

    /// The header at `at` where it was read already.
    fn in_piece(&self, at: u64) -> Option<[u8; HEADER]> {
        let from = usize::try_from(at.checked_sub(self.start)?).ok()?;
        self.piece.get(from..)?.first_chunk().copied()
    }
}

struct Span {
    file: u64,
    len: u64,
}

/// The length that the header of a stored block tells.
fn stored_len(header: &[u8; HEADER]) -> Option<u16> {
    let len = u16::from_le_bytes([header[1], header[2]]);
    let complement = u16::from_le_bytes([header[3], header[4]]);
    (header[0] & 0b110 == 0 && len == !complement).then_some(len)
}

/// Takes the headers of blocks out of `raw`, which begins with `first` bytes of data, and moves the
/// data together. Returns how much it is.
fn without_headers(raw: &mut [u8], first: u64) -> io::Result<usize> {
    let mut kept = first.min(raw.len() as u64) as usize;
    let mut from = kept;
    while let Some(header) = raw[from..].first_chunk() {
        let len = stored_len(header).ok_or_else(changed)?;
        from += HEADER;
        let count = usize::from(len).min(raw.len() - from);
        raw.copy_within(from..from + count, kept);
        kept += count;
        from += count;
    }
    Ok(kept)
}

fn changed() -> io::Error {
    io::Error::other("the archive changed while it was read")
}

impl ReadAt for SeekableBody {
    fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<usize> {
        if at >= self.len || out.is_empty() {
            return Ok(0);
        }
        let span = self.span(at);
        // All blocks at once, their headers between them: a read of each costs more than to move it.
        let room = (self.end - span.file).min(out.len() as u64) as usize;
        match self.file.read_at(&mut out[..room], span.file)? {
            0 => Err(changed()),
            count => without_headers(&mut out[..count], span.len),
        }
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.len)
    }
}

#[cfg(test)]
mod tests {
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
}
