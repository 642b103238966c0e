//! A clock that jumps while a command runs: nothing is lost, and nothing waits for it.

use std::fs;

use crate::support::clock::Clock;
use crate::support::failing_agent::gate;
use crate::support::publish::*;
use crate::support::sms::Sms;
use crate::support::*;

const JUMPS: [&str; 2] = ["+400d", "-400d"];

/// Runs a command whose clock jumps in the middle of its `function`.
fn jumping(token: &Token, clock: &Clock, function: &str, jump: &str, cmd: Cmd) -> Run {
    let (_folder, gate) = gate();
    let faulty = Faulty::before(token).rule(format!("{function} 1 hang {}", gate.display()));
    clock.jump("+0");
    let mut started = clock.drive(faulty.drive(cmd)).start();
    while faulty.ledger().of(function).is_empty() {
        assert!(started.runs(), "it calls {function}");
        std::thread::yield_now();
    }
    clock.jump(jump);
    fs::write(gate, "").unwrap();
    started.wait()
}

#[test]
fn results_and_keys_are_whole_although_the_clock_jumps() {
    let keyed = Keyed::new();
    for jump in JUMPS {
        let work = keyed.work();
        let Some(clock) = Clock::of(&work) else {
            return;
        };
        let plain = plain_zip(&[("a", b"b")]);
        work.write("a.zip", keyed.archive(&plain));
        let run = |function: &str, cmd: Cmd| jumping(&keyed.token, &clock, function, jump, cmd);
        run("C_Decrypt", work.cmd(["result", "decrypt", "a.zip"]).pin()).ok();
        assert!(work.read("results.zip") == plain);
        let args = ["result", "decrypt", "a.zip", "--extract", "out"];
        run("C_Decrypt", work.cmd(args).pin()).ok();
        assert_eq!(work.read("out/a"), b"b");
        let args = [
            "result",
            "generate-keys",
            "--bits=2048",
            "--wallet-address",
            ADDRESS,
        ];
        run("C_GenerateKeyPair", work.cmd(args).pin()).ok();
        work.run(["key", "show", "--wallet-address", ADDRESS]).ok();
        work.is_tidy();
    }
}

#[test]
fn a_key_is_published_although_the_clock_jumps() {
    let token = Token::new();
    for jump in JUMPS {
        let (work, sms) = (with_key(&token), Sms::start());
        let Some(clock) = Clock::of(&work) else {
            return;
        };
        jumping(&token, &clock, "C_Login", jump, push(&work, &sms)).ok();
        assert_eq!(stored(&sms), Some(value(&work)));
    }
}
