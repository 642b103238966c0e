//! Files with keys, whatever they hold: a reference to a key on a token, a public key, a private key in software.
#![no_main]

use iexec_hsm::envelope::PublicKey;
use iexec_hsm::fuzzing::{key_file, key_file_text};
use iexec_hsm::token::SoftwareKey;
use libfuzzer_sys::fuzz_target;
use properties::check_message;

const MARK: &[u8] = b"PRIVATE KEY-----";

fuzz_target!(|content: &[u8]| {
    reference(content);
    public(content);
    private(content);
});

fn reference(content: &[u8]) {
    let file = match key_file(content) {
        Ok(file) => file,
        Err(error) => return check_message(&error),
    };
    assert!(!content.windows(MARK.len()).any(|it| it == MARK));
    assert!(
        !file.uri().to_string().contains('?'),
        "it must not say how to reach the key"
    );
    let again = key_file(key_file_text(&file).as_bytes()).expect("what is written can be read");
    assert_eq!(again, file);
}

fn public(text: &[u8]) {
    let key = match PublicKey::from_pem(text) {
        Ok(key) => key,
        Err(error) => return check_message(&error),
    };
    assert!(key.bits() <= 16_384 && key.modulus_len() == key.bits().div_ceil(8));
    let pem = key.to_pem().expect("it was one");
    assert_eq!(
        PublicKey::from_pem(&pem).expect("what is written can be read"),
        key
    );
    assert!(pem.lines().all(|line| line.len() <= 64) && pem.ends_with("-----\n"));
    for form in forms(&pem) {
        assert_eq!(
            PublicKey::from_pem(&form).expect("any form can be read"),
            key
        );
    }
    assert!(
        PublicKey::from_pem(pem.repeat(2)).is_err(),
        "which of the two?"
    );
    assert!(!text.windows(MARK.len()).any(|it| it == MARK));
}

/// A PEM text as it comes out of other programs.
fn forms(pem: &str) -> [String; 5] {
    [
        pem.replace('\n', "\r"),
        pem.replace('\n', " "),
        pem.replace('\n', r"\n"),
        pem.replace('\n', "\n  "),
        format!(
            "\u{feff}{{\"key\": \"{}\"}}",
            pem.replace('\n', r"\r\n").replace('/', r"\/")
        ),
    ]
}

fn private(text: &[u8]) {
    match SoftwareKey::from_pem(text) {
        Ok(key) => {
            let public = key.public().expect("a private key has a public key");
            assert_eq!(public.bits(), key.bits());
            assert_eq!(public.exponent(), [1, 0, 1]);
        }
        Err(error) => check_message(&error),
    }
}
