use rustix::mm::{Advice, madvise, mlock, munlock};
use zeroize::Zeroize as _;

const PAGE: usize = 4096;

/// A page of memory of its own, so that locking and unlocking it touches nothing else.
#[repr(C, align(4096))]
struct Page([u8; PAGE]);

/// Bytes that are kept out of swap and core dumps where the system allows it. Wiped when
/// dropped.
pub(in crate::token) struct Locked {
    page: Box<Page>,
    len: usize,
}

impl Locked {
    /// Copies `bytes`; `None` when they are more than a page.
    pub(in crate::token) fn new(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > PAGE {
            return None;
        }
        let mut page = Box::new(Page([0; PAGE]));
        let place = page.0.as_mut_ptr().cast();
        // SAFETY: the page is this value's own until it is dropped, which undoes this; neither
        // call changes what is in it.
        unsafe {
            // Where the system allows neither, the bytes are kept all the same.
            let _ = mlock(place, PAGE);
            let _ = madvise(place, PAGE, Advice::LinuxDontDump);
        }
        page.0[..bytes.len()].copy_from_slice(bytes);
        Some(Self {
            page,
            len: bytes.len(),
        })
    }

    /// The bytes.
    pub(in crate::token) fn bytes(&self) -> &[u8] {
        &self.page.0[..self.len]
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        self.page.0.zeroize();
        let place = self.page.0.as_mut_ptr().cast();
        // SAFETY: as in `new`.
        unsafe {
            let _ = madvise(place, PAGE, Advice::LinuxDoDump);
            let _ = munlock(place, PAGE);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_there_and_not_more_than_a_page() {
        assert_eq!(Locked::new(b"1234").unwrap().bytes(), b"1234");
        assert_eq!(Locked::new(&[7; PAGE]).unwrap().bytes(), [7; PAGE]);
        assert!(Locked::new(&[7; PAGE + 1]).is_none());
    }
}
