//! Devices that do not permit what is asked, and say so: a missing permission is no device that is dead.

use crate::support::*;

fn plain() -> Vec<u8> {
    plain_zip(&[("a", b"b")])
}

/// `CKM_RSA_PKCS`, as a list of one.
const PKCS_ALONE: &str = "private-attribute CKA_ALLOWED_MECHANISMS 0100000000000000";

/// Runs `args`, which fail with exit code 16 and name this capability; returns the calls.
#[track_caller]
fn denied(keyed: &Keyed, rule: &str, capability: &str, args: &[&str]) -> Vec<String> {
    let work = keyed.work();
    let legacy = Sealed::guide_2019(&keyed.public, &plain());
    work.write("2019.zip", legacy.archive());
    work.write("a.zip", keyed.archive(&plain()));
    let faulty = Faulty::before(&keyed.token).rule("hardware").rule(rule);
    let run = faulty.drive(work.cmd(args).pin()).run().fails(16);
    assert!(run.err().contains(capability), "{}", run.err());
    assert!(!run.err().contains("plugged in"), "{}", run.err());
    let ledger = faulty.ledger();
    assert_eq!(ledger.count("C_Login"), 1);
    assert_eq!(ledger.count("C_Initialize"), 1);
    ledger.names().into_iter().map(str::to_owned).collect()
}

/// Makes a second key, which is that of the key file.
fn add_key(work: &Work<'_>) {
    let generate = ["result", "generate-keys", "--bits=2048"];
    let cmd = work.cmd(generate).pin();
    cmd.args(&["--wallet-address", ADDRESS]).run().ok();
}

fn count(calls: &[String], name: &str) -> usize {
    calls.iter().filter(|it| *it == name).count()
}

#[test]
fn a_key_that_may_not_be_used_is_tried_no_second_time() {
    let keyed = Keyed::new();
    let decrypt = ["result", "decrypt", "a.zip"];
    let at_once = "C_DecryptInit * return CKR_FUNCTION_REJECTED";
    let calls = denied(&keyed, at_once, "decrypt-pkcs", &decrypt);
    assert_eq!(count(&calls, "C_DecryptInit"), 1);
    // A good ciphertext is rejected, too, so that it is not the archive's.
    let in_the_end = "C_Decrypt * return CKR_FUNCTION_REJECTED";
    let calls = denied(&keyed, in_the_end, "decrypt-pkcs", &decrypt);
    assert_eq!(count(&calls, "C_Decrypt"), 2);
}

#[test]
fn a_ciphertext_that_alone_is_rejected_is_bad() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain()));
    let rule = "C_Decrypt 1 return CKR_FUNCTION_REJECTED";
    let faulty = Faulty::before(&keyed.token).rule(rule);
    // It is tried once more, as after any failure.
    let decrypt = ["result", "decrypt", "a.zip"];
    faulty.drive(work.cmd(decrypt).pin()).run().ok();
}

#[test]
fn what_a_key_may_be_used_with_is_looked_at_first() {
    let keyed = Keyed::new();
    let decrypt = ["result", "decrypt", "2019.zip"];
    let calls = denied(&keyed, PKCS_ALONE, "decrypt-oaep", &decrypt);
    assert_eq!(count(&calls, "C_DecryptInit"), 0);
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain()));
    let faulty = Faulty::before(&keyed.token).rule(PKCS_ALONE);
    let show = faulty.drive(work.cmd(["key", "show"]).pin()).run().ok();
    assert!(
        show.out().contains("may be used with CKM_RSA_PKCS alone"),
        "{}",
        show.out()
    );
    let show = faulty
        .drive(work.cmd(["key", "show", "--raw"]).pin())
        .run()
        .ok();
    assert_eq!(
        show.raw()["allowedMechanisms"],
        serde_json::json!(["CKM_RSA_PKCS"])
    );
    faulty
        .drive(work.cmd(["result", "decrypt", "a.zip"]).pin())
        .run()
        .ok();
}

#[test]
fn another_key_is_tried_where_one_may_not_be_used() {
    let keyed = Keyed::new();
    let work = keyed.work();
    add_key(&work);
    let other = work.read(format!(".secrets/beneficiary/{ADDRESS}_key.pub"));
    let other = String::from_utf8(other).unwrap();
    let rule = "C_DecryptInit 1 return CKR_FUNCTION_REJECTED";
    // The other key is that of the key file, and so the first.
    for (public, code) in [(&keyed.public, 0), (&other, 20)] {
        work.write("a.zip", Sealed::current(public, &plain()).archive());
        let faulty = Faulty::before(&keyed.token).rule(rule);
        let cmd = work.cmd(["result", "decrypt", "a.zip"]).pin();
        let run = faulty.drive(cmd).run();
        assert_eq!(run.code, Some(code), "{}", run.err());
        assert_eq!(work.exists("results.zip"), code == 0);
        let _ = std::fs::remove_file(work.path("results.zip"));
    }
}

#[test]
fn other_commands_name_what_is_missing() {
    let keyed = Keyed::new();
    let listed = keyed.work().run(["key", "list", "--raw"]).ok().raw();
    let text = |name: &str| listed["keys"][0][name].as_str().unwrap().to_owned();
    let (uri, label) = (text("key"), text("label"));
    let delete = ["key", "delete", &uri, "--confirm-label", &label];
    let rule = "C_DestroyObject * return CKR_FUNCTION_REJECTED";
    denied(&keyed, rule, "delete-asymmetric-key", &delete);
    let generate = [
        "result",
        "generate-keys",
        "--bits=2048",
        "--force",
        "--wallet-address",
        ADDRESS,
    ];
    let rule = "C_GenerateKeyPair * return CKR_FUNCTION_REJECTED";
    denied(&keyed, rule, "generate-asymmetric-key", &generate);
}

#[test]
fn a_key_that_was_made_although_making_it_failed_is_removed() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let generate = [
        "result",
        "generate-keys",
        "--bits=2048",
        "--wallet-address",
        OTHER,
    ];
    let keys = || {
        work.run(["key", "list", "--raw"]).ok().raw()["keys"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(keys(), 1);
    let faulty =
        Faulty::before(&keyed.token).rule("C_GenerateKeyPair 1 then CKR_FUNCTION_REJECTED");
    faulty.drive(work.cmd(generate).pin()).run().fails(16);
    assert_eq!(keys(), 1);
    let faulty = faulty.rule("C_DestroyObject * return CKR_DEVICE_ERROR");
    let run = faulty.drive(work.cmd(generate).pin()).run().fails(16);
    assert!(
        run.err().contains("a new key that could not be removed"),
        "{}",
        run.err()
    );
    assert!(run.err().contains("iexec-hsm key delete "), "{}", run.err());
    assert_eq!(keys(), 2);
}

const OTHER: &str = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";

#[test]
fn a_key_that_got_another_id_than_it_was_given_is_found() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let generate = [
        "result",
        "generate-keys",
        "--bits=2048",
        "--id",
        "0000",
        "--raw",
    ];
    let faulty = Faulty::before(&keyed.token).rule("gives-id 1234");
    let cmd = work.cmd(generate).arg("--wallet-address").arg(OTHER).pin();
    let made = faulty.drive(cmd).run().ok().raw();
    assert!(
        made["key"].as_str().unwrap().contains("id=%12%34"),
        "{made}"
    );
}

#[test]
fn inspect_says_that_it_cannot_see_without_the_pin() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain()));
    let faulty = Faulty::before(&keyed.token)
        .rule("hide CKO_PUBLIC_KEY before-login")
        .rule("hide CKO_PRIVATE_KEY before-login");
    let inspect = ["result", "inspect", "a.zip"];
    let blind = faulty.drive(work.cmd(inspect)).run().ok();
    assert!(
        blind
            .out()
            .contains("not looked at: the token shows no key before a login"),
        "{}",
        blind.out()
    );
    let raw = faulty
        .drive(work.cmd(inspect).arg("--raw"))
        .run()
        .ok()
        .raw();
    assert!(
        raw["tokenError"]
            .as_str()
            .unwrap()
            .contains("before a login"),
        "{raw}"
    );
    assert_eq!(faulty.ledger().count("C_Login"), 0);
    let seeing = faulty.drive(work.cmd(inspect).pin()).run().ok();
    assert!(
        seeing.out().contains("fits      \"iexec result key"),
        "{}",
        seeing.out()
    );
    assert_eq!(faulty.ledger().count("C_Login"), 1);
}

#[test]
fn a_key_of_somebody_else_is_only_named_when_making_one_fails() {
    let keyed = Keyed::new();
    let work = keyed.work();
    // The token gives it an id of its own, and then fails.
    let faulty = Faulty::before(&keyed.token)
        .rule("gives-id 4321")
        .rule("C_GenerateKeyPair 1 then CKR_FUNCTION_REJECTED");
    let generate = [
        "result",
        "generate-keys",
        "--bits=2048",
        "--wallet-address",
        OTHER,
    ];
    let run = faulty.drive(work.cmd(generate).pin()).run().fails(16);
    assert!(
        run.err().contains("a new key with that label is on"),
        "{}",
        run.err()
    );
    assert!(run.err().contains("id=%43%21"), "{}", run.err());
    let keys = work.run(["key", "list", "--raw"]).ok().raw();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
    assert_eq!(faulty.ledger().count("C_DestroyObject"), 0);
}

/// `CKM_RSA_PKCS_OAEP`, as a list of one.
const OAEP_ALONE: &str = "private-attribute CKA_ALLOWED_MECHANISMS 0900000000000000";

#[test]
fn a_key_for_archives_of_2019_alone_is_tried_with_what_it_may() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let sealed = Sealed::guide_2019(&keyed.public, &plain());
    work.write("good.zip", sealed.archive());
    let stranger = openssl::rsa_key(2048).1;
    work.write("bad.zip", Sealed::guide_2019(&stranger, &plain()).archive());
    let faulty = Faulty::before(&keyed.token)
        .rule("hardware")
        .rule(OAEP_ALONE);
    faulty
        .drive(work.cmd(["result", "decrypt", "bad.zip"]).pin())
        .run()
        .fails(20);
    // And a device that was away is brought back with it.
    let faulty = faulty
        .rule("C_Decrypt 1 remove")
        .rule("C_Finalize 1 insert");
    faulty
        .drive(work.cmd(["result", "decrypt", "good.zip"]).pin())
        .run()
        .ok();
    assert!(work.read("results.zip") == plain());
}

#[test]
fn a_changed_archive_is_bad_whatever_another_key_may() {
    let keyed = Keyed::new();
    let work = keyed.work();
    add_key(&work);
    // The second key opens it; the first may not be used.
    let mut sealed = Sealed::current(&keyed.public, &plain());
    let last = sealed.body.len() - 17;
    sealed.body[last] ^= 1;
    work.write("a.zip", sealed.archive());
    let rule = "C_DecryptInit 1 return CKR_FUNCTION_REJECTED";
    let faulty = Faulty::before(&keyed.token).rule(rule);
    faulty
        .drive(work.cmd(["result", "decrypt", "a.zip"]).pin())
        .run()
        .fails(20);
}

#[test]
fn a_pin_that_inspect_sends_in_vain_ends_it() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain()));
    let faulty = Faulty::before(&keyed.token)
        .rule("hide CKO_PUBLIC_KEY before-login")
        .rule("hide CKO_PRIVATE_KEY before-login");
    let cmd = work
        .cmd(["result", "inspect", "a.zip"])
        .env("IEXEC_HSM_PIN", "wrong-pin");
    faulty.drive(cmd).run().fails(12);
    assert_eq!(faulty.ledger().count("C_Login"), 1);
}
