//! Tokens that count wrong PINs: how few attempts it costs, and what people are told.

use crate::support::*;

const LIST: [&str; 2] = ["key", "list"];
const GENERATE: [&str; 5] = [
    "result",
    "generate-keys",
    "--bits=2048",
    "--wallet-address",
    ADDRESS,
];

/// A token that locks after three wrong PINs, of which some were entered.
fn after_wrong_pins(token: &Token, wrong: u64) -> Faulty<'_> {
    let faulty = Faulty::before(token).rule("pin-tries 3");
    faulty.set_wrong_pins(wrong);
    faulty
}

fn pin_state(faulty: &Faulty, work: &Work) -> String {
    let info = faulty.drive(work.cmd(["token", "info", "--raw"])).run();
    let state = info.ok().raw()["pin"].as_str().unwrap().to_owned();
    let list = faulty.drive(work.cmd(["token", "list"])).run().ok();
    let words = match state.as_str() {
        "ok" => "user PIN set\n",
        "count-low" => "the last one entered was wrong\n",
        "final-try" => "one attempt left\n",
        _ => "user PIN blocked\n",
    };
    assert!(list.out().contains(words), "{}", list.out());
    state
}

#[test]
fn a_blocked_pin_is_named_and_not_sent() {
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = after_wrong_pins(&token, 3);
    assert_eq!(pin_state(&faulty, &work), "blocked");
    faulty.ledger();
    for args in [&LIST[..], &GENERATE, &["key", "list", "--final-pin-try"]] {
        let run = faulty.drive(work.cmd(args).arg("--raw").pin()).run();
        let error = run.fails(13).raw_error();
        assert_eq!(error["code"], "pin-blocked");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("\"test\" is blocked"), "{message}");
        let ledger = faulty.ledger();
        assert_eq!(ledger.count("C_Login"), 0, "{ledger:?}");
    }
    // Nobody is asked for a PIN, and no source is read, in vain.
    let (code, shown) = Pty::spawn(&faulty.drive(work.cmd(LIST))).wait();
    assert_eq!(code, 13, "{shown}");
    assert!(!shown.contains("PIN of the token \"test\":"), "{shown}");
    let missing = work.cmd(LIST).env("IEXEC_HSM_PIN_FILE", "/nowhere/pin");
    faulty.drive(missing).run().fails(13);
}

#[test]
fn wrong_pins_block_a_token_only_with_the_last_attempt_granted() {
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = after_wrong_pins(&token, 0);
    let wrong = |option: &str| {
        let cmd = work.cmd(LIST).env("IEXEC_HSM_PIN", "99999999").arg(option);
        let run = faulty.drive(cmd).run();
        (run, faulty.ledger().count("C_Login"))
    };
    let (run, logins) = wrong("--no-input");
    assert_eq!(logins, 1);
    assert!(run.fails(12).err().contains("refused the PIN"));
    assert_eq!(pin_state(&faulty, &work), "count-low");
    let (run, logins) = {
        faulty.ledger();
        wrong("--no-input")
    };
    assert_eq!(logins, 1);
    let run = run.fails(12);
    assert!(run.err().contains("one attempt is left"), "{}", run.err());
    assert_eq!(pin_state(&faulty, &work), "final-try");
    faulty.ledger();
    let (run, logins) = wrong("--no-input");
    assert_eq!(logins, 0);
    run.fails(13);
    let (run, logins) = wrong("--final-pin-try");
    assert_eq!(logins, 1);
    let run = run.fails(13);
    assert!(run.err().contains("is blocked"), "{}", run.err());
    assert_eq!(pin_state(&faulty, &work), "blocked");
}

#[test]
fn a_token_that_says_blocked_only_when_asked_is_named_so() {
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = Faulty::before(&token).rule("C_Login 1 return CKR_PIN_LOCKED");
    let run = faulty.drive(work.cmd(LIST).pin()).run().fails(13);
    assert!(run.err().contains("is blocked"), "{}", run.err());
    // One that says PIN_INCORRECT even then is known by its flag.
    let faulty = Faulty::before(&token)
        .rule("flag +CKF_USER_PIN_LOCKED after 1")
        .rule("C_Login 1 then CKR_PIN_INCORRECT");
    let wrong = work.cmd(LIST).env("IEXEC_HSM_PIN", "99999999");
    let run = faulty.drive(wrong).run().fails(13);
    assert!(run.err().contains("is blocked"), "{}", run.err());
}

#[test]
fn the_last_attempt_is_used_only_with_the_option_where_nobody_can_be_asked() {
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = after_wrong_pins(&token, 2);
    for args in [&LIST[..], &["key", "list", "--no-input"], &GENERATE] {
        let run = faulty.drive(work.cmd(args).pin()).run().fails(13);
        assert!(run.err().contains("one PIN attempt left"), "{}", run.err());
        assert!(run.err().contains("--final-pin-try"), "{}", run.err());
        assert_eq!(faulty.ledger().count("C_Login"), 0);
    }
    let granted = work.cmd(LIST).pin().arg("--final-pin-try");
    faulty.drive(granted).run().ok();
    assert_eq!(faulty.ledger().count("C_Login"), 1);
    assert_eq!(pin_state(&faulty, &work), "ok");
}

#[test]
fn the_last_attempt_is_used_on_a_terminal_only_after_yes() {
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = after_wrong_pins(&token, 2);
    for answer in ["no\n", "\n", "y\n", "YES\n", "\x04"] {
        let mut pty = Pty::spawn(&faulty.drive(work.cmd(LIST)));
        pty.expect("one PIN attempt left")
            .expect("Type yes: ")
            .send(answer);
        let (code, shown) = pty.wait();
        assert_eq!(code, 13, "{shown}");
        assert!(!shown.contains("PIN of the token"), "{shown}");
        assert_eq!(faulty.ledger().count("C_Login"), 0);
    }
    let mut pty = Pty::spawn(&faulty.drive(work.cmd(LIST)));
    pty.expect("Type yes: ").send("yes\n");
    pty.expect("PIN of the token \"test\" (the last attempt): ");
    pty.until_echo(false).send("1234\n");
    let (code, shown) = pty.wait();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(faulty.ledger().count("C_Login"), 1);
}

#[test]
fn the_prompt_says_that_a_wrong_pin_came_before() {
    let token = Token::new();
    let work = Work::new(&token);
    let faulty = after_wrong_pins(&token, 1);
    let mut pty = Pty::spawn(&faulty.drive(work.cmd(LIST)));
    pty.expect("PIN of the token \"test\" (the last one was wrong; attempts may be running out): ");
    pty.until_echo(false).send("9999\n");
    let (code, shown) = pty.wait();
    assert_eq!(code, 12, "{shown}");
    // The flag says no more than that, however many attempts are left.
    assert!(!shown.contains("few attempts"), "{shown}");
    assert!(shown.contains("one attempt is left"), "{shown}");
}
