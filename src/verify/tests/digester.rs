//! Hashes that are taken while a result is read.

use std::io::{self, Read as _};
use std::sync::Arc;

use zip::CompressionMethod;

use super::sample::file;
use crate::archive::Limits;
use crate::archive::result_zip::{Contents, EntryName, Watcher};
use crate::archive::testing::{file_of, noise, zip_of, zip_with};
use crate::verify::{Digester, PlaintextEvidence};

const COMPUTED: &[u8] = br#"{"deterministic-output-path":"/iexec_out/out"}"#;

fn watched(zip: &[u8], digester: &Arc<Digester>) -> Contents {
    let watcher: Arc<dyn Watcher> = digester.clone();
    let contents = Contents::read(Arc::new(file_of(zip)), &Limits::default()).unwrap();
    contents.watched_by(Some(&watcher)).unwrap()
}

fn why(digester: &Digester) -> String {
    match digester.evidence() {
        PlaintextEvidence::Unknown { why } => why,
        PlaintextEvidence::Read(read) => panic!("{read:?}"),
    }
}

#[test]
fn what_is_read_is_hashed() {
    let large = noise(300_000);
    let entries = [
        ("computed.json", COMPUTED),
        ("out/", b"".as_slice()),
        ("out/b", b"beta"),
        ("out/a", large.as_slice()),
        ("log.txt", b"x"),
    ];
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let digester = Arc::new(Digester::new());
        let contents = watched(&zip_with(method, &entries), &digester);
        assert!(why(&digester).contains("not all files"));
        for member in contents.entries() {
            let name = member.name();
            let is_wanted = name == EntryName(b"out/a") || name == EntryName(b"out/b");
            assert_eq!(member.is_watched(), is_wanted, "{name:?}");
            // What several threads read in pieces could not be hashed.
            let divides = method == CompressionMethod::Stored && !is_wanted;
            assert_eq!(member.stored().is_some(), divides, "{name:?}");
        }
        contents.read_watched(&|_| {}).unwrap();
        let PlaintextEvidence::Read(read) = digester.evidence() else {
            panic!()
        };
        let hashed = super::sample::sha256(&large);
        assert_eq!(read.files[0].name, "out/a");
        assert_eq!(read.files[0].sha256, hashed);
        assert_eq!(read.files[1], file("out/b", "beta"));
        assert_eq!((read.is_folder, read.below, read.others), (true, 0, 2));
        // Whoever reads what is missing does not read these once more; but in another pass all are read anew.
        assert!(contents.entries().all(|it| !it.is_watched()));
        let contents = watched(&zip_with(method, &entries), &digester);
        assert_eq!(contents.entries().filter(|it| it.is_watched()).count(), 2);
    }
}

#[test]
fn a_file_that_is_not_read_to_its_end_is_not_hashed() {
    let digester = Arc::new(Digester::new());
    let zip = zip_of(&[("computed.json", COMPUTED), ("out/a", b"alpha")]);
    let contents = watched(&zip, &digester);
    let member = contents
        .entries()
        .find(crate::archive::result_zip::Member::is_watched);
    let mut data = member.unwrap().open().unwrap();
    data.read_exact(&mut [0; 5]).unwrap();
    assert!(why(&digester).contains("not all files"));
    assert_eq!(data.read(&mut []).unwrap(), 0);
    assert!(why(&digester).contains("not all files"));
    io::copy(&mut data, &mut io::sink()).unwrap();
    let read = digester.evidence();
    assert!(matches!(read, PlaintextEvidence::Read(_)));
}

#[test]
fn a_damaged_file_is_not_hashed() {
    let mut zip = zip_with(
        CompressionMethod::Stored,
        &[
            ("computed.json", COMPUTED),
            ("out/a", b"a long file that stands out"),
        ],
    );
    let at = zip.windows(6).position(|it| it == b"a long").unwrap();
    zip[at] ^= 1;
    let digester = Arc::new(Digester::new());
    let contents = watched(&zip, &digester);
    assert!(contents.read_watched(&|_| {}).is_err());
    assert!(why(&digester).contains("not all files"));
}

#[test]
fn what_names_the_files_has_to_be_there_and_make_sense() {
    for (entries, expected) in [
        (vec![("out/a", b"x".as_slice())], "no computed.json"),
        (vec![("computed.json", b"{".as_slice())], "not JSON"),
        (vec![("computed.json", COMPUTED)], "not in the result"),
    ] {
        let digester = Arc::new(Digester::new());
        watched(&zip_of(&entries), &digester)
            .read_watched(&|_| {})
            .unwrap();
        assert!(why(&digester).contains(expected), "{}", why(&digester));
    }
    assert!(why(&Digester::default()).contains("not read"));
}

#[test]
fn who_watches_has_the_last_word() {
    let release = |evidence: &PlaintextEvidence| matches!(evidence, PlaintextEvidence::Read(_));
    let digester = Arc::new(Digester::with_release(release));
    assert!(!digester.releases());
    let zip = zip_of(&[("computed.json", COMPUTED), ("out/a", b"alpha")]);
    let contents = watched(&zip, &digester);
    assert!(!digester.releases());
    contents.read_watched(&|_| {}).unwrap();
    assert!(digester.releases());
    assert!(Digester::new().releases());
}
