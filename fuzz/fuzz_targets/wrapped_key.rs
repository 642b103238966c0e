//! The entry with the wrapped key, and what a token makes of it: one form for each, and nothing is lost.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use iexec_hsm::archive::Scheme;
use iexec_hsm::fuzzing::{content_key, wrapped_key};
use libfuzzer_sys::fuzz_target;
use properties::check_message;

fuzz_target!(|input: (u8, &[u8])| {
    let (choice, bytes) = input;
    entry(choice, bytes);
    unwrapped(choice, bytes);
});

fn entry(choice: u8, bytes: &[u8]) {
    let key = match wrapped_key(bytes.to_vec(), choice.into()) {
        Ok(key) => key,
        Err(error) => return check_message(&error),
    };
    let ciphertext = key.ciphertext();
    assert!((128..=2048).contains(&ciphertext.len()) && ciphertext.len() % 8 == 0);
    match key.scheme() {
        Scheme::LegacyEcb => {
            let text: Vec<u8> = bytes
                .iter()
                .copied()
                .filter(|it| !it.is_ascii_whitespace())
                .collect();
            assert_eq!(STANDARD.encode(ciphertext).as_bytes(), text);
        }
        _ => assert_eq!(ciphertext, bytes),
    }
}

fn unwrapped(choice: u8, bytes: &[u8]) {
    let scheme = [Scheme::Current, Scheme::LegacyEcb, Scheme::Guide2019][usize::from(choice) % 3];
    let Some(key) = content_key(scheme, bytes) else {
        return;
    };
    match scheme {
        Scheme::Current => assert_eq!(key.len(), 32),
        Scheme::LegacyEcb => assert_eq!(key.len(), 16),
        _ => assert!(matches!(key.len(), 16 | 32)),
    }
    if scheme != Scheme::LegacyEcb {
        assert_eq!(key, bytes);
    }
}
