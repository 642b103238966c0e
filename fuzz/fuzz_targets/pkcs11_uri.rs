//! PKCS#11 URIs: what is shown names the same, and no PIN is ever in one.
#![no_main]

use iexec_hsm::token::Uri;
use libfuzzer_sys::fuzz_target;
use properties::check_message;

fuzz_target!(|text: &str| {
    let uri: Uri = match text.parse() {
        Ok(uri) => uri,
        Err(error) => return check_message(&error),
    };
    let shown = uri.to_string();
    assert!(
        shown.bytes().all(|byte| byte.is_ascii_graphic()),
        "{shown:?}"
    );
    let again: Uri = shown.parse().expect("what is shown can be read");
    assert!(again == uri);
    assert_eq!(again.to_string(), shown);

    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let path = path.split_once(':').map_or("", |(_, path)| path);
    let mut attributes = path.split(';').chain(query.split('&'));
    assert!(!attributes.any(|it| it.to_ascii_lowercase().starts_with("pin-value=")));

    let identity = uri.identity();
    assert!(!identity.to_string().contains('?'));
    assert!(identity.identity() == identity);
    assert_eq!(identity.matches_nothing(), uri.matches_nothing());
    // A `pin-source` may be a PIN in the wrong place.
    assert!(!format!("{uri:?}").contains('?'));
});
