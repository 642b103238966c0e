//! Keys that may unwrap and not decrypt.

use crate::support::*;

/// A token with a key whose only use is unwrapping, which is the result key of [`ADDRESS`].
fn with_key() -> (Token, String) {
    let token = Token::new();
    let make = [
        "--keypairgen",
        "--key-type",
        "rsa:2048",
        "--usage-wrap",
        "--sensitive",
    ];
    token.pkcs11_tool(&[&make[..], &["--id", "03", "--label", "wrapper"]].concat());
    let public = adopt(&token);
    (token, public)
}

/// In front of `token`, whose private keys do not decrypt.
fn unwrapping(token: &Token) -> Faulty<'_> {
    denying(token)
        .rule("private-attribute CKA_DECRYPT 00")
        .rule("private-attribute CKA_SIGN 00")
}

/// The same of one that says so only when it is tried.
fn denying(token: &Token) -> Faulty<'_> {
    Faulty::before(token).rule("C_DecryptInit * return CKR_KEY_FUNCTION_NOT_PERMITTED")
}

fn adopt(token: &Token) -> String {
    let work = Work::new(token);
    let args = ["key", "adopt", "pkcs11:id=%03", "--wallet-address", ADDRESS];
    work.run(args).ok();
    let file = work.read(format!(".secrets/beneficiary/{ADDRESS}_key.pub"));
    String::from_utf8(file).unwrap()
}

fn plain() -> Vec<u8> {
    plain_zip(&[("result.txt", b"Hello, world!")])
}

fn open(work: &Work<'_>, archive: Vec<u8>) -> Cmd {
    work.write("a.zip", archive);
    work.cmd(["result", "decrypt", "a.zip"]).pin()
}

#[test]
fn the_content_key_is_unwrapped_read_and_destroyed() {
    let (token, public) = with_key();
    let work = Work::new(&token);
    let faulty = unwrapping(&token);
    let archive = Sealed::current(&public, &plain()).archive();
    faulty.drive(open(&work, archive)).run().ok();
    assert_eq!(work.read("results.zip"), plain());
    let ledger = faulty.ledger();
    assert_eq!(ledger.count("C_Decrypt"), 0);
    assert_eq!(ledger.count("C_UnwrapKey"), 1);
    assert_eq!(ledger.count("C_DestroyObject"), 1);
    assert!(!token.objects().contains("Secret Key"));
}

#[test]
fn a_bad_ciphertext_is_what_it_is_elsewhere() {
    let (token, _) = with_key();
    let (_, stranger) = openssl::rsa_key(2048);
    let work = Work::new(&token);
    let archive = Sealed::current(&stranger, &plain()).archive();
    let faulty = unwrapping(&token);
    let run = faulty.drive(open(&work, archive)).run();
    assert!(run.err().contains("cannot"), "{}", run.err());
    run.fails(20);
    // Three tries and a proof: another template would not help.
    assert_eq!(faulty.ledger().count("C_UnwrapKey"), 4);
}

#[test]
fn a_key_that_may_decrypt_is_not_used_for_unwrapping() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let faulty = Faulty::before(&keyed.token).rule("private-attribute CKA_UNWRAP 01");
    faulty
        .drive(open(&work, keyed.archive(&plain())))
        .run()
        .ok();
    let ledger = faulty.ledger();
    assert_eq!(
        (ledger.count("C_Decrypt"), ledger.count("C_UnwrapKey")),
        (1, 0)
    );
}

#[test]
fn a_token_that_denies_it_only_when_it_is_tried_is_asked_to_unwrap() {
    let (token, public) = with_key();
    let work = Work::new(&token);
    let faulty = denying(&token);
    let archive = Sealed::current(&public, &plain()).archive();
    faulty.drive(open(&work, archive)).run().ok();
    assert_eq!(faulty.ledger().count("C_UnwrapKey"), 1);
}

#[test]
fn another_refusal_or_a_key_that_may_not_is_no_reason_to_unwrap() {
    let keyed = Keyed::new();
    for (rv, may_unwrap) in [
        ("CKR_MECHANISM_INVALID", "01"),
        ("CKR_KEY_FUNCTION_NOT_PERMITTED", "00"),
    ] {
        let work = keyed.work();
        let faulty = Faulty::before(&keyed.token)
            .rule(format!("C_DecryptInit * return {rv}"))
            .rule(format!("private-attribute CKA_UNWRAP {may_unwrap}"));
        let run = faulty.drive(open(&work, keyed.archive(&plain()))).run();
        assert!(run.err().contains("does not decrypt"), "{}", run.err());
        run.fails(16);
        assert_eq!(faulty.ledger().count("C_UnwrapKey"), 0, "{rv}");
    }
}

#[test]
fn a_token_that_dislikes_a_template_is_asked_with_another() {
    let (token, public) = with_key();
    let work = Work::new(&token);
    let faulty = unwrapping(&token).rule("C_UnwrapKey 1 return CKR_TEMPLATE_INCONSISTENT");
    let archive = Sealed::current(&public, &plain()).archive();
    faulty.drive(open(&work, archive)).run().ok();
    assert_eq!(faulty.ledger().count("C_UnwrapKey"), 2);
}

#[test]
fn a_token_that_does_neither_is_named() {
    let (token, public) = with_key();
    let archive = Sealed::current(&public, &plain()).archive();
    for rule in [
        "C_UnwrapKey * return CKR_FUNCTION_NOT_SUPPORTED",
        "C_UnwrapKey * return CKR_MECHANISM_INVALID",
        "attribute 0x11 missing",
    ] {
        let work = Work::new(&token);
        let faulty = unwrapping(&token).rule(rule);
        let run = faulty.drive(open(&work, archive.clone())).run();
        assert!(run.err().contains("CKA_DECRYPT"), "{rule}: {}", run.err());
        run.fails(16);
    }
}

#[test]
fn without_oaep_only_archives_of_2019_do_not_open() {
    let keyed = Keyed::new();
    for (rule, code, words) in [
        ("mechanism CKM_RSA_PKCS_OAEP hidden", 0, ""),
        ("mechanism CKM_RSA_PKCS no-decrypt", 16, "policy"),
    ] {
        let work = keyed.work();
        let faulty = Faulty::before(&keyed.token).rule(rule);
        let run = faulty.drive(open(&work, keyed.archive(&plain()))).run();
        assert!(run.err().contains(words), "{}", run.err());
        run.fails(code);
    }
}
