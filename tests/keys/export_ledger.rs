//! Over all commands of the program, no module is ever asked for a private part of a key, nor to wrap one; and whatever
//! they say of what they do, a secret is not in it.

use std::collections::BTreeSet;

use crate::support;
use crate::support::hidden::hides;
use crate::support::publish::*;
use crate::support::sms::Sms;
use crate::support::*;

const OTHER_TOKEN: &str = "second";

/// Nothing else in the world looks like these.
const PIN: &str = "Mark3d-p1n-51c7e9";
const SO_PIN: &str = "Mark3d-s0-p1n-8d02";
const CONTENT_KEY: [u8; 32] = *b"<content key of thirty-two byte>";

/// What is told to nobody and left nowhere.
const MARKED: [&[u8]; 5] = [
    PIN.as_bytes(),
    SO_PIN.as_bytes(),
    WALLET_KEY.as_bytes(),
    PASSWORD.as_bytes(),
    &CONTENT_KEY,
];

/// Attributes that hold a key, or a part of one.
const SECRETS: [(&str, &str); 8] = [
    ("0x11", "CKA_VALUE"),
    ("0x123", "CKA_PRIVATE_EXPONENT"),
    ("0x124", "CKA_PRIME_1"),
    ("0x125", "CKA_PRIME_2"),
    ("0x126", "CKA_EXPONENT_1"),
    ("0x127", "CKA_EXPONENT_2"),
    ("0x128", "CKA_COEFFICIENT"),
    ("0x16b", "CKA_SEED"),
];

/// Functions that bring a key out of a token, or a copy of it into being.
const EXPORTS: [&str; 5] = [
    "C_WrapKey",
    "C_CopyObject",
    "C_DeriveKey",
    "C_GetOperationState",
    "C_UnwrapKey",
];

/// Runs commands behind the module that writes all down, and remembers which.
struct Runs<'t> {
    work: Work<'t>,
    faulty: Faulty<'t>,
    seen: BTreeSet<String>,
}

impl<'t> Runs<'t> {
    fn on(token: &'t Token) -> Self {
        Self {
            work: Work::new(token),
            faulty: Faulty::before(token),
            seen: BTreeSet::new(),
        }
    }

    fn cmd(&mut self, args: &[&str]) -> Cmd {
        self.seen.insert(args[..2].join(" "));
        let cmd = self.faulty.drive(self.work.cmd(args)).pin();
        telling_all(cmd).env("IEXEC_HSM_WALLET_ADDRESS", ADDRESS)
    }

    #[track_caller]
    fn run(&mut self, args: &[&str]) -> Run {
        silent(self.cmd(args).run()).ok()
    }
}

/// A command that tells all it ever would.
fn telling_all(cmd: Cmd) -> Cmd {
    let cmd = cmd.arg("--verbose").env("RUST_LOG", "trace");
    cmd.env("RUST_BACKTRACE", "full")
}

/// Insists that none of the secrets was told.
#[track_caller]
fn silent(run: Run) -> Run {
    for (place, bytes) in [("output", &run.stdout), ("messages", &run.stderr)] {
        hides(place, bytes, &MARKED);
    }
    run
}

/// A token with PINs that are found wherever they are.
fn marked() -> Token {
    let mut token = Token::uninitialised();
    token.pin = PIN.to_owned();
    token.so_pin = SO_PIN.to_owned();
    token
}

fn keys_and_results(runs: &mut Runs) {
    let owner = ["--wallet-address", ADDRESS];
    runs.run(
        &[
            &["result", "generate-encryption-keypair", "--bits", "2048"],
            &owner[..],
        ]
        .concat(),
    );
    let public = String::from_utf8(runs.work.read(public_file())).unwrap();
    let plain = plain_zip(&[("result.txt", b"Hello, world!")]);
    let sealed = Sealed {
        key: openssl::rsa_wrap(&public, &CONTENT_KEY),
        body: openssl::cbc_body(&CONTENT_KEY, &plain),
        ..Sealed::current(&public, &plain)
    };
    runs.work.write("a.zip", sealed.archive());
    let (_, stranger) = openssl::rsa_key(2048);
    runs.work
        .write("bad.zip", Sealed::current(&stranger, &plain).archive());

    runs.run(&["result", "decrypt", "a.zip"]);
    runs.run(&["result", "decrypt", "a.zip", "--extract", "out"]);
    runs.run(&["result", "decrypt", "a.zip", "--output", "-"]);
    let bad = runs.cmd(&["result", "decrypt", "bad.zip", "--output", "none.zip"]);
    silent(bad.run()).fails(20);
    runs.run(&["result", "inspect", "a.zip"]);
    runs.run(&["result", "encrypt", "out", "--output", "sealed.zip"]);

    runs.run(&["key", "list"]);
    runs.run(&["key", "show"]);
    runs.run(&["key", "export", "--output", "exported.pem"]);
    runs.run(&["token", "list"]);
    runs.run(&["token", "info"]);
}

/// Returns the address of a wallet on the token.
fn wallets(runs: &mut Runs) -> String {
    let made = runs.run(&["wallet", "create"]).out();
    let owner = made.trim_end().to_owned();
    runs.run(&["wallet", "list", "--wallet-address", &owner]);
    owner
}

fn publishing(runs: &mut Runs) {
    let sms = Sms::start();
    for name in ["push-encryption-key", "check-encryption-key"] {
        let cmd = runs.cmd(&["result", name, "--wallet-address", ADDRESS]);
        let cmd = cmd.env("IEXEC_HSM_SMS_URL", sms.url());
        silent(cmd.env("IEXEC_HSM_WALLET_KEY", WALLET_KEY).run()).ok();
    }
    in_keystore(&runs.work, "2026-01-01", ADDRESS, &keystore(Some(ADDRESS)));
    let args = [
        "result",
        "push-encryption-key",
        "--force-update",
        "--wallet-address",
        ADDRESS,
    ];
    let cmd = runs.cmd(&args);
    let cmd = cmd.env("IEXEC_HSM_SMS_URL", sms.url());
    silent(cmd.env("IEXEC_HSM_WALLET_PASSWORD", PASSWORD).run()).ok();
}

fn agent(runs: &mut Runs, owner: &str) {
    runs.seen.insert("agent start".to_owned());
    let start = telling_all(support::agent::command(&runs.work, &[]));
    let agent = Agent::start(runs.faulty.drive(start));
    let socket = agent.socket.clone();
    let mut run = |args: &[&str]| {
        let cmd = runs.cmd(args).env("IEXEC_HSM_AGENT_SOCK", &socket);
        silent(cmd.run()).ok()
    };
    run(&["agent", "unlock"]);
    run(&["agent", "status"]);
    run(&["result", "decrypt", "a.zip", "--output", "by-agent.zip"]);
    assert_eq!(agent.get("/v1/keys").0, 200);
    let body = serde_json::json!({ "owner": owner, "name": "n", "value": "v" });
    assert_eq!(agent.post("/v1/wallet/sign-sms-challenge", &body).0, 200);
    run(&["agent", "lock"]);
    run(&["agent", "stop"]);
    silent(agent.wait()).ok();
}

fn keys_that_come_and_go(runs: &mut Runs, token: &Token) {
    let (private, _) = openssl::rsa_key(2048);
    runs.work.write("old.pem", private);
    let import = [
        "result",
        "import-encryption-key",
        "old.pem",
        "--wallet-address",
    ];
    runs.run(&[&import[..], &[OTHER]].concat());
    let args = [
        "--keypairgen",
        "--key-type",
        "rsa:2048",
        "--usage-decrypt",
        "--id",
        "0405",
    ];
    token.pkcs11_tool(&[&args[..], &["--label", "theirs", "--sensitive"]].concat());
    runs.run(&[
        "key",
        "adopt",
        "pkcs11:object=theirs",
        "--wallet-address",
        OTHER,
    ]);
    runs.run(&[
        "key",
        "delete",
        "pkcs11:object=theirs",
        "--confirm-label",
        "theirs",
    ]);
}

#[test]
fn no_command_asks_for_a_private_part_of_a_key_or_tells_a_secret() {
    if without_wallets() {
        return;
    }
    let (token, empty) = (marked(), marked());
    token.add("test");
    let mut runs = Runs::on(&token);
    keys_and_results(&mut runs);
    publishing(&mut runs);
    let owner = wallets(&mut runs);
    agent(&mut runs, &owner);
    keys_that_come_and_go(&mut runs, &token);
    let mut init = Runs::on(&empty);
    let so_pin = empty.so_pin_file();
    let cmd = init.cmd(&["token", "init", "--token-label", OTHER_TOKEN]);
    silent(cmd.arg("--so-pin-file").arg(so_pin).run()).ok();
    runs.seen.append(&mut init.seen);
    // Any other, with nothing but the PIN: it does what it can.
    let all = commands(&runs.work);
    for command in all.iter().filter(|it| !runs.seen.contains(*it)) {
        let args: Vec<&str> = command.split(' ').collect();
        let cmd = runs.faulty.drive(runs.work.cmd(args));
        silent(telling_all(cmd).arg("--no-input").pin().run());
    }
    for name in runs.work.files() {
        let content = runs.work.read(&name);
        hides(&name, &content, &MARKED);
    }

    for faulty in [&runs.faulty, &init.faulty] {
        let ledger = faulty.ledger();
        for function in EXPORTS {
            assert_eq!(ledger.count(function), 0, "{function}");
        }
        for call in ledger.of("C_GetAttributeValue") {
            let asked: Vec<&str> = call.arg("template").split('+').collect();
            for (number, name) in SECRETS {
                assert!(!asked.contains(&number), "{name} in {call:?}");
            }
        }
    }
}
