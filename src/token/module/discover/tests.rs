#![allow(clippy::unwrap_used)]

use super::*;

fn shown(path: &str, reason: &str) -> String {
    let (path, reason) = (path.into(), reason.into());
    Tried { path, reason }.to_string()
}

#[test]
fn a_path_that_the_loader_repeats_is_shown_once() {
    let words = "/a.so: cannot open shared object file";
    assert_eq!(shown("/a.so", words), words);
    assert_eq!(shown("/a.so", "shows no token"), "/a.so: shows no token");
    assert_eq!(
        shown("/a.so", "/b.so: no such file"),
        "/a.so: /b.so: no such file"
    );
}

#[test]
fn every_name_is_told_of_once() {
    let tried = Tried {
        path: "/usr/lib/softhsm/libsofthsm2.so".into(),
        reason: "shows no token".into(),
    };
    let all = with_absent(vec![tried.clone()]);
    assert_eq!(all.len(), 2);
    assert_eq!(all[0], tried);
    let shown: String = all.iter().map(ToString::to_string).collect();
    for name in NAMES {
        assert_eq!(shown.matches(name).count(), 1, "{name}");
    }
    assert!(all[1].reason.contains("/usr/lib64/pkcs11, "));
}

#[test]
fn what_is_well_known_exists_and_comes_in_the_order_of_names() {
    let found = well_known();
    assert!(found.iter().all(|path| path.exists()));
    let ranks = found
        .iter()
        .map(|path| NAMES.iter().position(|name| path.ends_with(name)));
    assert!(ranks.is_sorted());
}

#[test]
fn a_file_with_two_paths_is_found_once_by_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("a.so"), "").unwrap();
    std::os::unix::fs::symlink("a.so", path("link.so")).unwrap();
    let all = ["missing.so", "link.so", "a.so"].map(path);
    assert_eq!(distinct(all.into_iter()), [path("link.so")]);
}
