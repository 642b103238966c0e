//! A downloaded archive: what is read of it stays within the limits, is the same however it is read, and the same that
//! another zip reader finds.
#![no_main]

use std::io::Read as _;

use iexec_hsm::archive::{Archive, Damaged, Limits};
use iexec_hsm::fuzzing::open_archive;
use libfuzzer_sys::fuzz_target;
use properties::check_message;
use rc_zip_sync::ReadZip as _;

const LIMITS: Limits = Limits::DEFAULT.with_max_entries(16).with_max_size(4096);

fuzz_target!(|zip: &[u8]| {
    let archive = match open_archive(zip, &LIMITS) {
        Ok(archive) => archive,
        Err(error) => return check_message(&error),
    };
    let key = archive.wrapped_key().ciphertext();
    assert!((128..=2048).contains(&key.len()) && key.len() % 8 == 0);
    assert!(archive.body_len() <= LIMITS.max_size);
    assert!(archive.result_len() <= archive.body_len());

    let mut body = Vec::new();
    let whole = archive.body().read_to_end(&mut body).is_ok();
    assert!(body.len() as u64 <= archive.body_len());
    let [known, found] = archive.bodies_at_any_place();
    if !whole {
        for at_any_place in [known, found] {
            assert!(!matches!(at_any_place, Ok(Some(_))));
        }
        return;
    }
    assert_eq!(body.len() as u64, archive.body_len());
    if let Some(known) = known.expect("it was just read") {
        assert!(known == body);
    }
    match found {
        Ok(found) => assert!(found.is_none_or(|it| it == body)),
        // No deflater makes such an end.
        Err(error) => assert!(error.downcast::<Damaged>().is_ok()),
    }
    through_a_pipe(zip, &archive);
    by_another_reader(zip, &archive, &body);
});

fn through_a_pipe(zip: &[u8], archive: &Archive) {
    let piped = Archive::from_stream(zip, "/dev/shm".as_ref(), &LIMITS).expect("the same bytes");
    assert_eq!(piped.layout(), archive.layout());
    assert_eq!(piped.wrapped_key(), archive.wrapped_key());
}

/// Compares with the other reader. A zip that it refuses is its own affair.
fn by_another_reader(zip: &[u8], archive: &Archive, body: &[u8]) {
    let Ok(other) = zip.read_zip() else { return };
    let name = &archive.layout().body_entry;
    // One that is shown with escapes is another name to it, and so is one that it decodes.
    if name.contains('\\') || name.contains('\u{2026}') || !name.is_ascii() {
        return;
    }
    let Some(entry) = other.by_name(name) else {
        panic!("the other reader has no {name}");
    };
    if let Ok(found) = entry.bytes() {
        assert!(found == body, "two readers, two bodies");
    }
}
