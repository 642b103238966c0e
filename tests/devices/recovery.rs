//! A device that is lost and found again while archives are opened: the least that helps is done, in its order, and no
//! archive is lost by it.

use std::fs;

use crate::support::faulty::Ledger;
use crate::support::*;

fn plain() -> Vec<u8> {
    plain_zip(&[("result.txt", b"Hello, world!")])
}

/// Opens three archives in one command behind a module with these rules.
fn decrypt(keyed: &Keyed, rules: &[&str]) -> (Run, Ledger, usize) {
    // A device: several archives are opened one after the other.
    let faulty = Faulty::before(&keyed.token).rule("hardware");
    let faulty = rules.iter().fold(faulty, Faulty::rule);
    let work = keyed.work();
    let mut cmd = work.cmd(["result", "decrypt", "--output-dir", "out"]).pin();
    for name in ["a.zip", "b.zip", "c.zip"] {
        work.write(name, keyed.archive(&plain()));
        cmd = cmd.arg(name);
    }
    let run = faulty.drive(cmd).run();
    let opened = fs::read_dir(work.path("out")).map_or(0, |folder| {
        let paths = folder.map(|it| it.unwrap().path());
        paths
            .inspect(|it| assert_eq!(fs::read(it).unwrap(), plain()))
            .count()
    });
    work.is_tidy();
    (run, faulty.ledger(), opened)
}

/// How often it logged in and was initialised when all archives were opened in spite of `rules`.
fn found_again(rules: &[&str]) -> (usize, usize) {
    let keyed = Keyed::new();
    let (run, ledger, opened) = decrypt(&keyed, rules);
    run.ok();
    assert_eq!(opened, 3, "{rules:?}");
    let logins = ledger.logins(1);
    let pins = logins.iter().map(|it| it.arg("pin"));
    assert!(
        pins.clone().all(|it| it == logins[0].arg("pin")),
        "{rules:?}"
    );
    (logins.len(), ledger.count("C_Initialize"))
}

#[test]
fn a_session_that_has_ended_is_opened_anew() {
    for rv in [
        "CKR_SESSION_CLOSED",
        "CKR_SESSION_HANDLE_INVALID",
        "0xffffffffffffffff",
    ] {
        let rule = format!("C_DecryptInit 2-3 return {rv}");
        assert_eq!(found_again(&[&rule]), (1, 1), "{rv}");
    }
}

#[test]
fn a_login_that_has_ended_is_made_again_with_the_same_pin() {
    let rule = "C_DecryptInit 2-5 return CKR_USER_NOT_LOGGED_IN";
    assert_eq!(found_again(&[rule]), (2, 1));
}

#[test]
fn a_device_that_needs_it_is_found_by_a_restart_of_the_module() {
    let rule = "C_DecryptInit 2-7 return CKR_GENERAL_ERROR";
    assert_eq!(found_again(&[rule]), (3, 2));
}

#[test]
fn a_token_that_is_pulled_and_replugged_is_found_again() {
    for call in ["C_DecryptInit", "C_Decrypt"] {
        let pulled = format!("{call} 2 remove");
        // Nobody is logged in while the token is away.
        assert_eq!(found_again(&[&pulled, "C_Finalize 1 insert"]), (2, 2));
        assert_eq!(
            found_again(&[&pulled, "C_Finalize 2 insert", "shuffle-slots"]),
            (2, 3)
        );
    }
}

#[test]
fn a_module_that_does_not_come_back_at_once_is_asked_again() {
    let rules = [
        "C_Decrypt 2 remove",
        "C_Finalize 1 insert",
        "C_Initialize 2-3 return CKR_DEVICE_ERROR",
    ];
    assert_eq!(found_again(&rules), (2, 4));
}

#[test]
fn a_device_that_is_away_for_some_seconds_is_waited_for_and_that_is_said() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain()));
    let faulty = Faulty::before(&keyed.token)
        .rule("hardware")
        .rule("C_Decrypt 1 remove")
        .rule("C_Finalize 5 insert");
    let cmd = work.cmd(["result", "decrypt", "a.zip"]).pin();
    let cmd = cmd.without_env("IEXEC_HSM_DEVICE_TIMEOUT");
    let run = faulty.drive(cmd).run().ok();
    assert!(work.read("results.zip") == plain());
    let said = run.err().matches("trying to bring it back").count();
    assert_eq!(said, 1, "{}", run.err());
    assert_eq!(faulty.ledger().logins(1).len(), 2);
}

#[test]
fn the_time_for_a_device_can_be_set() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain()));
    let faulty = Faulty::before(&keyed.token)
        .rule("hardware")
        .rule("C_Decrypt 1 remove");
    let cmd = work
        .cmd(["result", "decrypt", "a.zip", "--device-timeout", "0"])
        .pin();
    faulty.drive(cmd).run().fails(11);
    // The one at the start, and one restart at once.
    assert_eq!(faulty.ledger().count("C_Initialize"), 2);
}

#[test]
fn a_device_that_stays_away_is_given_up_in_the_end() {
    let keyed = Keyed::new();
    let (run, ledger, opened) = decrypt(&keyed, &["C_Decrypt 2 remove"]);
    let run = run.fails(11);
    assert!(
        run.err().contains("b.zip: the token does not answer"),
        "{}",
        run.err()
    );
    assert_eq!(opened, 1);
    assert_eq!(ledger.count("C_Initialize"), 4);
    assert_eq!(ledger.logins(1).len(), 1);
}

#[test]
fn a_pin_that_is_not_good_any_more_is_sent_once() {
    let keyed = Keyed::new();
    let rules = [
        "C_Decrypt 2 remove",
        "C_Finalize 1 insert",
        "C_Login 2 return CKR_PIN_INCORRECT",
    ];
    let (run, ledger, opened) = decrypt(&keyed, &rules);
    run.fails(12);
    assert_eq!((opened, ledger.logins(1).len()), (1, 2));
}

#[test]
fn a_pin_at_its_last_attempt_is_not_sent_by_itself() {
    let keyed = Keyed::new();
    let rules = [
        "pin-tries 3",
        "C_Decrypt 2 remove",
        "C_Finalize 1 insert",
        "C_Finalize 1 final-try",
    ];
    let (run, ledger, opened) = decrypt(&keyed, &rules);
    run.fails(13);
    assert_eq!((opened, ledger.logins(1).len()), (1, 1));
}

#[test]
fn a_key_that_wants_the_pin_for_each_use_is_found_again_too() {
    let keyed = Keyed::new();
    let always = format!("always-authenticate {}", keyed.token.pin);
    let rules = [
        always.as_str(),
        "C_DecryptInit 2 remove",
        "C_Finalize 1 insert",
    ];
    let (run, ledger, opened) = decrypt(&keyed, &rules);
    run.ok();
    assert_eq!((opened, ledger.logins(1).len()), (3, 2));
}

#[test]
fn keys_that_share_an_id_are_told_apart_when_they_are_found_again() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let another = ["result", "generate-keys", "--bits=2048", "--label=another"];
    work.cmd(another)
        .args(&["--wallet-address", ADDRESS])
        .pin()
        .run()
        .ok();
    let another = work.read(format!(".secrets/beneficiary/{ADDRESS}_key.pub"));
    let publics = [keyed.public.clone(), String::from_utf8(another).unwrap()];
    for (name, public) in ["a.zip", "b.zip", "c.zip", "d.zip"]
        .iter()
        .zip(publics.iter().cycle())
    {
        work.write(name, Sealed::current(public, &plain()).archive());
    }
    let faulty = Faulty::before(&keyed.token)
        .rule("hardware")
        .rule("attribute CKA_ID 0a0b")
        .rule("C_DecryptInit 2-5 return CKR_USER_NOT_LOGGED_IN");
    let decrypt = ["result", "decrypt", "a.zip", "b.zip", "c.zip", "d.zip"];
    let cmd = work.cmd(decrypt).arg("--output-dir=out").pin();
    faulty.drive(cmd).run().ok();
    assert_eq!(faulty.ledger().logins(1).len(), 2);
}

#[test]
fn a_key_that_wants_the_pin_for_each_use_is_not_used_to_see_whether_the_device_works() {
    let keyed = Keyed::new();
    let always = format!("always-authenticate {}", keyed.token.pin);
    let lost = "C_DecryptInit 2-3 return CKR_SESSION_HANDLE_INVALID";
    let (run, ledger, opened) = decrypt(&keyed, &[&always, lost]);
    run.ok();
    assert_eq!(opened, 3);
    let uses = ledger.of("C_Decrypt").len();
    assert_eq!(
        (uses, ledger.logins(2).len()),
        (3, 3),
        "{:?}",
        ledger.names()
    );
}

#[test]
fn a_login_of_which_nobody_knows_whether_it_cost_an_attempt_is_made_twice_at_most() {
    let keyed = Keyed::new();
    let work = keyed.work();
    work.write("a.zip", keyed.archive(&plain()));
    let faulty = Faulty::before(&keyed.token)
        .rule("hardware")
        .rule("C_Decrypt 1 remove")
        .rule("C_Finalize 1 insert")
        .rule("C_Login 2- return CKR_GENERAL_ERROR");
    let cmd = work
        .cmd(["result", "decrypt", "a.zip", "--device-timeout", "60s"])
        .pin();
    let run = faulty.drive(cmd).run().fails(11);
    assert!(
        run.err()
            .contains("not known whether a PIN attempt was spent"),
        "{}",
        run.err()
    );
    assert_eq!(faulty.ledger().logins(1).len(), 3);
}
