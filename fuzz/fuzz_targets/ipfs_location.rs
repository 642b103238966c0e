//! The place of a file in IPFS: what is taken is printed as it was read, and names no server and no other file.
#![no_main]

use iexec_hsm::ipfs::{Cid, Location};
use libfuzzer_sys::fuzz_target;
use properties::check_message;

fuzz_target!(|text: &str| {
    match text.parse::<Cid>() {
        Ok(cid) => {
            let printed = cid.to_string();
            assert_eq!(printed.parse(), Ok(cid));
            assert!(printed.bytes().all(|it| it.is_ascii_alphanumeric()));
        }
        Err(error) => check_message(error),
    }
    let location = match text.parse::<Location>() {
        Ok(location) => location,
        Err(error) => return check_message(error),
    };
    assert!(text.starts_with("/ipfs/"));
    let printed = location.to_string();
    assert_eq!(printed.parse::<Location>().as_ref(), Ok(&location));
    assert!(printed.ends_with(text.splitn(4, '/').nth(3).unwrap_or_default()));
    check_message(&printed);
    let mut names = printed.split('/').skip(1);
    assert!(!names.any(|name| matches!(name, "" | "." | "..")));
    assert!(!printed.contains(['?', '#', '%', '\\']));
});
