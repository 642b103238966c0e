//! Tokens that fail now and then, for good, or in odd ways: no archive is lost by it, and none is called bad for it.

use std::fs;

use crate::support::*;

const GENERATE: [&str; 5] = [
    "result",
    "generate-keys",
    "--bits=2048",
    "--wallet-address",
    ADDRESS,
];

fn plain() -> Vec<u8> {
    plain_zip(&[("result.txt", b"Hello, world!")])
}

/// An archive for a key that is nowhere.
fn bad() -> Vec<u8> {
    let (_, stranger) = openssl::rsa_key(2048);
    Sealed::current(&stranger, &plain()).archive()
}

/// Opens `archives` in one command, behind a module with these rules.
fn decrypt(keyed: &Keyed, rules: &[&str], archives: &[Vec<u8>]) -> (Run, faulty::Ledger) {
    let faulty = rules
        .iter()
        .fold(Faulty::before(&keyed.token), |faulty, rule| {
            faulty.rule(rule)
        });
    let work = keyed.work();
    let mut cmd = work.cmd(["result", "decrypt", "--output-dir", "out"]).pin();
    for (index, archive) in archives.iter().enumerate() {
        let name = format!("{index}.zip");
        work.write(&name, archive);
        cmd = cmd.arg(name);
    }
    let run = faulty.drive(cmd).run();
    for index in 0..archives.len() {
        let result = work.path(format!("out/{index}.zip"));
        let said = run.err().contains(&format!("{index}.zip ->")) || run.code == Some(0);
        assert_eq!(result.exists(), said, "{}", run.err());
        assert!(!said || fs::read(result).unwrap() == plain());
    }
    work.is_tidy();
    (run, faulty.ledger())
}

#[test]
fn a_session_that_is_stuck_after_a_failure_is_replaced() {
    let keyed = Keyed::new();
    let good = keyed.archive(&plain());
    // A bad ciphertext.
    let archives = [bad(), good.clone()];
    let (run, ledger) = decrypt(&keyed, &["stuck-sessions"], &archives);
    let run = run.fails(20);
    assert!(run.err().contains("1.zip ->"), "{}", run.err());
    assert!(
        ledger.0.iter().all(|it| it.rv != "CKR_OPERATION_ACTIVE"),
        "{ledger:?}"
    );
    // A mechanism that is refused for one archive.
    let rules = [
        "stuck-sessions",
        "C_DecryptInit 1 return CKR_MECHANISM_INVALID",
    ];
    let (run, ledger) = decrypt(&keyed, &rules, &[good.clone(), good.clone()]);
    let run = run.fails(16);
    assert!(run.err().contains("1.zip ->"), "{}", run.err());
    assert!(
        ledger.0.iter().all(|it| it.rv != "CKR_OPERATION_ACTIVE"),
        "{ledger:?}"
    );
}

#[test]
fn a_device_that_fails_once_in_a_while_loses_no_archive() {
    let keyed = Keyed::new();
    let archives = vec![keyed.archive(&plain()); 12];
    for rule in [
        "C_Decrypt /5 return CKR_DEVICE_ERROR",
        "C_Decrypt /2 return CKR_GENERAL_ERROR",
        "C_DecryptInit /5 return CKR_DEVICE_ERROR",
        "C_DecryptInit /2 return CKR_SESSION_HANDLE_INVALID",
        "C_Decrypt /3 answer 32",
        "C_Decrypt /3 then CKR_BUFFER_TOO_SMALL",
    ] {
        // One session: what another one asks meanwhile would move the failures about.
        let rules = ["hardware", "stuck-sessions", rule];
        let (run, ledger) = decrypt(&keyed, &rules, &archives);
        run.ok();
        assert_eq!(ledger.logins(1).len(), 1, "{rule}");
    }
}

#[test]
fn a_key_whose_turn_always_meets_the_failure_opens_its_archive() {
    let keyed = Keyed::new();
    let publics = [
        keyed.public.clone(),
        keyed.add_key(2048),
        keyed.add_key(2048),
    ];
    let sealed = |public: &String| Sealed::current(public, &plain()).archive();
    // Of three keys, one is tried each time that the device fails.
    let mut archives: Vec<_> = publics.iter().map(sealed).collect();
    archives.push(bad());
    archives.extend(publics.iter().map(sealed));
    for rv in ["CKR_DEVICE_ERROR", "CKR_GENERAL_ERROR"] {
        let rule = format!("C_Decrypt /3 return {rv}");
        let (run, _) = decrypt(&keyed, &["hardware", &rule], &archives);
        let run = run.fails(20);
        assert!(
            run.err().contains("6 of 7 archives opened"),
            "{}",
            run.err()
        );
    }
}

#[test]
fn a_good_archive_costs_one_use_of_the_key() {
    let keyed = Keyed::new();
    let archives = vec![keyed.archive(&plain()); 3];
    let (run, ledger) = decrypt(&keyed, &[], &archives);
    run.ok();
    assert_eq!(ledger.count("C_DecryptInit"), 3);
    assert_eq!(ledger.count("C_Decrypt"), 3);
    assert_eq!(ledger.count("C_OpenSession"), 1);
}

#[test]
fn a_proof_that_fails_once_does_not_blame_the_device() {
    let keyed = Keyed::new();
    let (run, ledger) = decrypt(&keyed, &[], &[bad()]);
    run.fails(20);
    let uses = ledger.count("C_Decrypt");
    let last = format!("C_Decrypt {uses} return CKR_DEVICE_ERROR");
    let (run, _) = decrypt(&keyed, &[&last], &[bad()]);
    run.fails(20);
}

#[test]
fn a_device_that_is_lost_is_not_taken_for_a_bad_archive() {
    let keyed = Keyed::new();
    let (good, bad) = (keyed.archive(&plain()), bad());
    for rule in [
        "C_Decrypt * return CKR_DEVICE_ERROR",
        "C_Decrypt * return CKR_ENCRYPTED_DATA_INVALID",
        "C_Decrypt 2- return CKR_GENERAL_ERROR",
        "C_Decrypt * answer 32",
        "C_Decrypt 1 remove",
        "C_DecryptInit 1 remove",
        "C_DecryptInit * return CKR_DEVICE_ERROR",
        "C_OpenSession 2- return CKR_DEVICE_REMOVED",
        "C_FindObjectsInit 1 remove",
    ] {
        for archive in [&bad, &good] {
            // With the later calls lost, a good archive was opened before.
            let opened = rule.contains(" 2-") && archive == &good;
            let (run, _) = decrypt(&keyed, &[rule], std::slice::from_ref(archive));
            let run = run.fails(if opened { 0 } else { 11 });
            assert!(!run.err().contains("cannot decrypt"), "{}", run.err());
        }
    }
}

#[test]
fn a_device_that_is_lost_is_not_asked_for_the_other_archives() {
    let keyed = Keyed::new();
    let archives = vec![keyed.archive(&plain()); 3];
    let (run, ledger) = decrypt(&keyed, &["C_Decrypt 2 remove"], &archives);
    let run = run.fails(11);
    assert!(run.err().contains("0.zip ->"), "{}", run.err());
    assert!(run.err().contains("1.zip: the token"), "{}", run.err());
    assert!(!run.err().contains("2.zip"), "{}", run.err());
    assert_eq!(ledger.logins(1).len(), 1);
}

#[test]
fn slots_that_move_when_the_module_is_restarted_are_found_again() {
    let token = Token::new();
    token.add("another");
    let work = Work::new(&token);
    let faulty = Faulty::before(&token).rule("shuffle-slots");
    let generate = work.cmd(GENERATE).pin().arg("--token=test");
    faulty.drive(generate).run().ok();
    let public = work.read(format!(".secrets/beneficiary/{ADDRESS}_key.pub"));
    let public = String::from_utf8(public).unwrap();
    let archive = Sealed::current(&public, &plain()).archive();
    work.write("encryptedResults.zip", archive);
    let decrypt = work.cmd(["result", "decrypt"]).pin();
    faulty.drive(decrypt).run().ok();
    assert!(work.read("results.zip") == plain());
    let init = work.cmd(["token", "init", "--token-label", "third"]).pin();
    let init = init.env("IEXEC_HSM_SO_PIN", &token.so_pin);
    faulty.drive(init).run().ok();
}

#[test]
fn a_modulus_with_rubbish_behind_it_is_not_published() {
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = Faulty::before(&token).rule("rubbish-modulus");
    faulty.drive(work.cmd(GENERATE).pin()).run().ok();
    let public = work.read(format!(".secrets/beneficiary/{ADDRESS}_key.pub"));
    let public = String::from_utf8(public).unwrap();
    assert_eq!(openssl::modulus_len(&public), 256);
    let exported = work.run(["key", "export"]).ok();
    assert_eq!(exported.out(), public);
}
