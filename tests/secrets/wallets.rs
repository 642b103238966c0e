//! The wallet's key and password are taken out of the environment before anything else is done.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::process::Command;

use crate::support::publish::*;
use crate::support::sms::Sms;
use crate::support::*;

#[test]
fn a_running_push_shows_neither_key_nor_password_in_proc() {
    let token = Token::new();
    let (work, sms) = (with_key(&token), Sms::start());
    let gate = work.path("gate");
    assert!(
        Command::new("mkfifo")
            .arg(&gate)
            .status()
            .unwrap()
            .success()
    );
    let started = work
        .cmd(["result", "push-encryption-key", "--pin-file"])
        .arg(&gate)
        .env("IEXEC_HSM_SMS_URL", sms.url())
        .env("IEXEC_HSM_WALLET_KEY", WALLET_KEY)
        .env("IEXEC_HSM_WALLET_PASSWORD", PASSWORD)
        .env("OTHER", "still there")
        .start();
    // Opens when the program opens it, long after it took its secrets.
    let mut gate = OpenOptions::new().write(true).open(gate).unwrap();
    match fs::read(format!("/proc/{}/environ", started.id())) {
        Ok(environment) => {
            let environment = String::from_utf8_lossy(&environment).into_owned();
            assert!(environment.contains("OTHER=still there"));
            for variable in ["IEXEC_HSM_WALLET_KEY=", "IEXEC_HSM_WALLET_PASSWORD="] {
                assert!(environment.contains(variable), "erased in place");
            }
            for secret in [WALLET_KEY, PASSWORD] {
                assert!(!environment.contains(secret));
            }
        }
        Err(error) => println!("skipped: the environment of another process: {error}"),
    }
    writeln!(gate, "{}", token.pin).unwrap();
    drop(gate);
    let run = started.wait().ok();
    no_secret(&run, &authorization(&work));
    assert_eq!(stored(&sms), Some(value(&work)));
}
