//! CARs: whatever was changed in one, no byte comes out that is not the file's, and one that is whole gives all of it. Of
//! anything else no more comes out than went in.
#![no_main]

use iexec_hsm::fuzzing::{car_of, first_cid, read_car};
use iexec_hsm::ipfs::Location;
use libfuzzer_sys::fuzz_target;
use properties::check_message;

/// A change: its place, what is removed there, and what is put in.
type Change<'a> = (u16, u8, &'a [u8]);

fuzz_target!(|input: (bool, u8, Change<'_>, u16, &[u8])| {
    let (is_anything, chunk, change, start, bytes) = input;
    if is_anything {
        anything(bytes, u64::from(start));
    } else {
        changed(bytes, 1 + usize::from(chunk), change);
    }
});

fn anything(car: &[u8], start: u64) {
    let Some(cid) = first_cid(car) else {
        return;
    };
    for location in [Location::of(cid).to_string(), format!("/ipfs/{cid}/a/b")] {
        let location = location.parse().expect("it is one");
        let mut count = 0;
        let read = read_car(car, &location, start, &mut |bytes| count += bytes.len());
        assert!(count < car.len());
        match read {
            Ok(size) => assert_eq!(size.saturating_sub(start), count as u64),
            Err(error) => check_message(error),
        }
    }
}

fn changed(file: &[u8], chunk: usize, (at, removed, put_in): Change<'_>) {
    let (location, mut car) = car_of(file, chunk);
    let whole = car.clone();
    let at = usize::from(at).min(car.len());
    let end = (at + usize::from(removed)).min(car.len());
    car.splice(at..end, put_in.iter().copied());

    let mut out = Vec::new();
    let read = read_car(&car, &location, 0, &mut |bytes| out.extend(bytes));
    assert!(file.starts_with(&out));
    match read {
        Ok(size) => assert!(out == file && size == file.len() as u64),
        Err(error) => {
            assert!(car != whole, "{error}");
            check_message(error);
        }
    }
}
