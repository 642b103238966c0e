//! `key adopt` takes over a key that is there, `key delete` removes one for good.

use crate::support::*;

const OTHER: &str = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";
const LABEL: &str = "iexec result key 7e5f4552";

fn make(work: &Work, address: &str) -> String {
    let args = ["result", "generate-keys", "--bits", "2048", "--raw"];
    let cmd = work.cmd(args).pin().arg("--wallet-address").arg(address);
    cmd.run().ok().raw()["key"].as_str().unwrap().to_owned()
}

fn key_file(address: &str) -> String {
    format!(".secrets/beneficiary/{address}_key")
}

/// Makes a key as a vendor's tool would.
fn foreign(token: &Token, id: &str, label: &str, more: &[&str]) {
    let args = ["--keypairgen", "--key-type", "rsa:2048", "--usage-decrypt"];
    let named = ["--id", id, "--label", label];
    token.pkcs11_tool(&[&args, &named[..], more].concat());
}

fn adopt(work: &Work, args: &[&str]) -> Run {
    let all = ["key", "adopt", "--wallet-address", ADDRESS];
    work.run(all.iter().chain(args))
}

fn opens(work: &Work) {
    let pem = String::from_utf8(work.read(format!("{}.pub", key_file(ADDRESS)))).unwrap();
    let plain = plain_zip(&[("result.txt", b"Hello, world!")]);
    work.write("a.zip", Sealed::current(&pem, &plain).archive());
    let run = work.run(["result", "decrypt", "a.zip", "--force"]).ok();
    assert!(work.read("results.zip") == plain, "{}", run.err());
}

#[test]
fn a_key_of_another_tool_is_adopted_by_uri_id_or_label() {
    let token = Token::new();
    let work = Work::new(&token);
    foreign(&token, "03", "card key", &["--sensitive"]);
    foreign(&token, "0405", "another", &["--sensitive"]);
    for (uri, id) in [
        ("pkcs11:id=%03", "03"),
        ("pkcs11:object=another", "0405"),
        (
            "pkcs11:token=test;id=%03;object=card%20key;type=private",
            "03",
        ),
    ] {
        let run = adopt(&work, &[uri, "--raw"]).ok().raw();
        assert_eq!(run["address"], ADDRESS);
        assert_eq!(run["privateKeyFile"], format!("{ADDRESS}_key"));
        assert_eq!(run["publicKeyFile"], format!("{ADDRESS}_key.pub"));
        let shown = work.run(["key", "show", "--raw"]).ok().raw();
        assert_eq!(shown["id"], id, "{uri}");
        opens(&work);
    }
    let run = adopt(&work, &["pkcs11:id=%03"]).ok();
    let words = format!("is the result key of {ADDRESS} now: made on the token");
    assert!(run.err().contains(&words), "{}", run.err());
}

#[test]
fn a_key_that_may_leave_its_token_is_adopted_only_when_this_is_said() {
    let token = Token::new();
    let work = Work::new(&token);
    foreign(&token, "03", "loose", &["--sensitive", "--extractable"]);
    for args in [&[][..], &["--allow-imported"]] {
        let run = adopt(&work, args).fails(16);
        assert!(run.err().contains("EXTRACTABLE"), "{}", run.err());
        assert!(run.err().contains("--allow-extractable"), "{}", run.err());
    }
    assert_eq!(work.files(), Vec::<String>::new());
    let run = adopt(&work, &["--allow-extractable"]).ok();
    assert!(run.err().contains("EXTRACTABLE"), "{}", run.err());
    opens(&work);
    let listed = work.run(["key", "list"]).ok().out();
    assert!(listed.contains("EXTRACTABLE"), "{listed}");
}

#[test]
fn an_imported_key_is_named_and_adopted_only_when_this_is_said() {
    if other_than_softhsm("its own tool imports the key") {
        return;
    }
    let token = Token::new();
    let work = Work::new(&token);
    let (private, _) = openssl::rsa_key(2048);
    let pem = work.write("key.pem", private);
    let pem = pem.to_str().unwrap();
    let import = ["--import", pem, "--token", "test", "--pin", &token.pin];
    token.softhsm2_util(&[&import[..], &["--label", "imported", "--id", "03"]].concat());
    let run = adopt(&work, &[]).fails(16);
    assert!(run.err().contains("not made on the token"), "{}", run.err());
    assert!(run.err().contains("--allow-imported"), "{}", run.err());
    assert_eq!(work.files(), ["key.pem"]);
    let run = adopt(&work, &["--allow-imported"]).ok();
    assert!(run.err().contains("imported, not made on the token"));
    opens(&work);
    let listed = work.run(["key", "list"]).ok().out();
    assert!(
        listed.contains("imported, not made on the token"),
        "{listed}"
    );
}

#[test]
fn adopting_needs_an_address_and_one_key() {
    let token = Token::new();
    let work = Work::new(&token);
    foreign(&token, "03", "one", &["--sensitive"]);
    work.run(["key", "adopt"]).fails(33);
    adopt(&work, &["pkcs11:id=%04"]).fails(15);
    foreign(&token, "04", "two", &["--sensitive"]);
    let run = adopt(&work, &[]).fails(15);
    assert!(run.err().contains("id=%03") && run.err().contains("id=%04"));
    assert_eq!(work.files(), Vec::<String>::new());
    let (private, _) = openssl::rsa_key(2048);
    work.write(key_file(ADDRESS), &private);
    adopt(&work, &["pkcs11:id=%03"]).fails(22);
    assert_eq!(work.read(key_file(ADDRESS)), private.as_bytes());
}

#[test]
fn deleting_removes_the_key_and_every_file_that_names_it() {
    let token = Token::new();
    let work = Work::new(&token);
    let uri = make(&work, ADDRESS);
    let kept = make(&work, OTHER);
    // One key of two addresses.
    let third = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    work.run(["key", "adopt", &uri, "--wallet-address", third])
        .ok();
    let delete = ["key", "delete", "--raw", "--confirm-label", LABEL];
    let run = work.run(delete.iter().chain(&["--wallet-address", ADDRESS]));
    let run = run.ok().raw();
    assert_eq!(run["key"], uri);
    assert_eq!(run["forgotten"].as_array().unwrap().len(), 4, "{run}");
    let file = key_file(OTHER);
    assert_eq!(work.files(), [file.clone(), format!("{file}.pub")]);
    let objects = token.objects();
    assert_eq!(objects.matches("Private Key Object").count(), 1);
    assert_eq!(objects.matches("Public Key Object").count(), 1);
    let shown = work.run(["key", "show", "--raw"]).ok().raw();
    assert_eq!(shown["key"], kept);
}

#[test]
fn files_that_name_the_same_key_on_another_token_stay() {
    let token = Token::new();
    token.add("backup");
    let work = Work::new(&token);
    let (private, _) = openssl::rsa_key(2048);
    work.write("key.pem", private);
    for label in ["backup", "test"] {
        let import = ["result", "import-encryption-key", "key.pem"];
        let cmd = work.cmd(import).pin().arg("--wallet-address").arg(ADDRESS);
        cmd.arg("--token").arg(label).run().ok();
    }
    let before = work.files();
    let delete = [
        "key",
        "delete",
        "--token",
        "backup",
        "--confirm-label",
        LABEL,
    ];
    work.run(delete).ok();
    assert_eq!(work.files(), before);
    opens(&work);
}

/// The id of the only key.
fn id_of(work: &Work<'_>) -> String {
    let listed = work.run(["key", "list", "--raw"]).ok().raw();
    listed["keys"][0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn deleting_wants_the_id_typed() {
    let token = Token::new();
    let work = Work::new(&token);
    let uri = make(&work, ADDRESS);
    let files = work.files();
    let stays = || {
        assert!(token.objects().contains("Private Key Object"));
        assert_eq!(work.files(), files);
    };
    let run = work.run(["key", "delete"]).fails(2);
    assert!(run.err().contains("--confirm-label"), "{}", run.err());
    for wrong in ["", "iexec result key", "IEXEC RESULT KEY 7E5F4552"] {
        work.run(["key", "delete", "--confirm-label", wrong])
            .fails(2);
        stays();
    }
    // What is alike for many keys is not enough.
    for answer in ["yes\n", "\n", "iexec result key 7e5f4552\n"] {
        let mut pty = Pty::spawn(&work.cmd(["key", "delete"]).pin());
        pty.expect("can ever be opened again.").expect(": ");
        pty.send(answer);
        assert_eq!(pty.wait().0, 2);
        stays();
    }
    let mut pty = Pty::spawn(&work.cmd(["key", "delete"]).pin());
    pty.expect(": ").ctrl_c();
    assert_eq!(pty.wait().0, 130);
    stays();

    let mut pty = Pty::spawn(&work.cmd(["key", "delete"]).pin());
    let id = id_of(&work);
    pty.expect("current key of")
        .expect("will be removed for good");
    pty.expect(&format!("Type its id to go on ({id}): "));
    pty.send(&id).send("\n");
    let (code, shown) = pty.wait();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.replace("\r\n", "").contains(&uri), "{shown}");
    assert!(!token.objects().contains("Key Object"));
    assert_eq!(work.files(), Vec::<String>::new());
}

#[test]
fn a_key_without_a_label_is_not_deleted_by_an_empty_line() {
    let token = Token::new();
    let work = Work::new(&token);
    token.pkcs11_tool(&[
        "--keypairgen",
        "--key-type",
        "rsa:2048",
        "--usage-decrypt",
        "--id",
        "03",
    ]);
    let mut pty = Pty::spawn(&work.cmd(["key", "delete"]).pin());
    pty.expect(": ").send("\n");
    assert_eq!(pty.wait().0, 2);
    assert!(token.objects().contains("Private Key Object"));
}

#[test]
fn of_two_keys_with_one_id_only_the_chosen_one_is_deleted() {
    let token = Token::new();
    let work = Work::new(&token);
    foreign(&token, "03", "first", &[]);
    foreign(&token, "03", "second", &[]);
    let run = work.run([
        "key",
        "delete",
        "pkcs11:object=second",
        "--confirm-label=second",
    ]);
    run.ok();
    let objects = token.objects();
    assert_eq!(objects.matches("first").count(), 2, "{objects}");
    assert_eq!(objects.matches("second").count(), 0, "{objects}");
}

#[test]
fn a_key_that_is_not_seen_any_more_is_not_called_deleted() {
    let token = Token::new();
    let work = Work::new(&token);
    make(&work, ADDRESS);
    let faulty = Faulty::before(&token).rule("hide CKO_PRIVATE_KEY read-write");
    let label = "iexec result key 7e5f4552";
    let delete = ["key", "delete", "--confirm-label", label];
    let run = faulty.drive(work.cmd(delete).pin()).run().fails(11);
    assert!(run.err().contains("no private key"), "{}", run.err());
    assert_eq!(faulty.ledger().count("C_DestroyObject"), 0);
    assert!(work.exists(key_file(ADDRESS)));
    opens(&work);
}
