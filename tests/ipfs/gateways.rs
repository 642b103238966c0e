//! Files out of IPFS: what comes is what the CID names, in whatever way the gateway gives it, or the error says what is
//! wrong.

use std::cell::RefCell;
use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::time::Duration;

use iexec_hsm::http::HttpError;
use iexec_hsm::ipfs::{
    CidCheck, FetchError, Fetched, GatewayError, GatewayOptions, Gateways, Progress,
};

use crate::support::gateway::{Adding, Fault, Gateway, Habits};
use crate::support::noise;

/// Bytes of a chunk.
const CHUNK: usize = 256 * 1024;

/// Limits that nothing here comes near, and hardly a wait between attempts.
fn options() -> GatewayOptions {
    let mut options = GatewayOptions::default();
    options.http.limits.attempts = 3;
    options.http.limits.first_wait = Duration::from_millis(1);
    options
}

/// As [`options`]; less patient where a gateway does not answer.
fn options_for(fault: &Fault) -> GatewayOptions {
    let mut options = options();
    if matches!(fault, Fault::Hang | Fault::Stall(_)) {
        options.http.limits.connect = Duration::from_millis(150);
        options.http.limits.read = Duration::from_millis(150);
    }
    options
}

/// What is in the file in the end, and what was said of it.
fn fetch(
    gateways: &[&Gateway],
    location: &str,
    options: GatewayOptions,
) -> (Vec<u8>, Result<Fetched, FetchError>) {
    let urls: Vec<_> = gateways.iter().map(|gateway| gateway.url()).collect();
    let gateways = Gateways::new(urls.iter().map(String::as_str), options).unwrap();
    let mut file = tempfile::tempfile().unwrap();
    let location = location.parse().unwrap();
    let fetched = gateways.fetch(&location, &file, false, &|_| {});
    (content(&mut file), fetched)
}

fn content(file: &mut File) -> Vec<u8> {
    let mut bytes = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Fetches a file that has to be these bytes.
fn check(gateways: &[&Gateway], location: &str, bytes: &[u8]) -> CidCheck {
    check_in_spite_of(&Fault::None, gateways, location, bytes)
}

fn check_in_spite_of(
    fault: &Fault,
    gateways: &[&Gateway],
    location: &str,
    bytes: &[u8],
) -> CidCheck {
    let (found, fetched) = fetch(gateways, location, options_for(fault));
    let fetched = fetched.unwrap();
    assert!(found == bytes, "{} bytes of {}", found.len(), bytes.len());
    assert_eq!(fetched.bytes, bytes.len() as u64);
    fetched.check
}

/// The only gateway's failure.
fn failure(gateway: &Gateway, location: &str) -> GatewayError {
    failure_by(&Fault::None, gateway, location)
}

fn failure_by(fault: &Fault, gateway: &Gateway, location: &str) -> GatewayError {
    let (_, fetched) = fetch(&[gateway], location, options_for(fault));
    the_only(fetched.unwrap_err())
}

fn the_only(error: FetchError) -> GatewayError {
    match error {
        FetchError::Gateways(mut failures) if failures.len() == 1 => failures.remove(0),
        error => panic!("{error}"),
    }
}

fn without_cars(status: u16) -> Gateway {
    Gateway::with(Habits {
        car: Err(status),
        ..Habits::default()
    })
}

/// Failures that pass, at the beginning of an answer.
fn passing() -> Vec<Fault> {
    vec![
        Fault::Answer(429, "Retry-After: 0\r\n", "slow down"),
        Fault::Answer(500, "", "oh"),
        Fault::Answer(502, "", "Bad Gateway"),
        Fault::Answer(503, "", ""),
        Fault::Answer(504, "", "context deadline exceeded"),
        Fault::Reset,
        Fault::Hang,
        Fault::Cut(0),
        Fault::Stall(0),
    ]
}

#[test]
fn files_of_all_sizes_come_as_cars_that_prove_them() {
    let gateway = Gateway::start();
    for len in [0, 1, CHUNK, CHUNK + 1, 3_000_000] {
        let bytes = noise(len);
        for adding in [Adding::V0, Adding::V1] {
            let location = gateway.add_as(&bytes, adding);
            assert_eq!(check(&[&gateway], &location, &bytes), CidCheck::Verified);
        }
        let location = gateway.add_in_folders("a folder", "result.zip", &bytes);
        assert_eq!(check(&[&gateway], &location, &bytes), CidCheck::Verified);
    }
    assert!(!gateway.asked().contains("plain"), "{}", gateway.asked());
}

#[test]
fn repeated_blocks_come_as_often_as_they_are_in_the_file() {
    let bytes = vec![0; 5 * CHUNK];
    let gateway = Gateway::start();
    let location = gateway.add(&bytes);
    assert_eq!(check(&[&gateway], &location, &bytes), CidCheck::Verified);
    // One that sends them once says so, and is asked for the file as it is.
    let sparing = Gateway::with(Habits {
        duplicates: false,
        ..Habits::default()
    });
    let location = sparing.add(&bytes);
    assert_eq!(check(&[&sparing], &location, &bytes), CidCheck::Verified);
    assert_eq!(sparing.asked(), "car plain");
}

#[test]
fn without_a_car_the_cid_is_computed() {
    let bytes = noise(600_000);
    for status in [200, 400, 404, 406, 415, 501] {
        let gateway = without_cars(status);
        for adding in [Adding::V0, Adding::V1] {
            let location = gateway.add_as(&bytes, adding);
            assert_eq!(check(&[&gateway], &location, &bytes), CidCheck::Verified);
        }
        assert_eq!(gateway.asked(), "car plain car plain", "{status}");
    }
}

#[test]
fn what_cannot_be_computed_is_said() {
    let bytes = noise(10_000);
    let odd = Adding {
        chunk: 1000,
        ..Adding::V0
    };
    let gateway = Gateway::plain();
    let location = gateway.add_as(&bytes, odd);
    let found = check(&[&gateway], &location, &bytes);
    assert_eq!(found, CidCheck::AddedInAnotherWay);
    let location = gateway.add_in_folders("a", "result.zip", &bytes);
    assert_eq!(check(&[&gateway], &location, &bytes), CidCheck::InFolder);

    let with_cars = Gateway::start();
    let location = with_cars.add_as(&bytes, odd);
    assert_eq!(check(&[&with_cars], &location, &bytes), CidCheck::Verified);
    // A proof somewhere is better than a file without one here.
    gateway.add_as(&bytes, odd);
    assert_eq!(
        check(&[&gateway, &with_cars], &location, &bytes),
        CidCheck::Verified
    );
}

#[test]
fn a_failure_that_passes_is_waited_for() {
    let bytes = noise(600_000);
    for fault in passing() {
        for times in [1, 2] {
            let gateway = Gateway::start();
            let location = gateway.add(&bytes);
            gateway.fail(vec![fault.clone(); times]);
            let found = check_in_spite_of(&fault, &[&gateway], &location, &bytes);
            assert_eq!(found, CidCheck::Verified, "{fault:?}");
            assert_eq!(gateway.asked(), "car ".repeat(times) + "car", "{fault:?}");

            let plain = Gateway::plain();
            plain.add(&bytes);
            plain.fail([Fault::None]).fail(vec![fault.clone(); times]);
            let found = check_in_spite_of(&fault, &[&plain], &location, &bytes);
            assert_eq!(found, CidCheck::Verified, "{fault:?}");
            assert_eq!(
                plain.asked(),
                "car plain".to_owned() + &" plain".repeat(times)
            );
        }
    }
}

#[test]
fn a_failure_that_does_not_pass_has_its_name() {
    let bytes = noise(1000);
    for fault in passing() {
        let gateway = Gateway::start();
        let location = gateway.add(&bytes);
        gateway.fail_for_ever(fault.clone());
        let error = failure_by(&fault, &gateway, &location);
        let is_named = match fault {
            Fault::Answer(429, ..) => matches!(error, GatewayError::TooOften { .. }),
            Fault::Answer(504, ..) => matches!(error, GatewayError::NotFoundInTime { .. }),
            Fault::Answer(..) => matches!(error, GatewayError::Failed { .. }),
            Fault::Hang | Fault::Stall(_) => {
                matches!(error, GatewayError::Http(HttpError::Timeout { .. }))
            }
            _ => matches!(error, GatewayError::Http(HttpError::Broken { .. })),
        };
        assert!(is_named, "{fault:?}: {error}");
        assert_eq!(gateway.asked(), "car car car", "{fault:?}");
    }
}

#[test]
fn a_wait_that_is_asked_for_is_kept_or_not_begun() {
    let bytes = noise(1000);
    let other = Gateway::start();
    let location = other.add(&bytes);
    let busy = Gateway::start();
    busy.add(&bytes);
    busy.fail_for_ever(Fault::Answer(429, "Retry-After: 86401\r\n", ""));
    assert_eq!(
        check(&[&busy, &other], &location, &bytes),
        CidCheck::Verified
    );
    assert_eq!((busy.asked(), other.asked()), ("car".into(), "car".into()));
}

#[test]
fn a_car_that_breaks_goes_on_where_it_broke() {
    let bytes = noise(4_000_000);
    for breaks in [Fault::Cut, Fault::Stall] {
        let gateway = Gateway::start();
        let location = gateway.add(&bytes);
        gateway.fail([breaks(1_000_000), breaks(500_000), breaks(0)]);
        let found = check_in_spite_of(&breaks(0), &[&gateway], &location, &bytes);
        assert_eq!(found, CidCheck::Verified);
        // Three whole blocks behind a header and the root, and then one.
        let firsts = [3 * CHUNK, 4 * CHUNK, 4 * CHUNK];
        let rest = firsts.map(|first| format!(" car{first}")).concat();
        assert_eq!(gateway.asked(), format!("car{rest}"));
    }
}

#[test]
fn a_car_that_breaks_at_a_gateway_without_parts_is_read_again() {
    let bytes = noise(2_000_000);
    let gateway = Gateway::with(Habits {
        ranges: false,
        ..Habits::default()
    });
    let location = gateway.add(&bytes);
    gateway.fail([Fault::Cut(1_000_000)]);
    assert_eq!(check(&[&gateway], &location, &bytes), CidCheck::Verified);
    assert_eq!(gateway.asked(), format!("car car{} car", 3 * CHUNK));
}

#[test]
fn what_one_gateway_proved_need_not_come_from_the_next() {
    let bytes = noise(2_000_000);
    let (first, second) = (Gateway::start(), Gateway::start());
    let location = first.add(&bytes);
    second.add(&bytes);
    first
        .fail([Fault::Cut(1_000_000)])
        .fail_for_ever(Fault::Answer(503, "", ""));
    assert_eq!(
        check(&[&first, &second], &location, &bytes),
        CidCheck::Verified
    );
    assert_eq!(second.asked(), format!("car{}", 3 * CHUNK));
}

#[test]
fn a_plain_file_goes_on_where_it_broke() {
    let bytes = noise(4_000_000);
    for breaks in [Fault::Cut, Fault::Stall] {
        for etag in [true, false] {
            let gateway = Gateway::with(Habits {
                car: Err(406),
                etag,
                ..Habits::default()
            });
            let location = gateway.add(&bytes);
            gateway.fail([Fault::None, breaks(1_000_000), breaks(500_000), breaks(0)]);
            let found = check_in_spite_of(&breaks(0), &[&gateway], &location, &bytes);
            assert_eq!(found, CidCheck::Verified);
            let asked = "car plain plain1000000 plain1500000 plain1500000";
            assert_eq!(gateway.asked(), asked);
        }
    }
}

#[test]
fn the_rest_of_another_file_is_not_taken() {
    let bytes = noise(1_000_000);
    for fault in [
        Fault::Header("ETag", "\"another\""),
        Fault::Header("ETag", ""),
        Fault::Header("Content-Range", "bytes 0-499999/1000000"),
        Fault::Header("Content-Range", "bytes 500000-999999/1000001"),
        Fault::Header("Content-Range", "bytes 500000-999998/1000000"),
        Fault::Header("Content-Range", "bytes 500000-999999999/*"),
        Fault::Header("Content-Range", "items"),
        Fault::Header("Content-Range", ""),
        Fault::Answer(416, "", ""),
    ] {
        let gateway = Gateway::plain();
        let location = gateway.add(&bytes);
        gateway.fail([Fault::None, Fault::Cut(500_000), fault.clone()]);
        assert_eq!(
            check(&[&gateway], &location, &bytes),
            CidCheck::Verified,
            "{fault:?}"
        );
        assert_eq!(gateway.asked(), "car plain plain500000 plain", "{fault:?}");
    }
    // Without anything to go by, and where it is not offered.
    for habits in [
        Habits {
            ranges: false,
            ..Habits::default()
        },
        Habits {
            ranges: false,
            etag: false,
            ..Habits::default()
        },
    ] {
        let gateway = Gateway::with(Habits {
            car: Err(406),
            ..habits
        });
        let location = gateway.add(&bytes);
        gateway.fail([Fault::None, Fault::Cut(500_000)]);
        assert_eq!(check(&[&gateway], &location, &bytes), CidCheck::Verified);
        assert_eq!(gateway.asked(), "car plain plain500000");
    }
}

#[test]
fn wrong_bytes_in_a_car_are_a_mismatch() {
    let bytes = noise(1_000_000);
    // In the root, in the first chunk, in the middle, and in the last byte of all.
    for at in [150, 1000, 500_000, 1_000_380] {
        let gateway = Gateway::start();
        let location = gateway.add(&bytes);
        gateway.fail_for_ever(Fault::Flip(at));
        let (found, fetched) = fetch(&[&gateway], &location, options());
        let error = fetched.unwrap_err();
        assert!(error.is_different(), "byte {at}: {error}");
        assert!(bytes.starts_with(&found), "byte {at}");
        // Not even as a plain file, which would have to be believed.
        assert_eq!(gateway.asked(), "car", "byte {at}");
    }
}

#[test]
fn another_file_in_a_car_is_a_mismatch() {
    let gateway = Gateway::start();
    let location = gateway.add(b"one");
    let other = Gateway::start();
    // The same length, so that this is not it.
    let theirs = other.add(b"two");
    let car = fetch_car_bytes(&other, &theirs);
    gateway.fail_for_ever(Fault::Other(car));
    let (found, fetched) = fetch(&[&gateway], &location, options());
    assert!(fetched.unwrap_err().is_different());
    assert_eq!(found, b"");
}

/// The CAR that a gateway gives.
fn fetch_car_bytes(gateway: &Gateway, location: &str) -> &'static [u8] {
    use std::io::Write as _;
    let address = gateway.url().replace("http://", "");
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let request = format!("GET {location} HTTP/1.1\r\nAccept: application/vnd.ipld.car\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let at = answer.windows(4).position(|it| it == b"\r\n\r\n").unwrap() + 4;
    // One chunk: its length, itself, and the last one.
    let line = answer[at..].iter().position(|&byte| byte == b'\n').unwrap() + 1;
    answer[at + line..answer.len() - 7].to_vec().leak()
}

#[test]
fn a_gateway_that_lies_is_passed_by() {
    let bytes = noise(1_000_000);
    for fault in [
        Fault::Flip(300_000),
        Fault::Page,
        Fault::NotHttp,
        Fault::Hang,
    ] {
        for well in [Gateway::start(), Gateway::plain()] {
            let liar = Gateway::start();
            let location = liar.add(&bytes);
            well.add(&bytes);
            liar.fail_for_ever(fault.clone());
            let found = check_in_spite_of(&fault, &[&liar, &well], &location, &bytes);
            assert_eq!(found, CidCheck::Verified, "{fault:?}");
        }
    }
    // But what cannot be proven is not taken once somebody has lied.
    let (liar, plain) = (Gateway::start(), Gateway::plain());
    let odd = Adding {
        chunk: 1000,
        ..Adding::V0
    };
    let location = liar.add_as(&bytes, odd);
    plain.add_as(&bytes, odd);
    liar.fail_for_ever(Fault::Flip(300_000));
    let (_, fetched) = fetch(&[&liar, &plain], &location, options());
    assert!(fetched.unwrap_err().is_different());
}

#[test]
fn wrong_plain_bytes_are_a_mismatch_only_where_the_cid_is_of_the_whole() {
    let bytes = noise(100_000);
    let gateway = Gateway::plain();
    let location = gateway.add_as(&bytes, Adding::V1);
    gateway.fail([Fault::None, Fault::Flip(5)]);
    assert!(matches!(
        failure(&gateway, &location),
        GatewayError::Different { .. }
    ));

    let location = gateway.add(&bytes);
    gateway.fail([Fault::None, Fault::Flip(5)]);
    let (_, fetched) = fetch(&[&gateway], &location, options());
    assert_eq!(fetched.unwrap().check, CidCheck::AddedInAnotherWay);
}

#[test]
fn a_lost_file_is_named_as_lost() {
    let (one, two) = (Gateway::start(), Gateway::start());
    let location = one.add(b"gone");
    one.remove(&location);
    let (_, fetched) = fetch(&[&one, &two], &location, options());
    let error = fetched.unwrap_err();
    assert!(error.is_not_found() && !error.is_different(), "{error}");
    assert_eq!(
        (one.asked(), two.asked()),
        ("car plain".into(), "car plain".into())
    );
    let text = error.to_string();
    let one = format!(
        "{} does not have it (status 404): ipfs: no link named that",
        one.url()
    );
    assert!(text.starts_with(&one), "{text}");
}

#[test]
fn what_is_of_no_use_has_its_name_and_is_asked_for_once() {
    use GatewayError::*;
    type Is = fn(&GatewayError) -> bool;
    let compressed = Fault::Header("Content-Encoding", "gzip");
    let elsewhere = || Fault::Redirect("http://elsewhere.test/ipfs/".to_owned());
    let cases: Vec<(Fault, Is, &str)> = vec![
        (Fault::Page, |it| matches!(it, WebPage { .. }), "car plain"),
        (compressed, |it| matches!(it, Unasked { .. }), "car plain"),
        (
            elsewhere(),
            |it| matches!(it, Http(HttpError::Redirected { .. })),
            "car",
        ),
        (
            Fault::NotHttp,
            |it| matches!(it, Http(HttpError::NotHttp { .. })),
            "car",
        ),
        (
            Fault::Answer(403, "Content-Type: text/html\r\n", "<html>"),
            |it| matches!(it, Refused { status: 403, message, .. } if message.to_string().is_empty()),
            "car plain",
        ),
        (
            Fault::Answer(410, "", "blocked"),
            |it| matches!(it, NotFound { .. }),
            "car plain",
        ),
        (
            Fault::Answer(206, "", ""),
            |it| matches!(it, BadRange { .. }),
            "car plain plain plain",
        ),
    ];
    for (fault, is_named, asked) in cases {
        let gateway = Gateway::start();
        let location = gateway.add(&noise(1000));
        gateway.fail_for_ever(fault.clone());
        let error = failure(&gateway, &location);
        assert!(is_named(&error), "{fault:?}: {error}");
        assert_eq!(gateway.asked(), asked, "{fault:?}");
    }
}

#[test]
fn a_car_with_more_behind_it_is_not_taken() {
    let bytes = noise(1000);
    let gateway = Gateway::start();
    let location = gateway.add(&bytes);
    gateway.fail([Fault::More(b"\x01x")]);
    assert_eq!(check(&[&gateway], &location, &bytes), CidCheck::Verified);
    assert_eq!(gateway.asked(), "car plain");
    gateway.fail([Fault::More(b"\x01x"), Fault::Answer(404, "", "")]);
    assert!(matches!(
        failure(&gateway, &location),
        GatewayError::NotFound { .. }
    ));
}

#[test]
fn a_car_that_ends_early_is_cut() {
    let bytes = noise(1_000_000);
    for len in [0, 20, 300, 500_000, 1_000_380] {
        let gateway = Gateway::start();
        let location = gateway.add(&bytes);
        // Its end is there, as far as HTTP can tell.
        gateway.fail([Fault::Short(len)]);
        assert_eq!(
            check(&[&gateway], &location, &bytes),
            CidCheck::Verified,
            "{len}"
        );
        let count = gateway.requests().len();
        assert_eq!(count, 2, "{len}: {}", gateway.asked());
        assert!(!gateway.asked().contains("plain"), "{len}");
    }
}

#[test]
fn lengths_that_are_not_kept_are_found() {
    let bytes = noise(100_000);
    let gateway = Gateway::plain();
    let location = gateway.add(&bytes);
    // More was promised than came.
    gateway.fail([Fault::None, Fault::Declares(7)]);
    assert_eq!(check(&[&gateway], &location, &bytes), CidCheck::Verified);
    assert_eq!(gateway.asked(), "car plain plain100000 plain");
    // Less came than the file has, under the right length for that: nobody could tell but for the CID.
    let (_, fetched) = {
        gateway.fail([Fault::None, Fault::Short(50_000)]);
        fetch(&[&gateway], &location, options())
    };
    assert_eq!(fetched.unwrap().check, CidCheck::AddedInAnotherWay);
}

#[test]
fn nothing_larger_than_the_limit_is_taken() {
    let bytes = noise(1_000_000);
    let mut options = options();
    options.max_size = 999_999;
    for gateway in [Gateway::start(), Gateway::plain()] {
        let location = gateway.add(&bytes);
        let (found, fetched) = fetch(&[&gateway], &location, options.clone());
        let error = fetched.unwrap_err();
        assert!(error.is_too_large(), "{error}");
        assert_eq!(found, b"", "it was told before");
    }
    let endless = Gateway::plain();
    let location = endless.add(b"short");
    endless.fail([Fault::None, Fault::Endless]);
    let (found, fetched) = fetch(&[&endless], &location, options.clone());
    assert!(fetched.unwrap_err().is_too_large());
    assert!(found.len() < 1_000_000, "{}", found.len());
    options.max_size = 1_000_000;
    let gateway = Gateway::start();
    let location = gateway.add(&bytes);
    assert!(fetch(&[&gateway], &location, options).1.is_ok());
}

#[test]
fn a_car_without_an_end_is_left_when_the_file_is_there() {
    let bytes = noise(1_000_000);
    let gateway = Gateway::start();
    let location = gateway.add(&bytes);
    gateway.fail([Fault::Endless]);
    assert_eq!(check(&[&gateway], &location, &bytes), CidCheck::Verified);
    assert_eq!(gateway.asked(), "car plain");
}

#[test]
fn all_together_takes_no_longer_than_allowed() {
    let mut options = options();
    options.http.limits.total = Duration::from_millis(300);
    for gateway in [Gateway::start(), Gateway::plain()] {
        let location = gateway.add(&noise(1000));
        // Each byte comes in time, and there is no end.
        gateway.fail_for_ever(Fault::Slow(500));
        let (_, fetched) = fetch(&[&gateway], &location, options.clone());
        let error = the_only(fetched.unwrap_err());
        let is_late = matches!(error, GatewayError::Http(HttpError::Timeout { .. }));
        let is_nonsense = matches!(
            error,
            GatewayError::Different { .. } | GatewayError::Car { .. }
        );
        assert!(is_late || is_nonsense, "{error}");
    }
}

#[test]
fn gateways_are_asked_in_turn() {
    let bytes = noise(1000);
    let last = Gateway::start();
    let location = last.add(&bytes);
    let closed = Gateway::start().url();
    let lost = Gateway::start();
    let urls = [closed.clone(), lost.url(), last.url()];
    let gateways = Gateways::new(urls.iter().map(String::as_str), options()).unwrap();
    let file = tempfile::tempfile().unwrap();
    let parsed = location.parse().unwrap();
    let fetched = gateways.fetch(&parsed, &file, false, &|_| {}).unwrap();
    assert_eq!(fetched.gateway, last.url());
    assert_eq!(lost.asked(), "car");

    last.remove(&location);
    let error = gateways.fetch(&parsed, &file, false, &|_| {}).unwrap_err();
    let FetchError::Gateways(failures) = &error else {
        panic!("{error}");
    };
    let refused = matches!(&failures[0], GatewayError::Http(HttpError::ConnectionRefused { origin }) if *origin == closed);
    assert!(refused, "{error}");
    assert!(!error.is_not_found(), "one could not be asked");
    assert_eq!(failures.len(), 3);
}

#[test]
fn progress_is_told_with_the_size() {
    let bytes = noise(1_000_000);
    for gateway in [Gateway::start(), Gateway::plain()] {
        let location = gateway.add(&bytes);
        let url = gateway.url();
        let gateways = Gateways::new([url.as_str()], options()).unwrap();
        let told = RefCell::new(Vec::new());
        let tell = |progress: Progress| told.borrow_mut().push(progress);
        let file = tempfile::tempfile().unwrap();
        let location = location.parse().unwrap();
        gateways.fetch(&location, &file, true, &tell).unwrap();
        let told = told.into_inner();
        assert!(told.is_sorted_by_key(|it| it.bytes), "{told:?}");
        assert!(
            told.iter().all(|it| it.total == Some(1_000_000)),
            "{told:?}"
        );
        assert_eq!(told.last().unwrap().bytes, 1_000_000);
    }
}

#[test]
fn a_file_that_cannot_be_written_is_not_the_gateways_fault() {
    let gateway = Gateway::start();
    let location = gateway.add(b"some").parse().unwrap();
    let url = gateway.url();
    let gateways = Gateways::new([url.as_str()], options()).unwrap();
    let read_only = File::open("/dev/null").unwrap();
    let error = gateways
        .fetch(&location, &read_only, false, &|_| {})
        .unwrap_err();
    assert!(matches!(error, FetchError::Write(_)), "{error}");
    assert_eq!(gateway.asked(), "car");
}
