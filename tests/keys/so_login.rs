//! Tokens that let only the SO make keys.

use crate::support::*;

const SO: u8 = 0;
const USER: u8 = 1;

/// In front of `token`, whose SO alone makes keys.
fn faulty(token: &Token) -> Faulty<'_> {
    let rule = format!("so-generates {} {}", token.pin, token.so_pin);
    Faulty::before(token).rule(rule)
}

fn generate(work: &Work<'_>, args: &[&str]) -> Cmd {
    let all = ["result", "generate-keys", "--bits=2048"];
    let cmd = work.cmd(all.iter().chain(args)).pin();
    cmd.env("IEXEC_HSM_WALLET_ADDRESS", ADDRESS)
}

fn has_key(token: &Token) -> bool {
    token.objects().contains("Private Key Object")
}

#[test]
fn the_so_makes_the_key_and_the_user_tries_it() {
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = faulty(&token);
    let cmd = generate(&work, &["--so-login"]).arg("--so-pin-file");
    faulty.drive(cmd.arg(token.so_pin_file())).run().ok();
    let ledger = faulty.ledger();
    let users: Vec<&str> = ledger
        .of("C_Login")
        .iter()
        .map(|it| it.arg("user"))
        .collect();
    // The user first: a wrong PIN is known before there is a key.
    assert_eq!(users, ["1", "0", "1"]);
    assert_eq!(ledger.count("C_GenerateKeyPair"), 1);
    assert_eq!(ledger.count("C_Decrypt"), 1);
    let public = work.read(format!(".secrets/beneficiary/{ADDRESS}_key.pub"));
    let plain = plain_zip(&[("result.txt", b"Hello, world!")]);
    let public = String::from_utf8(public).unwrap();
    work.write("a.zip", Sealed::current(&public, &plain).archive());
    let open = work.cmd(["result", "decrypt", "a.zip"]).pin();
    faulty.drive(open).run().ok();
    assert_eq!(work.read("results.zip"), plain);
}

#[test]
fn the_so_pin_comes_from_file_environment_descriptor_or_terminal() {
    for source in ["environment", "file", "descriptor"] {
        let token = Token::new();
        let work = Work::new(&token);
        let faulty = faulty(&token);
        let cmd = faulty.drive(generate(&work, &["--so-login"]));
        let cmd = match source {
            "environment" => cmd.env("IEXEC_HSM_SO_PIN", &token.so_pin),
            "file" => cmd.env("IEXEC_HSM_SO_PIN_FILE", token.so_pin_file()),
            _ => cmd
                .arg("--so-pin-file=/dev/fd/0")
                .stdin(token.so_pin.clone()),
        };
        cmd.run().ok();
        let logins = faulty.ledger();
        let logins = logins.logins(SO);
        assert_eq!(
            logins[0].arg("pin"),
            faulty.class_of(&token.so_pin),
            "{source}"
        );
    }
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = faulty(&token);
    let mut pty = Pty::spawn(&faulty.drive(generate(&work, &["--so-login"])));
    pty.expect("SO PIN of the token \"test\": ");
    pty.send(&format!("{}\n", token.so_pin));
    assert_eq!(pty.wait().0, 0);
    assert!(has_key(&token));
}

#[test]
fn a_wrong_so_pin_costs_one_attempt_and_makes_nothing() {
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = faulty(&token);
    let cmd = generate(&work, &["--so-login"]).env("IEXEC_HSM_SO_PIN", "00000000");
    let run = faulty.drive(cmd).run().fails(12);
    assert!(run.err().contains("SO PIN"), "{}", run.err());
    let ledger = faulty.ledger();
    assert_eq!(ledger.logins(SO).len(), 1);
    assert_eq!(ledger.count("C_GenerateKeyPair"), 0);
    assert!(!work.exists(".secrets"));
}

#[test]
fn a_wrong_user_pin_is_known_before_the_so_is_asked() {
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = faulty(&token);
    let cmd = generate(&work, &["--so-login"]).without_env("IEXEC_HSM_PIN_FILE");
    let cmd = cmd
        .env("IEXEC_HSM_PIN", "99999")
        .env("IEXEC_HSM_SO_PIN", &token.so_pin);
    faulty.drive(cmd).run().fails(12);
    let ledger = faulty.ledger();
    assert_eq!((ledger.logins(USER).len(), ledger.logins(SO).len()), (1, 0));
}

#[test]
fn an_so_pin_that_is_blocked_or_at_its_last_attempt_is_not_sent() {
    let token = Token::new();
    let work = Work::new(&token);
    for flag in ["CKF_SO_PIN_LOCKED", "CKF_SO_PIN_FINAL_TRY"] {
        let faulty = faulty(&token).rule(format!("flag +{flag}"));
        let cmd = generate(&work, &["--so-login", "--no-input"]);
        faulty
            .drive(cmd.env("IEXEC_HSM_SO_PIN", &token.so_pin))
            .run()
            .fails(13);
        assert_eq!(faulty.ledger().logins(SO).len(), 0, "{flag}");
    }
}

#[test]
fn what_the_so_login_meets_is_told() {
    let token = Token::new();
    let work = Work::new(&token);
    for (rv, exit) in [
        ("CKR_PIN_LOCKED", 13),
        ("CKR_PIN_INCORRECT", 12),
        ("CKR_PIN_INVALID", 12),
        ("CKR_PIN_LEN_RANGE", 12),
        ("CKR_ARGUMENTS_BAD", 12),
        ("CKR_USER_TYPE_INVALID", 16),
        ("CKR_FUNCTION_NOT_SUPPORTED", 16),
        ("CKR_DEVICE_REMOVED", 11),
    ] {
        // The first login is the user's.
        let faulty = faulty(&token).rule(format!("C_Login 2 return {rv}"));
        let cmd = generate(&work, &["--so-login"]).env("IEXEC_HSM_SO_PIN", &token.so_pin);
        let run = faulty.drive(cmd).run().fails(exit);
        let told = match exit {
            13 => "the SO PIN of the token \"test\" is blocked",
            12 => "refused the SO PIN",
            16 => "Leave --so-login out",
            _ => "C_Login",
        };
        assert!(run.err().contains(told), "{rv}: {}", run.err());
        assert_eq!(faulty.ledger().count("C_GenerateKeyPair"), 0, "{rv}");
    }
}

#[test]
fn a_token_that_lets_its_user_make_none_is_told_of_with_the_ways_out() {
    let token = Token::new();
    let work = Work::new(&token);
    let error = faulty(&token)
        .drive(generate(&work, &["--raw"]))
        .run()
        .fails(16)
        .raw_error();
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("--so-login"), "{message}");
    assert!(message.contains("iexec-hsm key adopt"), "{message}");
}

#[test]
fn nobody_to_ask_for_the_so_pin_ends_it() {
    let token = Token::new();
    let work = Work::new(&token);
    let run = faulty(&token)
        .drive(generate(&work, &["--so-login", "--no-input"]))
        .run();
    assert!(run.err().contains("IEXEC_HSM_SO_PIN"), "{}", run.err());
    run.fails(14);
    assert!(!has_key(&token));
}
