//! Over all commands, with an agent and without: a PIN that is wrong costs one attempt, none is spent at the last one, and
//! none at a token whose PIN is blocked.

use std::collections::BTreeSet;

use crate::support::agent::command;
use crate::support::publish::*;
use crate::support::sms::Sms;
use crate::support::*;

const WRONG: &str = "99999999";

/// What a command needs to get as far as to a PIN.
fn arguments(command: &str) -> &'static [&'static str] {
    match command {
        "result generate-encryption-keypair" => &["--bits=2048", "--wallet-address", OTHER],
        "result decrypt" => &["a.zip", "b.zip", "--output-dir", "out"],
        "result encrypt" => &["plain", "--output", "sealed.zip"],
        "result inspect" => &["a.zip"],
        "result import-encryption-key" => &["old.pem", "--wallet-address", OTHER],
        "key adopt" => &["--wallet-address", OTHER],
        "key delete" => &["--confirm-label", "iexec result key 7e5f4552"],
        "key export" => &["--output", "exported.pem"],
        "wallet list" => &["--login"],
        "agent start" => &["--idle", "1h"],
        "setup" => &["--wallet-address", OTHER, "--new-key", "--bits=2048"],
        "doctor" => &["--selftest", "--offline"],
        _ => &[],
    }
}

/// Commands that use the token, each of which has to get as far.
const LOG_IN: [&str; 14] = [
    "result generate-encryption-keypair",
    "result push-encryption-key",
    "result decrypt",
    "result import-encryption-key",
    "key list",
    "key show",
    "key adopt",
    "key delete",
    "wallet create",
    "wallet list",
    "agent start",
    "setup",
    "doctor",
    "token change-pin",
];

/// A folder with all that commands want, and a token that locks after three wrong PINs.
struct Place<'t> {
    work: Work<'t>,
    faulty: Faulty<'t>,
    sms: Sms,
}

impl<'t> Place<'t> {
    fn new(token: &'t Token) -> Self {
        let work = with_key(token);
        let public = String::from_utf8(work.read(public_file())).unwrap();
        for name in ["a.zip", "b.zip"] {
            let sealed = Sealed::current(&public, &plain_zip(&[("a", b"b")]));
            work.write(name, sealed.archive());
        }
        work.write("plain", "x");
        work.write("old.pem", openssl::rsa_key(2048).0);
        Self {
            work,
            faulty: Faulty::before(token).rule("pin-tries 3"),
            sms: Sms::start(),
        }
    }

    /// A command with a wrong PIN, and nobody to ask.
    fn cmd(&self, command: &str) -> Cmd {
        let words: Vec<&str> = command.split(' ').collect();
        let cmd = self.work.cmd([&words, arguments(command)].concat());
        self.faulty
            .drive(cmd)
            .arg("--no-input")
            .env("IEXEC_HSM_PIN", WRONG)
            .env("IEXEC_HSM_SMS_URL", self.sms.url())
            .env("IEXEC_HSM_WALLET_KEY", WALLET_KEY)
            .env("IEXEC_HSM_AGENT_SOCK", self.work.path("../none/agent.sock"))
    }

    /// How often somebody logged in, whoever it was.
    fn logins(&self) -> usize {
        self.faulty.ledger().count("C_Login")
    }
}

#[test]
fn a_wrong_pin_costs_one_attempt_whatever_the_command_and_none_at_the_last_or_when_blocked() {
    let token = Token::new();
    let place = Place::new(&token);
    let mut logged_in = BTreeSet::new();
    for command in commands(&place.work) {
        // Wrong PINs before, and the exit code of a command that needs a PIN.
        for (before, tries, exit) in [(0, 1, 12), (2, 0, 13), (3, 0, 13)] {
            place.faulty.set_wrong_pins(before);
            place.faulty.ledger();
            let run = unchanged(&place.work.folder().join(".secrets"), || {
                place.cmd(&command).run()
            });
            let logins = place.logins();
            assert!(
                logins <= tries,
                "{command}: {logins} of {tries}: {}",
                run.err()
            );
            if logins == 1 {
                logged_in.insert(command.clone());
            }
            if LOG_IN.contains(&command.as_str()) {
                assert_eq!(
                    (run.code, logins),
                    (Some(exit), tries),
                    "{command}: {}",
                    run.err()
                );
            }
        }
    }
    let expected = LOG_IN.iter().map(|it| (*it).to_owned()).collect();
    assert_eq!(logged_in, expected);
    assert!(place.sms.requests().iter().all(|it| it.method == "HEAD"));
}

#[test]
fn a_wrong_pin_for_a_locked_agent_costs_one_attempt_whatever_the_command() {
    let token = Token::new();
    let place = Place::new(&token);
    let agent = Agent::start(place.faulty.drive(command(&place.work, &[])));
    let mut logged_in = 0;
    for command in commands(&place.work) {
        if matches!(command.as_str(), "agent start" | "agent stop") {
            continue;
        }
        place.faulty.set_wrong_pins(0);
        place.faulty.ledger();
        let cmd = place
            .cmd(&command)
            .env("IEXEC_HSM_AGENT_SOCK", &agent.socket);
        // Another one each time: what the agent knows to be wrong it does not send.
        let wrong = format!("9999{logged_in:04}");
        let run = cmd.env("IEXEC_HSM_PIN", wrong).run();
        let logins = place.logins();
        assert!(logins <= 1, "{command}: {logins}: {}", run.err());
        logged_in += logins;
        assert_eq!(agent.state(), "locked", "{command}");
    }
    assert!(logged_in >= 10, "{logged_in}");
}
