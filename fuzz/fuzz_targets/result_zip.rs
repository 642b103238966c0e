//! The plaintext zip of a result: within its limits, no path leads out of a folder, and another zip reader finds the
//! same names and the same bytes.
#![no_main]

use std::path::Component;

use iexec_hsm::archive::Limits;
use iexec_hsm::fuzzing::{ResultZip, open_result_zip};
use libfuzzer_sys::fuzz_target;
use properties::check_message;
use rc_zip_sync::ReadZip as _;

const LIMITS: Limits = Limits::DEFAULT
    .with_max_entries(16)
    .with_max_size(64 * 1024);

fuzz_target!(|zip: &[u8]| {
    let result = match open_result_zip(zip, &LIMITS) {
        Ok(result) => result,
        Err(error) => return check_message(&error),
    };
    assert!(result.members.len() as u64 <= LIMITS.max_entries);
    assert!(result.size <= LIMITS.max_size);
    for member in &result.members {
        if let Some(data) = &member.data {
            assert_eq!(data.len() as u64, member.size);
        }
        if let Some(path) = &member.path {
            let mut components = path.components();
            assert!(
                components.all(|it| matches!(it, Component::Normal(_))),
                "{path:?}"
            );
        }
    }
    by_another_reader(zip, &result);
});

fn by_another_reader(zip: &[u8], result: &ResultZip) {
    let Ok(other) = zip.read_zip() else { return };
    let found: Vec<_> = other.entries().collect();
    assert_eq!(found.len(), result.members.len());
    for (entry, member) in found.into_iter().zip(&result.members) {
        // It decodes names that are no UTF-8 in ways of its own.
        if member.name.is_ascii() {
            assert_eq!(entry.name.as_bytes(), member.name);
        }
        if let (Ok(bytes), Some(data)) = (entry.bytes(), &member.data) {
            assert!(bytes == *data, "two readers, two contents");
        }
    }
}
