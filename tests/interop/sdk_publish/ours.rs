//! Our program as a side.

use super::side::{PASSWORD, Pushed};

use crate::support::Work;

pub fn check(work: &Work<'_>, options: &[&str]) -> Result<bool, String> {
    let check = ["result", "check-encryption-key", "--raw"];
    let run = work.cmd([&check, options].concat()).run();
    if run.code == Some(0) {
        return Ok(run.raw()["isEncryptionKeySet"].as_bool().unwrap());
    }
    Err(run.raw_error()["message"].as_str().unwrap().to_owned())
}

pub fn push(work: &Work<'_>, options: &[&str]) -> Pushed {
    let push = ["result", "push-encryption-key", "--raw", "--trust-project"];
    let cmd = work.cmd([&push, options].concat()).pin();
    let run = cmd.env("IEXEC_HSM_WALLET_PASSWORD", PASSWORD).run();
    if run.code == Some(32) {
        return Pushed::Refused;
    }
    let answer = run.ok().raw();
    assert_eq!(answer["isPushed"], true, "{answer}");
    match answer["isUpdated"].as_bool().unwrap() {
        true => Pushed::Updated,
        false => Pushed::Created,
    }
}
