//! Several archives in one command, opened side by side where the token has sessions for that.

use std::path::Path;

use crate::support::*;

const MANY: usize = 12;

/// A work folder with archives `00.zip` and so on, but for number `bad`, which is none.
fn archives(keyed: &Keyed, bad: Option<usize>) -> Work<'_> {
    let work = keyed.work();
    for number in 0..MANY {
        let archive = match bad {
            Some(bad) if bad == number => b"no zip".to_vec(),
            _ => keyed.archive(&plain(number)),
        };
        work.write(name(number), archive);
    }
    work
}

fn name(number: usize) -> String {
    format!("{number:02}.zip")
}

fn plain(number: usize) -> Vec<u8> {
    plain_zip(&[("number", number.to_string().as_bytes())])
}

fn args() -> Vec<String> {
    let mut args: Vec<String> = ["result", "decrypt", "--output-dir", "out"]
        .map(String::from)
        .into();
    args.extend((0..MANY).map(name));
    args
}

fn opened(work: &Work, number: usize) -> bool {
    let path = Path::new("out").join(name(number));
    work.exists(&path) && work.read(path) == plain(number)
}

#[test]
fn each_goes_to_its_place_and_the_lines_keep_the_order() {
    let keyed = Keyed::new();
    let work = archives(&keyed, None);
    let run = work.run(args()).ok();
    assert!((0..MANY).all(|number| opened(&work, number)));
    let lines: Vec<_> = run.err().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), MANY);
    for (number, line) in lines.iter().enumerate() {
        assert!(line.starts_with(&name(number)), "{number}: {line}");
    }
    work.is_tidy();
}

#[test]
fn there_is_one_login_and_one_use_of_the_key_for_each() {
    let keyed = Keyed::new();
    let work = archives(&keyed, None);
    let faulty = Faulty::before(&keyed.token);
    faulty.drive(work.cmd(args()).pin()).run().ok();
    let ledger = faulty.ledger();
    assert_eq!(ledger.count("C_Login"), 1);
    assert_eq!(ledger.count("C_Decrypt"), MANY);
    if std::thread::available_parallelism().is_ok_and(|it| it.get() > 1) {
        assert!(
            ledger.count("C_OpenSession") > 1,
            "no session beside the first"
        );
    }
}

#[test]
fn a_bad_one_stops_no_other_and_gives_the_exit_code() {
    let keyed = Keyed::new();
    for bad in [0, 1, MANY - 1] {
        let work = archives(&keyed, Some(bad));
        let run = work.run(args()).fails(21);
        for number in 0..MANY {
            assert_eq!(opened(&work, number), number != bad, "{number}");
        }
        let line = run.err().lines().nth(bad).map(str::to_owned);
        let expected = format!("error: {}", name(bad));
        assert!(
            line.is_some_and(|line| line.starts_with(&expected)),
            "{}",
            run.err()
        );
    }
}

#[test]
fn a_bad_one_makes_the_same_calls_whatever_the_token_says_of_it() {
    let keyed = Keyed::new();
    let work = archives(&keyed, None);
    let plain = plain(MANY - 1);
    let (_, stranger) = openssl::rsa_key(2048);
    let refused = Sealed::current(&stranger, &plain);
    let unwrapped = Sealed {
        key: openssl::rsa_wrap(&keyed.public, &[0x42; 32]),
        ..Sealed::current(&keyed.public, &plain)
    };
    let calls = [refused, unwrapped].map(|sealed| {
        work.write(name(MANY - 1), sealed.archive());
        let faulty = Faulty::before(&keyed.token);
        let cmd = work.cmd(args()).arg("--force").pin();
        faulty.drive(cmd).run().fails(20);
        let ledger = faulty.ledger();
        let mut calls: Vec<String> = ledger.names().into_iter().map(str::to_owned).collect();
        // Those of other archives come in between.
        calls.sort();
        calls
    });
    assert_eq!(calls[0], calls[1]);
}

#[test]
fn a_token_that_grants_no_more_sessions_opens_them_one_by_one() {
    let keyed = Keyed::new();
    let work = archives(&keyed, None);
    let faulty = Faulty::before(&keyed.token).rule("C_OpenSession 2- return CKR_SESSION_COUNT");
    faulty.drive(work.cmd(args()).pin()).run().ok();
    assert!((0..MANY).all(|number| opened(&work, number)));
    assert_eq!(faulty.ledger().count("C_Login"), 1);
}

#[test]
fn keys_that_want_the_pin_each_time_are_used_one_by_one() {
    let keyed = Keyed::new();
    let work = archives(&keyed, None);
    let pin = &keyed.token.pin;
    let faulty = Faulty::before(&keyed.token).rule(format!("always-authenticate {pin}"));
    faulty.drive(work.cmd(args()).pin()).run().ok();
    assert!((0..MANY).all(|number| opened(&work, number)));
    assert_eq!(faulty.ledger().count("C_Login"), 1 + MANY);
}

#[test]
fn a_device_has_no_more_sessions_than_one() {
    let keyed = Keyed::new();
    let work = archives(&keyed, None);
    let faulty = Faulty::before(&keyed.token).rule("hardware");
    faulty.drive(work.cmd(args()).pin()).run().ok();
    assert!((0..MANY).all(|number| opened(&work, number)));
    assert_eq!(faulty.ledger().count("C_OpenSession"), 1);
}

#[test]
fn a_device_that_is_lost_in_several_sessions_is_brought_back_for_all_of_them() {
    let keyed = Keyed::new();
    let pulled_at = ["C_Decrypt 5 remove", "C_DecryptInit 4 remove"];
    for pulled in pulled_at {
        let work = archives(&keyed, None);
        let faulty = Faulty::before(&keyed.token).rule(pulled);
        let faulty = faulty.rule("C_Finalize 1 insert").rule("shuffle-slots");
        let run = faulty.drive(work.cmd(args()).pin()).run().ok();
        assert!((0..MANY).all(|number| opened(&work, number)));
        let lines: Vec<_> = run.err().lines().map(str::to_owned).collect();
        for (number, line) in lines.iter().enumerate() {
            assert!(line.starts_with(&name(number)), "{number}: {line}");
        }
        let ledger = faulty.ledger();
        let logins = ledger.logins(1);
        assert_eq!(logins.len(), 2);
        assert_eq!(logins[0].arg("pin"), logins[1].arg("pin"));
        assert_eq!(ledger.count("C_Initialize"), 2);
        work.is_tidy();
    }
}

#[test]
fn a_pin_that_is_not_good_any_more_is_sent_once_for_all_sessions() {
    let keyed = Keyed::new();
    let work = archives(&keyed, None);
    let faulty = Faulty::before(&keyed.token)
        .rule("C_Decrypt 5 remove")
        .rule("C_Finalize 1 insert")
        .rule("C_Login 2 return CKR_PIN_INCORRECT");
    faulty.drive(work.cmd(args()).pin()).run().fails(12);
    assert_eq!(faulty.ledger().count("C_Login"), 2);
}

#[test]
fn a_device_that_is_lost_is_told_of_once() {
    let keyed = Keyed::new();
    let work = archives(&keyed, None);
    let faulty = Faulty::before(&keyed.token).rule("C_Decrypt 5 remove");
    let run = faulty.drive(work.cmd(args()).pin()).run().fails(11);
    assert_eq!(run.err().matches("error: ").count(), 1, "{}", run.err());
    assert!(run.err().starts_with("00.zip ->"), "{}", run.err());
    assert!(!opened(&work, MANY - 1));
    work.is_tidy();
}

#[test]
fn what_a_person_may_be_asked_of_is_asked_in_order() {
    let keyed = Keyed::new();
    let work = archives(&keyed, None);
    work.run(args()).ok();
    let mut pty = Pty::spawn(&work.cmd(args()).pin());
    for number in 0..MANY {
        pty.expect(&format!("{} already exists, replace it?", name(number)));
        pty.send(if number == 3 { "n\n" } else { "y\n" });
    }
    assert_eq!(pty.wait().0, 22);
}
