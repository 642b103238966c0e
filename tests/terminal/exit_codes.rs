//! Every way to fail has its own exit status, and its own word in JSON.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::process::Command;

use crate::support::*;

/// A folder with the result key of the address, an archive for it and its token.
struct Setup<'t> {
    work: Work<'t>,
    plain: Vec<u8>,
}

impl<'t> Setup<'t> {
    fn new(token: &'t Token) -> Self {
        let work = Work::new(token);
        let generate = ["result", "generate-keys", "--bits=2048", "--wallet-address"];
        work.cmd(generate).arg(ADDRESS).pin().run().ok();
        let pem = work.read(format!(".secrets/beneficiary/{ADDRESS}_key.pub"));
        let plain = plain_zip(&[("a", b"Hello, "), ("b", b"world!")]);
        let sealed = Sealed::current(&String::from_utf8(pem).unwrap(), &plain);
        work.write("a.zip", sealed.archive());
        Self { work, plain }
    }

    /// Asserts that a command fails the same way for people and for programs.
    fn fails(&self, args: &[&str], code: i32, word: &str) {
        let text = self.work.run(args).fails(code);
        assert_eq!(text.out(), "", "{args:?}");
        assert!(text.err().starts_with("error: "), "{}", text.err());

        let raw = self.work.run(args.iter().chain(&["--raw"])).fails(code);
        let error = raw.raw_error();
        assert_eq!(error["code"], word, "{args:?}: {error}");
        assert_eq!(error["exit"], code);
    }
}

#[test]
fn every_failure_has_its_status_and_its_word() {
    let token = Token::new();
    let setup = Setup::new(&token);
    let work = &setup.work;
    let (_, foreign) = openssl::rsa_key(2048);
    let sealed = Sealed::current(&foreign, &setup.plain);
    work.write("foreign.zip", sealed.archive());
    work.write("text.zip", "no zip at all");
    work.write("there.zip", "mine");
    work.write("bad.pem", "no key");
    work.write("wrong", "99999999");
    for (args, code, word) in [
        (&["result", "decrypt", "a.zip", "b.zip"][..], 2, "usage"),
        (&["key", "delete", "--confirm-label", "other"], 2, "usage"),
        (
            &["key", "list", "--module", "/none.so"],
            10,
            "token-not-usable",
        ),
        (&["key", "list", "--token", "other"], 10, "token-not-usable"),
        (&["key", "list", "--pin-file", "wrong"], 12, "pin-wrong"),
        (&["key", "show", "pkcs11:id=%00"], 15, "key-not-found"),
        (
            &[
                "result",
                "import-encryption-key",
                "bad.pem",
                "--wallet-address",
                ADDRESS,
            ],
            16,
            "not-supported",
        ),
        (&["result", "decrypt", "foreign.zip"], 20, "cannot-decrypt"),
        (&["result", "decrypt", "text.zip"], 21, "not-an-archive"),
        (&["result", "inspect", "text.zip"], 21, "not-an-archive"),
        (
            &["result", "decrypt", "a.zip", "-o", "there.zip"],
            22,
            "output-exists",
        ),
        (&["result", "decrypt", "none.zip"], 23, "io-failed"),
        (
            &["result", "decrypt", "a.zip", "-o", "none/x"],
            23,
            "io-failed",
        ),
        (
            &["result", "decrypt", "a.zip", "--max-size", "8"],
            24,
            "too-large",
        ),
        (
            &["result", "decrypt", "a.zip", "--max-entries", "1"],
            24,
            "too-large",
        ),
        (&["result", "generate-keys"], 33, "wallet"),
    ] {
        setup.fails(args, code, word);
    }
    let run = work.cmd(["key", "list", "--raw"]).run().fails(14);
    assert_eq!(run.raw_error()["code"], "pin-needed");
    assert_eq!(work.read("there.zip"), b"mine");
    assert!(!work.exists("results.zip"));
}

#[test]
fn a_device_that_fails_has_a_status_of_its_own() {
    if other_than_softhsm("its files are removed") {
        return;
    }
    let token = Token::new();
    let work = Work::new(&token);
    let gate = work.path("gate");
    let made = Command::new("mkfifo").arg(&gate).status().unwrap();
    assert!(made.success());
    let cmd = work.cmd(["key", "list", "--raw", "--pin-file"]).arg(&gate);
    let started = cmd.start();
    // The token goes while the PIN is waited for.
    let mut pin = OpenOptions::new().write(true).open(gate).unwrap();
    fs::remove_dir_all(token.softhsm_conf().with_file_name("tokens")).unwrap();
    writeln!(pin, "1234").unwrap();
    drop(pin);
    let error = started.wait().fails(11).raw_error();
    assert_eq!(error["code"], "device-failed");
    assert!(error["message"].as_str().unwrap().contains("C_"), "{error}");
}

#[test]
fn a_failure_in_json_names_the_command_and_says_what_to_do() {
    let token = Token::new();
    let work = Work::new(&token);
    for (args, command) in [
        (&["token", "info", "--token", "x"][..], "token info"),
        (&["key", "show"], "key show"),
        (&["key", "export"], "key export"),
        (
            &["result", "generate-keys"],
            "result generate-encryption-keypair",
        ),
        (&["results", "decrypt"], "result decrypt"),
        (&["result", "inspect"], "result inspect"),
        (&["result", "encrypt", "x"], "result encrypt"),
        (
            &["result", "import-encryption-key", "x"],
            "result import-encryption-key",
        ),
    ] {
        let run = work.run(args.iter().chain(&["--raw"]));
        let error = run.raw_error();
        let line: serde_json::Value = serde_json::from_str(&run.err()).unwrap();
        assert_eq!(line["command"], format!("iexec-hsm {command}"));
        assert_eq!(line.as_object().unwrap().len(), 3, "{line}");
        assert_eq!(error.as_object().unwrap().len(), 4, "{line}");
        assert_eq!(error["name"], "Error");
        assert!(!error["message"].as_str().unwrap().is_empty());
    }
}

#[test]
fn wrong_usage_is_2_and_json_where_that_is_asked_for() {
    let work = Work::without_token();
    for args in [
        &[][..],
        &["nothing"],
        &["result"],
        &["result", "nothing"],
        &["key", "list", "--nothing"],
        &["key", "list", "extra"],
        &["result", "encrypt"],
        &["result", "generate-keys", "--bits", "512"],
        &["result", "decrypt", "--max-size", "5X"],
        &["result", "decrypt", "--output", "a", "--extract", "b"],
        &["token", "init"],
        &["--token", "", "token", "list"],
    ] {
        let run = work.cmd(args).run().fails(2);
        assert_eq!(run.out(), "", "{args:?}");
        assert!(!run.err().is_empty());
        let run = work.cmd(args).arg("--raw").run().fails(2);
        let error = run.raw_error();
        assert_eq!(error["code"], "usage");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.len() > 20 && !message.starts_with("error"),
            "{message}"
        );
    }
    let run = work.cmd(["--raw", "key", "list", "--pin=4711"]).run();
    let run = run.fails(2);
    let line: serde_json::Value = serde_json::from_str(&run.err()).unwrap();
    assert_eq!(line["command"], "iexec-hsm key list");
    for args in [
        &["--pin", "4711", "key", "list"][..],
        &["key", "list", "--pin=4711"],
    ] {
        for raw in [false, true] {
            let cmd = work.cmd(args);
            let run = if raw { cmd.arg("--raw") } else { cmd }.run().fails(2);
            assert!(!run.err().contains("4711"), "{}", run.err());
        }
    }
}

#[test]
fn help_and_version_are_no_failure() {
    let work = Work::without_token();
    let version = work.cmd(["--version"]).run().ok();
    let wanted = format!("iexec-hsm {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!((version.out(), version.err()), (wanted, String::new()));
    for args in [
        &["--help"][..],
        &["-h"],
        &["help"],
        &["result", "--help"],
        &["result", "decrypt", "--help"],
        &["key", "delete", "-h"],
        &["token", "init", "--help", "--raw"],
    ] {
        let run = work.cmd(args).run().ok();
        assert!(run.out().contains("Usage: iexec-hsm"), "{args:?}");
        assert_eq!(run.err(), "");
    }
    let help = work.cmd(["--help"]).run().ok().out();
    assert!(help.contains("10-16") && help.contains("20"), "{help}");
}

#[test]
fn of_several_failures_the_first_is_the_exit_status() {
    let token = Token::new();
    let setup = Setup::new(&token);
    let work = &setup.work;
    work.write("text.zip", "no zip at all");
    let decrypt = ["result", "decrypt", "text.zip", "none.zip", "a.zip"];
    let run = work
        .run(decrypt.iter().chain(&["--output-dir", "out"]))
        .fails(21);
    for name in ["text.zip", "none.zip"] {
        assert!(run.err().contains(name), "{}", run.err());
    }
    assert!(work.read("out/a.zip") == setup.plain, "the rest goes on");
    let raw = work
        .run(decrypt.iter().chain(&["--output-dir", "out2", "--raw"]))
        .fails(21);
    let lines = |text: &str| text.lines().count();
    // One on stdout has the counts.
    assert_eq!((lines(&raw.out()), lines(&raw.err())), (2, 2));
}

#[test]
fn an_answer_that_cannot_be_written_is_a_failure_that_is_told() {
    let token = Token::new();
    let work = Work::new(&token);
    let full = ["sh", "-c", r#"exec "$@" >/dev/full"#, "sh"];
    for raw in [None, Some("--raw")] {
        let args = ["token", "list"].into_iter().chain(raw);
        let run = work.cmd(args).under(full).run().fails(23);
        assert!(run.err().contains("No space left"), "{}", run.err());
    }
}

#[test]
fn a_reader_that_has_read_enough_is_no_failure() {
    let token = Token::new();
    let work = Work::new(&token);
    let paths = ["gate", "out"].map(|name| work.path(name));
    let made = Command::new("mkfifo").args(&paths).status().unwrap();
    assert!(made.success());
    let to_pipe = ["sh", "-c", r#"exec "$@" >out"#, "sh"];
    let cmd = work.cmd(["key", "list", "--raw", "--pin-file", "gate"]);
    let started = cmd.under(to_pipe).start();
    let [gate, out] = paths;
    drop(OpenOptions::new().read(true).open(out).unwrap());
    fs::write(gate, "1234\n").unwrap();
    let run = started.wait().ok();
    assert_eq!(run.err(), "");
}
