use std::time::Duration;

use super::super::tests::{full, path, says};
use super::*;
use crate::agent::wire::Refusal;
use crate::code::Code;
use crate::envelope::PublicKeyError;
use crate::token::TokenError;
use crate::wallet::address::Address;

#[test]
fn hints_of_asking_an_agent() {
    use ClientError as Error;
    let io = |pin_sent| Error::Io {
        path: path(),
        source: full(),
        pin_sent,
    };
    let refusal = || Refusal::new(Code::Failed, "no").hint("Its own advice.");
    for (error, words) in [
        (Error::NotThere(path()), "iexec-hsm agent start"),
        (io(false), "iexec-hsm agent status"),
        (io(true), "iexec-hsm token info"),
        (Error::Foreign(path()), "--agent-sock"),
        (Error::Replaceable(path()), "--agent-sock"),
        (Error::NoAgent(path()), "restart the agent"),
        (Error::Locked(refusal()), "Its own advice."),
        (Error::Refused(refusal()), "Its own advice."),
    ] {
        says(client(&error), words);
    }
}

#[test]
fn hints_of_a_socket() {
    use SocketError as Error;
    let io = Error::Io {
        path: path(),
        source: full(),
    };
    for (error, words) in [
        (Error::InUse(path()), "iexec-hsm agent stop"),
        (Error::Folder(path()), "mkdir -m 700"),
        (Error::NotASocket(path()), "--agent-sock"),
        (io, "--agent-sock"),
        (Error::Passed(full()), "ListenStream="),
    ] {
        says(socket(&error), words);
    }
}

#[test]
fn hints_of_what_an_agent_refuses() {
    use AgentError as Error;
    let request = Error::Request {
        message: "no JSON".into(),
        status: 400,
    };
    let (time, address) = (Duration::from_secs(7), Address::from([0; 20]));
    let blocked = TokenError::PinBlocked("mine".into());
    let no_key = PublicKeyError::Damaged("no DER");
    for (error, words) in [
        (request, "Correct the request"),
        (Error::Locked("it was idle"), "iexec-hsm agent unlock"),
        (Error::Unlocking, "Try again"),
        (Error::Busy, "Try again"),
        (Error::RefusedPin, "restart the agent"),
        (Error::Recovering, "plugged in"),
        (Error::Hung(time), "iexec-hsm agent stop"),
        (Error::Overdue(time), "iexec-hsm agent status"),
        (Error::BackingOff(time), "--no-agent"),
        (Error::PinNotKept, "--keep-pin"),
        (Error::NoWallet(address), "/v1/keys"),
        (Error::Token(blocked), "vendor's tool"),
        (Error::PublicKey(no_key), ""),
        (Error::Failed("no".into()), ""),
    ] {
        says(agent(&error), words);
    }
}
