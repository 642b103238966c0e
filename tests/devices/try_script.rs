//! `docs/devices/try.sh`: what a holder of a device gets from it, and what it leaves alone.

use crate::support::try_sh::{cells, command, start};
use crate::support::*;

#[test]
fn a_holder_of_a_device_adds_a_row() {
    let token = Token::new();
    let work = Work::new(&token);
    let table = work.write("table.md", "| token |\n|---|\n");
    let args = ["--sizes", "2048", "--add", table.to_str().unwrap()];
    let output = start(&token, &work, &args).wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let row = String::from_utf8(output.stdout).unwrap();
    assert!(work.read("table.md").ends_with(row.as_bytes()), "{row}");
    assert_eq!(cells(&row)[2..6], ["user", "2048", "yes", "yes"], "{row}");
    for line in [
        "keys before a login                shown",
        "archives opened in one run         8 of 8",
        "somebody else's archive            exit 20",
        "settings in the working folder     not read",
        "after four runs that were signalled exit 0",
        "four programs at an agent at once  32 of 32",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(!said.contains("not as it should be"), "{said}");
    assert!(
        !token.objects().contains("Key Object"),
        "{}",
        token.objects()
    );
    assert_eq!(work.files(), ["table.md"]);
}

#[test]
fn a_key_that_is_there_is_used_and_left_alone() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let before = keyed.token.objects();
    let output = start(&keyed.token, &work, &[]).wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("--key"), "{said}");
    let uri = work.run(["key", "list", "--raw"]).ok().raw()["keys"][0]["key"].clone();
    let args = ["--key", uri.as_str().unwrap()];
    let output = start(&keyed.token, &work, &args)
        .wait_with_output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let row = String::from_utf8(output.stdout).unwrap();
    assert_eq!(cells(&row)[2..6], ["-", "-", "yes", "yes"], "{said}{row}");
    assert_eq!(keyed.token.objects(), before);
}

#[test]
fn a_pin_that_is_wrong_is_sent_once() {
    let token = Token::new();
    let work = Work::new(&token);
    let wrong = token.secret_file("wrong", "9999");
    let faulty = Faulty::before(&token);
    let mut command = command(&token, &Faulty::module(), &work, &[]);
    faulty.furnish(command.arg("--pin-file").arg(wrong));
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("nothing more is tried"), "{said}");
    assert_eq!(faulty.ledger().count("C_Login"), 1, "{said}");
    assert_eq!(faulty.ledger().count("C_GenerateKeyPair"), 0);
}
