//! The program takes every module as it is: its code does nothing because of a module's, a device's or a maker's name.

use std::fs;
use std::path::Path;

use crate::support::files_in;
use crate::support::pages::root;

/// Parts of the names of modules, devices and their makers, in small letters. p11-kit is not among them: it is where
/// the system's modules are registered.
const NAMES: &[&str] = &[
    "atos",
    "caml",
    "cloudhsm",
    "entrust",
    "etoken",
    "feitian",
    "fortanix",
    "gemalto",
    "gnome",
    "hsm2",
    "idprime",
    "infineon",
    "kryoptic",
    "luna",
    "nethsm",
    "nitro",
    "nss",
    "opencryptoki",
    "openpgp",
    "opensc",
    "piv",
    "safenet",
    "softhsm",
    "softoken",
    "thales",
    "tpm",
    "tpm2",
    "trezor",
    "utimaco",
    "ykcs11",
    "yubi",
];

/// What may name one: a file, a text that is in the line, and why.
const GRANTED: &[(&str, &str, &str)] = &[
    (
        "token/module/discover.rs",
        "opensc-pkcs11.so\",",
        "a file that is looked for where no module is named",
    ),
    (
        "token/module/discover.rs",
        "libykcs11.so\",",
        "a file that is looked for",
    ),
    (
        "token/module/discover.rs",
        "yubihsm_pkcs11.so\",",
        "a file that is looked for",
    ),
    (
        "token/module/discover.rs",
        "libnethsm_pkcs11.so\",",
        "a file that is looked for",
    ),
    (
        "token/module/discover.rs",
        "libcloudhsm_pkcs11.so\",",
        "a file that is looked for",
    ),
    (
        "token/module/discover.rs",
        "libtpm2_pkcs11.so\",",
        "a file that is looked for",
    ),
    (
        "token/module/discover.rs",
        "libopencryptoki.so\",",
        "a file that is looked for",
    ),
    (
        "token/module/discover.rs",
        "libsofthsm2.so\",",
        "a file that is looked for",
    ),
    (
        "token/module/discover.rs",
        "/usr/lib",
        "a folder that is looked into",
    ),
    (
        "token/module/discover.rs",
        "/opt/cloudhsm/lib\",",
        "a folder that is looked into",
    ),
    (
        "cli/ui/hints/token.rs",
        "Install the token's PKCS#11 module",
        "a hint that names packages",
    ),
    ("cli/ui/hints/token.rs", "const OTHER_WALLET", "a hint"),
    (
        "cli/ui/hints/token.rs",
        "need the capability {name}",
        "the word for a permission that its holders look for",
    ),
    (
        "cli/ui/hints/token.rs",
        "Idle sessions end by themselves",
        "a hint with the time that its holders wait",
    ),
    (
        "cli/ui/hints/token.rs",
        "the PIN is the id of the authentication key",
        "a hint with the form of its PINs",
    ),
    (
        "token/raw/apart.rs",
        "yubihsm_pkcs11.conf\",",
        "a file in the working folder that no module is to see",
    ),
    (
        "token/raw/apart.rs",
        "tpm2_pkcs11.sqlite3\",",
        "a file in the working folder that no module is to see",
    ),
    ("cli/commands/token.rs", "after_help", "an example"),
    (
        "cli/factory_pins.rs",
        "words: &[",
        "devices whose factory default PIN is named, after it was taken",
    ),
    (
        "cli/factory_pins.rs",
        "device: \"a",
        "the word for such a device",
    ),
    (
        "cli/factory_pins.rs",
        "instead: Some(",
        "the command of a device whose PIN PKCS#11 cannot change",
    ),
    (
        "cli/factory_pins.rs",
        "label.starts_with(\"OpenPGP card\")",
        "the label that such a card has, whoever made it",
    ),
    (
        "token/module/token_info.rs",
        "const KNOWN: [&str; 3] = [\"SoftHSM\", \"Kryoptic\"",
        "for speed alone: a module that is not named there is called by one thread at a time, which all bear",
    ),
    (
        "token/module/token_info.rs",
        "self.manufacturer == \"SoftHSM project\" && ",
        "a login is made once more where no attempt can be lost by it, and what is not named there gets one",
    ),
];

/// What reads certificates of devices, whose makers have put their names into them.
const OF_CERTIFICATES: [&str; 2] = ["attestation/", "cli/commands/key/attest"];

/// Lines of code: without tests, and without lines that are only comment.
fn code(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("\nmod tests {").next().unwrap();
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.starts_with("//"))
        .map(str::to_owned)
        .collect()
}

fn names_one(line: &str) -> bool {
    let line = line.to_lowercase();
    let words: Vec<&str> = line
        .split(|c: char| !(c.is_alphanumeric() || "_-".contains(c)))
        .collect();
    words
        .iter()
        .any(|word| NAMES.iter().any(|name| is_in(word, name)))
}

/// Short names are found as words, longer ones as parts of words.
fn is_in(word: &str, name: &str) -> bool {
    let parts = word.split(['_', '-']);
    match name.len() {
        ..4 => parts.clone().any(|part| part == name),
        _ => word.contains(name),
    }
}

#[test]
fn no_code_depends_on_the_name_of_a_module_or_its_maker() {
    let top = root().join("src");
    let mut files = files_in(&top, "rs");
    let is_of_certificates = |path: &Path| {
        let file = path.strip_prefix(&top).unwrap().to_str().unwrap();
        OF_CERTIFICATES.iter().any(|it| file.starts_with(it))
    };
    files.retain(|path| !path.ends_with("tests.rs") && !is_of_certificates(path));
    let mut unused: Vec<_> = GRANTED.to_vec();
    let mut bad = Vec::new();
    for path in &files {
        let file = path.strip_prefix(&top).unwrap().to_str().unwrap();
        for line in code(path).into_iter().filter(|line| names_one(line)) {
            let granted = |it: &(&str, &str, &str)| it.0 == file && line.contains(it.1);
            if GRANTED.iter().any(granted) {
                unused.retain(|it| !granted(it));
            } else {
                bad.push(format!("{file}: {line}"));
            }
        }
    }
    assert!(files.len() > 100, "{} files", files.len());
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    assert!(unused.is_empty(), "not needed any more: {unused:?}");
}

#[test]
fn a_name_is_seen_wherever_it_stands() {
    for line in [
        r#"if info.manufacturer == "Yubico" {"#,
        r#"let slow = model.starts_with("SoftHSM");"#,
        r#"Quirk::NssSoftoken => 2,"#,
        r#"fn is_opensc(path: &Path) -> bool {"#,
        r#"if path.ends_with("libtpm2_pkcs11.so") {"#,
    ] {
        assert!(names_one(line), "{line}");
    }
    for line in ["let private = pivot(inner);", "across(tokens, unsolved)"] {
        assert!(!names_one(line), "{line}");
    }
}
