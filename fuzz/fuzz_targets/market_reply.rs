//! Whatever iExec's market answers: it is read or refused in words, and no page is larger than its answer.
#![no_main]

use iexec_hsm::fuzzing::market_page;
use libfuzzer_sys::fuzz_target;
use properties::check_message;

fuzz_target!(|body: &[u8]| {
    match market_page(body) {
        Ok(page) => assert!(page * 64 <= body.len()),
        Err(error) => {
            check_message(&error);
            assert!(error.to_string().chars().count() < 400, "{error}");
        }
    }
});
