//! The two sides, asked for the same.

use serde_json::{Value, json};

use super::ours;

use crate::support::sms::Sms;
use crate::support::{ADDRESS, Run, Sdk, Work};

pub const PRIVATE_KEY: &str = "0x0000000000000000000000000000000000000000000000000000000000000001";
/// With letters that the SDK writes in another way before it uses them.
pub const PASSWORD: &str = "correct hörse, ﬁne ①";

/// Whoever publishes.
#[derive(Clone, Copy)]
pub enum Side<'a> {
    Ours,
    Sdk(&'a Sdk),
}

/// What became of a push.
#[derive(Debug, PartialEq, Eq)]
pub enum Pushed {
    Created,
    Updated,
    /// Something is published already.
    Refused,
}

impl Side<'_> {
    /// Whether a key is published for the wallet.
    pub fn check(self, work: &Work<'_>, options: &[&str]) -> bool {
        self.try_check(work, options).unwrap()
    }

    /// Whether a key is published for the wallet, or what is said against asking.
    pub fn try_check(self, work: &Work<'_>, options: &[&str]) -> Result<bool, String> {
        match self {
            Self::Ours => ours::check(work, options),
            Self::Sdk(sdk) => {
                let check = ["result", "check-encryption-key"];
                let run = sdk.iexec(work, [&check, options].concat());
                if run.code == Some(0) {
                    return Ok(run.raw()["isEncryptionKeySet"].as_bool().unwrap());
                }
                let failure: Value = serde_json::from_slice(&run.stderr).unwrap();
                Err(failure["error"]["message"].as_str().unwrap().to_owned())
            }
        }
    }

    /// Publishes the key of the wallet.
    pub fn push(self, work: &Work<'_>, options: &[&str]) -> Pushed {
        match self {
            Self::Ours => ours::push(work, options),
            Self::Sdk(sdk) => {
                let push = ["result", "push-encryption-key", "--password", PASSWORD];
                sdk_pushed(&sdk.iexec(work, [&push, options].concat()))
            }
        }
    }
}

fn sdk_pushed(run: &Run) -> Pushed {
    if run.code == Some(0) {
        let answer = run.raw();
        assert_eq!(answer["isPushed"], true, "{answer}");
        return match answer["isUpdated"].as_bool().unwrap() {
            true => Pushed::Updated,
            false => Pushed::Created,
        };
    }
    assert!(run.err().contains("already exists for"), "{}", run.err());
    Pushed::Refused
}

/// Writes a `chain.json`. Both generations of the SDK read the form that it gets from [`chain`].
pub fn write_chains<const N: usize>(work: &Work<'_>, chains: [(&str, Value); N]) {
    let chains = chains.map(|(name, chain)| (name.to_owned(), chain));
    let chains: serde_json::Map<_, _> = chains.into_iter().collect();
    let file = json!({ "default": "default", "chains": chains });
    work.write("chain.json", file.to_string());
}

/// Writes the plain wallet of [`PRIVATE_KEY`].
pub fn write_plain_wallet(work: &Work<'_>) {
    let wallet = json!({ "privateKey": PRIVATE_KEY, "address": ADDRESS });
    work.write("wallet.json", wallet.to_string());
}

/// An entry of `chain.json`. Nothing listens at its RPC service.
pub fn chain(sms: &Sms) -> Value {
    json!({
        "id": "65535",
        "host": "http://127.0.0.1:1",
        "hub": "0xB2157BF2fAb286b2A4170E3491Ac39770111Da3E",
        "sms": sms.url(),
    })
}

/// The target of the last request.
pub fn last_target(sms: &Sms) -> String {
    sms.requests().last().unwrap().target.clone()
}
