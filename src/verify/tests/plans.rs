//! Which files the digest is taken of.

use crate::verify::{EntryFacts, Plan};

fn plan(computed: &str, names: &[&str]) -> Result<Plan, String> {
    let entries = names.iter().map(|name| EntryFacts {
        name: name.as_bytes(),
        is_link: name.starts_with("link"),
    });
    Plan::of(Some(computed.as_bytes()), entries)
}

fn path(path: &str) -> String {
    serde_json::json!({ "deterministic-output-path": path }).to_string()
}

#[test]
fn a_file_is_one_and_a_folder_those_right_in_it() {
    let names = [
        "computed.json",
        "result.txt",
        "out/a",
        "out/b",
        "out/x/y",
        "outer",
        "result.txt2",
    ];
    for spelled in [
        "/iexec_out/result.txt",
        "/iexec_out/result.txt/",
        "/iexec_out//result.txt",
    ] {
        let plan = plan(&path(spelled), &names).unwrap();
        let plaintext = plan.plaintext();
        assert!(!plaintext.is_folder, "{spelled}");
        assert_eq!((plan.len(), plaintext.others, plaintext.below), (1, 6, 0));
        assert!(plan.wants(b"result.txt") && !plan.wants(b"result.txt2"));
    }
    for spelled in ["/iexec_out/out", "/iexec_out/out/"] {
        let plan = plan(&path(spelled), &names).unwrap();
        let plaintext = plan.plaintext();
        assert!(plaintext.is_folder, "{spelled}");
        assert_eq!((plan.len(), plaintext.others, plaintext.below), (2, 4, 1));
        assert!(plan.wants(b"out/a") && plan.wants(b"out/b") && !plan.wants(b"out/x/y"));
        assert!(!plan.wants(b"out\xff"));
    }
}

#[test]
fn the_whole_result_is_a_folder_with_what_names_it() {
    for spelled in ["/iexec_out", "/iexec_out/"] {
        let plan = plan(&path(spelled), &["computed.json", "a", "x/y"]).unwrap();
        assert!(plan.plaintext().is_folder && plan.wants(b"computed.json") && plan.wants(b"a"));
        assert_eq!((plan.len(), plan.is_empty()), (2, false));
    }
}

#[test]
fn a_folder_with_folders_alone_has_no_file_to_hash() {
    let plan = plan(&path("/iexec_out/out"), &["out/x/y"]).unwrap();
    assert!(plan.is_empty() && plan.plaintext().below == 1);
}

#[test]
fn what_cannot_be_told_says_why() {
    let names = [
        "computed.json",
        "result.txt",
        "out/a",
        "link",
        "links/x",
        "twice",
        "twice",
        "both",
        "both/x",
    ];
    for (computed, why) in [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[]", "names no file or folder"),
        ("{}", "names no file or folder"),
        (
            r#"{"deterministic-output-path":1}"#,
            "names no file or folder",
        ),
        (r#"{"callback-data":"0x01"}"#, "goes to a contract"),
        (
            r#"{"deterministic-output-path":"/iexec_out/out","callback-data":"0x"}"#,
            "goes to a contract",
        ),
        (&path("/iexec_outer/out"), "outside"),
        (&path("/tmp/out"), "outside"),
        (&path("iexec_out/out"), "outside"),
        (&path(""), "outside"),
        (&path("/iexec_out/../etc"), "odd"),
        (&path("/iexec_out/./out"), "odd"),
        (&path("/iexec_out/out//a"), "odd"),
        (&path("/iexec_out/missing"), "is not in the result"),
        (&path("/iexec_out/ou"), "is not in the result"),
        (&path("/iexec_out/link"), "symbolic link"),
        (&path("/iexec_out"), "symbolic link"),
        (&path("/iexec_out/twice"), "twice"),
        (&path("/iexec_out/both"), "both a file and a folder"),
    ] {
        let said = plan(computed, &names).unwrap_err();
        assert!(said.contains(why), "{computed}: {said}");
    }
    let said = Plan::of(None, []).unwrap_err();
    assert!(said.contains("no computed.json"), "{said}");
    let name = EntryFacts {
        name: b"out/\xff",
        is_link: false,
    };
    let said = Plan::of(Some(path("/iexec_out/out").as_bytes()), [name]).unwrap_err();
    assert!(said.contains("UTF-8"), "{said}");
}
