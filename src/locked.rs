//! Memory for secrets: pages of their own, which the system keeps out of swap and core dumps as far as it allows.
#![allow(unsafe_code)]

use std::ops::Deref;
use std::ptr::{NonNull, null_mut};
use std::slice;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mlock, mmap_anonymous, munlock, munmap};
use zeroize::{Zeroize as _, Zeroizing};

/// Bytes that are kept in locked memory, and wiped when dropped. Where the system locks none they are kept all the same.
pub(crate) struct Locked(Place);

enum Place {
    Pages(Pages),
    /// The system gave no page, or none is needed for no byte.
    Heap(Zeroizing<Vec<u8>>),
}

/// Bytes at the start of a mapping.
struct Pages {
    start: NonNull<u8>,
    len: usize,
    /// There until it is dropped.
    mapping: Option<Mapping>,
}

/// Pages that nothing else is in, so that nobody unlocks them who has something else there.
struct Mapping {
    start: NonNull<u8>,
    size: usize,
    is_locked: bool,
}

/// Bytes of a mapping that is kept for the next secret, which nearly all fit in: the system takes five calls to make and
/// unmake one, and an agent needs several for each request.
const KEPT_SIZE: usize = 4096;

/// Mappings that are kept at most. Some systems lock no more than 16 pages.
const MOST_KEPT: usize = 4;

/// Mappings of zeros that wait for the next secret.
static KEPT: Mutex<Vec<Mapping>> = Mutex::new(Vec::new());

fn kept() -> MutexGuard<'static, Vec<Mapping>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

// SAFETY: the pages are this value's alone, as those of a box would be.
unsafe impl Send for Mapping {}
// SAFETY: they are reached through `Pages` alone.
unsafe impl Sync for Mapping {}
// SAFETY: the bytes are this value's alone, as those of a box would be.
unsafe impl Send for Pages {}
// SAFETY: as for a box of bytes.
unsafe impl Sync for Pages {}

impl Locked {
    /// Copies `bytes`, which are the caller's to wipe.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let Some(mut pages) = Pages::new(bytes.len()) else {
            return Self(Place::Heap(Zeroizing::new(bytes.to_vec())));
        };
        pages.bytes_mut().copy_from_slice(bytes);
        Self(Place::Pages(pages))
    }

    /// Whether the system locks memory for this process.
    pub(crate) fn is_possible() -> bool {
        Mapping::new(KEPT_SIZE).is_some_and(|it| it.is_locked)
    }
}

impl Pages {
    /// Pages with room for `len` bytes, zeros; none for no byte.
    fn new(len: usize) -> Option<Self> {
        let mapping = match len {
            0 => None,
            1..=KEPT_SIZE => {
                let kept = kept().pop();
                kept.or_else(|| Mapping::new(KEPT_SIZE))
            }
            _ => Mapping::new(len),
        }?;
        Some(Self {
            start: mapping.start,
            len,
            mapping: Some(mapping),
        })
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: the mapping has that many bytes, initialised with zeros, and lives as long as `self`.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`, and `self` is borrowed by nobody else.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.bytes_mut().zeroize();
        let Some(mapping) = self.mapping.take() else {
            return;
        };
        let mut kept = kept();
        if mapping.size == KEPT_SIZE && kept.len() < MOST_KEPT {
            kept.push(mapping);
        }
    }
}

impl Mapping {
    /// Has the system make one, of zeros, and lock it.
    fn new(size: usize) -> Option<Self> {
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new mapping at a place that the system chooses takes nothing from anybody.
        let start = unsafe { mmap_anonymous(null_mut(), size, access, MapFlags::PRIVATE) }.ok()?;
        // SAFETY: the mapping is this value's own until it is dropped; neither call changes what is in it.
        let is_locked = unsafe {
            // Where it is not allowed, the bytes are kept all the same.
            let _ = madvise(start, size, Advice::LinuxDontDump);
            mlock(start, size).is_ok()
        };
        Some(Self {
            start: NonNull::new(start.cast())?,
            size,
            is_locked,
        })
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        let start = self.start.as_ptr().cast();
        // SAFETY: the mapping is this value's own, and nobody uses it after this.
        unsafe {
            let _ = munlock(start, self.size);
            let _ = munmap(start, self.size);
        }
    }
}

impl Deref for Locked {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Place::Pages(pages) => pages.bytes(),
            Place::Heap(bytes) => bytes,
        }
    }
}

impl Clone for Locked {
    fn clone(&self) -> Self {
        Self::new(self)
    }
}

impl From<Zeroizing<Vec<u8>>> for Locked {
    /// Moves the bytes: the others are wiped.
    fn from(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self::new(&bytes)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    /// What the kernel says of the mapping that `bytes` are in.
    fn flags(bytes: &[u8]) -> String {
        let at = bytes.as_ptr().addr();
        let maps = fs::read_to_string("/proc/self/smaps").unwrap();
        let mut is_it = false;
        for line in maps.lines() {
            let range = line.split(' ').next().unwrap_or_default().split_once('-');
            let ends = range.map(|(start, end)| {
                let number = |text| usize::from_str_radix(text, 16);
                (number(start), number(end))
            });
            if let Some((Ok(start), Ok(end))) = ends {
                is_it = (start..end).contains(&at);
            } else if let (true, Some(flags)) = (is_it, line.strip_prefix("VmFlags:")) {
                return flags.to_owned();
            }
        }
        panic!("no mapping has {at:x}");
    }

    #[test]
    fn the_bytes_are_there_however_many() {
        for len in [0, 1, 4096, 4097, 100_000] {
            let bytes = vec![7; len];
            assert_eq!(*Locked::new(&bytes), bytes);
            assert_eq!(*Locked::new(&bytes).clone(), bytes);
        }
    }

    #[test]
    fn a_mapping_that_is_used_again_has_nothing_of_before() {
        for _ in 0..3 {
            let many: Vec<Locked> = (0..10).map(|_| Locked::new(&[7; 4096])).collect();
            drop(many);
            assert!(kept().len() <= MOST_KEPT);
            let pages = Pages::new(KEPT_SIZE).unwrap();
            assert!(pages.bytes().iter().all(|byte| *byte == 0));
        }
    }

    #[test]
    fn they_are_locked_and_left_out_of_core_dumps() {
        let locked = Locked::new(b"1234");
        let flags = flags(&locked);
        let has = |flag| flags.split_whitespace().any(|it| it == flag);
        assert!(has("dd"), "{flags}");
        if Locked::is_possible() {
            assert!(has("lo"), "{flags}");
        } else {
            eprintln!("skipped: this system locks no memory");
        }
    }
}
