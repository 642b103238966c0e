//! What opens an archive and what publishes a key is seen nowhere: not in what is printed or written, not in /proc, not
//! in a core, and not in memory when it is needed no longer.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::agent::{MARKED_PIN, marked};
use crate::support::failing_agent::gate;
use crate::support::hidden::{contains, core, hides, memory, proc_of, traced};
use crate::support::publish::*;
use crate::support::sms::Sms;
use crate::support::*;

/// Nothing else in the world looks like it.
const CONTENT_KEY: [u8; 32] = *b"<content key of thirty-two byte>";

/// A command that tells all it ever would.
fn telling_all(cmd: Cmd) -> Cmd {
    let cmd = cmd.arg("--verbose").env("RUST_LOG", "trace");
    cmd.env("RUST_BACKTRACE", "full")
}

/// An archive that the marked key opens.
fn archive(public: &str) -> Vec<u8> {
    let plain = plain_zip(&[("result.txt", b"Hello, world!")]);
    Sealed {
        key: openssl::rsa_wrap(public, &CONTENT_KEY),
        body: openssl::cbc_body(&CONTENT_KEY, &plain),
        ..Sealed::current(public, &plain)
    }
    .archive()
}

/// A process that has done its work and has yet to end. It is killed when this is dropped.
struct Done<'t> {
    started: Option<Started>,
    gate: PathBuf,
    work: &'t Work<'t>,
    _faulty: Faulty<'t>,
}

/// Runs a command up to the end of its module, which is the last that it does.
fn done<'t>(work: &'t Work<'t>, faulty: Faulty<'t>, cmd: Cmd, gate: PathBuf) -> Done<'t> {
    let faulty = faulty.rule(format!("C_Finalize 1 hang {}", gate.display()));
    let started = faulty.drive(cmd).start();
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut ended = false;
    while !ended {
        assert!(Instant::now() < deadline, "it does not come to its end");
        thread::sleep(Duration::from_millis(2));
        let ledger = faulty.ledger();
        ended = ledger
            .of("C_Finalize")
            .iter()
            .any(|call| call.rv == "hangs");
    }
    Done {
        started: Some(started),
        gate,
        work,
        _faulty: faulty,
    }
}

impl Drop for Done<'_> {
    fn drop(&mut self) {
        if let Some(started) = self.started.take() {
            started.signal(Signal::KILL);
            started.wait();
        }
    }
}

impl Done<'_> {
    /// Looks at all there is of the process and of what it leaves, and lets it end.
    #[track_caller]
    fn hides(mut self, secrets: &[&[u8]]) -> Run {
        let id = self.started.as_ref().unwrap().id();
        for name in ["cmdline", "environ"] {
            hides(name, &proc_of(id, name), secrets);
        }
        for (place, bytes) in [("memory", memory(id)), ("core", core(id, self.work))] {
            if let Some(bytes) = bytes {
                hides(place, &bytes, secrets);
            }
        }
        fs::write(&self.gate, "").unwrap();
        let run = self.started.take().unwrap().wait();
        hides("output", &run.stdout, secrets);
        hides("messages", &run.stderr, secrets);
        for name in self.work.files() {
            hides(&name, &self.work.read(&name), secrets);
        }
        run
    }
}

#[test]
fn what_opened_an_archive_is_gone_when_it_is_open() {
    let (token, public) = marked();
    let secrets = [MARKED_PIN.as_bytes(), &CONTENT_KEY];
    for way in [&["--raw"][..], &["--extract", "out"], &["--output", "-"]] {
        let work = Work::new(&token);
        work.write("a.zip", archive(&public));
        let (_folder, gate) = gate();
        let cmd = work.cmd([&["result", "decrypt", "a.zip"], way].concat());
        let cmd = telling_all(cmd).env("IEXEC_HSM_PIN", MARKED_PIN);
        done(&work, Faulty::before(&token), cmd, gate)
            .hides(&secrets)
            .ok();
    }
}

#[test]
fn the_content_key_is_gone_when_the_body_turned_out_to_be_bad() {
    let (token, public) = marked();
    let work = Work::new(&token);
    let mut body = openssl::cbc_body(&CONTENT_KEY, &plain_zip(&[("a", &[7; 5000])]));
    let last = body.len() - 17;
    body[last] ^= 0x80;
    let bad = Sealed {
        key: openssl::rsa_wrap(&public, &CONTENT_KEY),
        body,
        ..Sealed::current(&public, b"")
    };
    work.write("a.zip", bad.archive());
    let (_folder, gate) = gate();
    let cmd = telling_all(work.cmd(["result", "decrypt", "a.zip"]).pin());
    let done = done(&work, Faulty::before(&token), cmd, gate);
    done.hides(&[MARKED_PIN.as_bytes(), &CONTENT_KEY]).fails(20);
}

#[test]
fn what_signed_a_push_is_gone_when_it_is_published() {
    let (token, _) = marked();
    for by_keystore in [true, false] {
        let work = with_key(&token);
        let (sms, (_folder, gate)) = (Sms::start(), gate());
        let cmd = telling_all(push_unsigned(&work, &sms));
        let cmd = if by_keystore {
            in_keystore(&work, "2026-01-01", ADDRESS, &keystore(Some(ADDRESS)));
            cmd.args(&["--wallet-address", ADDRESS])
                .env("IEXEC_HSM_WALLET_PASSWORD", PASSWORD)
        } else {
            cmd.env("IEXEC_HSM_WALLET_KEY", WALLET_KEY)
        };
        let signature = authorization(&work);
        let digits = signature.strip_prefix("0x").unwrap();
        let secrets = [
            MARKED_PIN,
            PASSWORD,
            WALLET_KEY,
            &digits[..64],
            &digits[64..],
        ];
        let secrets = secrets.map(str::as_bytes);
        let done = done(&work, Faulty::before(&token), cmd, gate);
        assert_eq!(stored(&sms), Some(value(&work)), "it is published by now");
        done.hides(&secrets).ok();
    }
}

/// Runs a command to its end and returns all that it handed to the system.
fn left(work: &Work<'_>, cmd: Cmd) -> Vec<u8> {
    let (cmd, file) = traced(cmd, work);
    cmd.run().ok();
    fs::read(file).unwrap()
}

#[test]
fn no_secret_is_handed_to_any_file_socket_or_program() {
    let (token, public) = marked();
    let work = with_key(&token);
    work.write("a.zip", archive(&public));
    let cmd = telling_all(work.cmd(["result", "decrypt", "a.zip"])).pin();
    let opened = left(&work, cmd);
    assert!(contains(&opened, "iexec-hsm"), "it was watched");
    hides("calls", &opened, &[MARKED_PIN.as_bytes(), &CONTENT_KEY]);

    let sms = Sms::start();
    in_keystore(&work, "2026-01-01", ADDRESS, &keystore(Some(ADDRESS)));
    let cmd = telling_all(push_unsigned(&work, &sms)).args(&["--wallet-address", ADDRESS]);
    let password = work.home().join("password");
    private_file(&password, PASSWORD);
    let pushed = left(&work, cmd.env("IEXEC_HSM_PASSWORD_FILE", password));
    let signature = authorization(&work);
    assert!(
        contains(&pushed, &signature),
        "the service gets the signature"
    );
    let secrets = [MARKED_PIN, PASSWORD, WALLET_KEY].map(str::as_bytes);
    hides("calls", &pushed, &secrets);
}
