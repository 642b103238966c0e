//! What certain real modules do that others do not, behind the forms of their tokens that do it. `softhsm/test.sh --modules`
//! runs these; others leave them out.

use crate::support::*;

/// A fresh token of that kind, where its module was chosen.
fn of(kind: Kind, of_module: Kind) -> Option<Token> {
    if Kind::chosen() != of_module {
        println!("skipped: only with {}", of_module.name());
        return None;
    }
    let token = Token::of(kind);
    // What a program leaves in a TPM takes the room of what others want to do. Once is enough: a TPM takes each time
    // for a wrong PIN.
    token.restart();
    Some(token)
}

fn plain() -> Vec<u8> {
    plain_zip(&[("result.txt", b"Hello, world!")])
}

const GENERATE: [&str; 3] = ["result", "generate-keys", "--bits=2048"];

/// A work folder in which everything is done for [`ADDRESS`].
struct Steps<'t> {
    work: Work<'t>,
    faulty: Faulty<'t>,
}

impl<'t> Steps<'t> {
    fn new(token: &'t Token) -> Self {
        Self {
            work: Work::new(token),
            faulty: Faulty::before(token),
        }
    }

    fn cmd(&self, args: &[&str]) -> Cmd {
        let cmd = self.work.cmd(args).env("IEXEC_HSM_WALLET_ADDRESS", ADDRESS);
        self.faulty.drive(cmd)
    }

    /// Seals a result for the key that was made.
    fn seal(&self) {
        let pem = self
            .work
            .read(format!(".secrets/beneficiary/{ADDRESS}_key.pub"));
        let pem = String::from_utf8(pem).unwrap();
        let archive = Sealed::current(&pem, &plain()).archive();
        self.work.write("a.zip", archive);
    }

    fn opened(&self) -> bool {
        self.work.read("results.zip") == plain()
    }
}

const DECRYPT: [&str; 4] = ["result", "decrypt", "a.zip", "--force"];

#[test]
fn of_two_tokens_with_one_serial_the_recorded_one_is_used() {
    let Some(token) = of(Kind::NssOfTwo, Kind::Nss) else {
        return;
    };
    let steps = Steps::new(&token);
    let list = steps.cmd(&["token", "list", "--raw"]).run().ok().raw();
    let serials: Vec<_> = list["tokens"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["serial"])
        .collect();
    assert!(serials.len() == 2 && serials[0] == serials[1], "{list}");
    // Nothing is recorded yet.
    steps.cmd(&GENERATE).pin().run().fails(10);
    steps.cmd(&GENERATE).arg("--token=test").pin().run().ok();
    steps.seal();
    for args in [
        &DECRYPT[..],
        &["key", "list"],
        &["key", "show"],
        &["key", "export"],
        &["key", "adopt", "--allow-imported"],
        &["result", "inspect", "a.zip"],
        &[
            "result",
            "push-encryption-key",
            "--print-challenge",
            "--allow-imported",
        ],
        &["doctor", "--selftest"],
    ] {
        steps.cmd(args).pin().run().ok();
    }
    assert!(steps.opened());
    let start = agent::command(&steps.work, &[]).pin();
    let agent = agent::Agent::start(steps.faulty.drive(start));
    assert!(agent.key().contains("token=test"), "{}", agent.key());
    let decrypt = agent.cmd(&steps.work, DECRYPT).arg("-v");
    let run = steps.faulty.drive(decrypt).run().ok();
    assert!(run.err().contains("agent /"), "{}", run.err());
}

#[test]
fn a_token_without_a_pin_is_used_without_a_login() {
    let Some(token) = of(Kind::NssWithoutPin, Kind::Nss) else {
        return;
    };
    let steps = Steps::new(&token);
    steps.cmd(&GENERATE).run().ok();
    steps.seal();
    steps.cmd(&DECRYPT).run().ok();
    assert!(steps.opened());
    steps.cmd(&["doctor", "--selftest"]).run().ok();
    let start = agent::command(&steps.work, &[]);
    let agent = agent::Agent::start(steps.faulty.drive(start));
    assert_eq!(agent.state(), "unlocked");
    let decrypt = agent.cmd(&steps.work, DECRYPT);
    steps.faulty.drive(decrypt).run().ok();
    assert_eq!(steps.faulty.ledger().count("C_Login"), 0);
}

#[test]
fn a_tpm_with_an_empty_pin_takes_it_and_is_not_sent_another() {
    let Some(token) = of(Kind::Tpm2EmptyPin, Kind::Tpm2) else {
        return;
    };
    let steps = Steps::new(&token);
    let logins = || steps.faulty.ledger().logins(1).len();
    // It says that it needs no login, and needs one to make a key.
    let said = steps.cmd(&GENERATE).run().fails(14).err();
    assert!(
        said.contains("refuses without one") && said.contains("--pin-file"),
        "{said}"
    );
    assert_eq!(logins(), 0);
    let empty = steps.work.write("empty", "");
    let with_empty = |args: &[&str]| steps.cmd(args).arg("--pin-file").arg(&empty);
    with_empty(&GENERATE).run().ok();
    steps.seal();
    with_empty(&DECRYPT).run().ok();
    assert!(steps.opened());
    let report = with_empty(&["doctor", "--selftest"]).run().ok();
    assert!(report.out().contains("needs no login") || report.err().contains("needs no login"));
    assert!(logins() > 0);
    // Of the uses of a key that is there, it is true.
    steps.cmd(&DECRYPT).run().ok();
    assert_eq!(logins(), 0);
    let start = agent::command(&steps.work, &["--pin-file"]).arg(&empty);
    let agent = agent::Agent::start(steps.faulty.drive(start));
    assert_eq!(agent.state(), "unlocked");
    steps
        .faulty
        .drive(agent.cmd(&steps.work, DECRYPT))
        .run()
        .ok();
    let ledger = steps.faulty.ledger();
    // Each of the agent's sessions has a login of its own.
    let logins = ledger.logins(1);
    assert!(!logins.is_empty(), "{ledger:?}");
    for login in logins {
        assert_eq!((login.arg("pin_len"), &*login.rv), ("0", "CKR_OK"));
    }
}
