//! What the module behind the tests' tokens can do: the flow as `docs/devices/try.sh` goes through it, and what a person
//! would not try on a card. `softhsm/test.sh --modules` compares it with its row in `docs/devices/matrix.md`.

use std::fs;
use std::thread;
use std::time::Duration;

use crate::support::try_sh::{cells, start};
use crate::support::*;

const MATRIX: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/devices/matrix.md");

/// The first column that `try.sh` leaves to this test.
const PROBED: usize = 9;
const EACH_USE: usize = 7;
const BAD_PADDING: usize = 10;

/// The row that `try.sh` prints, as cells.
fn tried(token: &Token) -> Vec<String> {
    let work = Work::new(token);
    let lost = work.path("lost");
    let lose = format!(
        "touch {0}; while [ -e {0} ]; do sleep 0.1; done",
        lost.display()
    );
    let mut args = vec!["--name", token.kind.name()];
    // Where no process stands behind the token, there is nothing to take away.
    if token.restart() {
        args.extend(["--lose", &lose]);
    }
    let mut child = start(token, &work, &args);
    while child.try_wait().unwrap().is_none() {
        if lost.exists() {
            token.restart();
            fs::remove_file(&lost).unwrap();
        }
        thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    println!("{said}");
    cells(&String::from_utf8(output.stdout).unwrap())
}

fn plain() -> Vec<u8> {
    plain_zip(&[("result.txt", b"Hello, world!")])
}

/// yes where the command does it, no where it says that the token cannot.
fn yes_or_no(run: &Run) -> String {
    match run.code {
        Some(0) => "yes".into(),
        Some(16) => "no".into(),
        other => panic!("exit {other:?}: {}", run.err()),
    }
}

/// Makes a key with pkcs11-tool on a token of its own and adopts it; nothing where the module makes no such key.
fn foreign(kind: Kind, options: &str) -> Option<Keyed> {
    let token = Token::of(kind);
    let make =
        format!("--keypairgen --key-type rsa:2048 --sensitive --id 03 --label theirs {options}");
    let words: Vec<&str> = make.split(' ').collect();
    if !token.pkcs11_tool_can(&words) {
        return None;
    }
    // What a program leaves in a TPM takes the room of what others want to do.
    token.restart();
    let work = Work::new(&token);
    let adopt = [
        "key",
        "adopt",
        "pkcs11:id=%03",
        "--allow-imported",
        "--allow-extractable",
    ];
    work.cmd(adopt)
        .args(&["--wallet-address", ADDRESS])
        .pin()
        .run()
        .ok();
    let public = work.read(format!(".secrets/beneficiary/{ADDRESS}_key.pub"));
    let public = String::from_utf8(public).unwrap();
    drop(work);
    Some(Keyed { token, public })
}

/// Opens an archive behind `faulty`.
fn open(keyed: &Keyed, faulty: &Faulty<'_>, archive: Vec<u8>) -> Run {
    let work = keyed.work();
    work.write("a.zip", archive);
    let cmd = work.cmd(["result", "decrypt", "a.zip"]).pin();
    let run = faulty.drive(cmd).run();
    assert_eq!(work.exists("results.zip"), run.code == Some(0));
    run
}

/// Whether archives are opened by `C_UnwrapKey` where the key says that it may do nothing else.
fn unwraps(kind: Kind) -> String {
    let Some(keyed) = foreign(kind, "--usage-wrap") else {
        return "no".into();
    };
    let faulty = Faulty::before(&keyed.token)
        .rule("C_DecryptInit * return CKR_KEY_FUNCTION_NOT_PERMITTED")
        .rule("private-attribute CKA_DECRYPT 00")
        .rule("private-attribute CKA_SIGN 00")
        .rule("private-attribute CKA_UNWRAP 01");
    let run = open(&keyed, &faulty, keyed.archive(&plain()));
    assert!(faulty.ledger().count("C_UnwrapKey") > 0, "{}", run.err());
    if run.code == Some(0) { "yes" } else { "no" }.into()
}

/// What `C_Decrypt` answers to a padding that is none; the program must say the same in all cases.
fn bad_padding(keyed: &Keyed) -> String {
    let mut block = vec![0xa5; openssl::modulus_len(&keyed.public)];
    block[0] = 0;
    let mut sealed = Sealed::current(&keyed.public, &plain());
    sealed.key = openssl::rsa_raw(&keyed.public, &block);
    let faulty = Faulty::before(&keyed.token);
    open(keyed, &faulty, sealed.archive()).fails(20);
    match &*faulty.ledger().of("C_Decrypt")[0].rv {
        "CKR_OK" => "invented bytes".into(),
        rv => rv.trim_start_matches("CKR_").into(),
    }
}

/// Where the public key is found.
fn public_key(keyed: &Keyed) -> String {
    let faulty = Faulty::before(&keyed.token).rule("hide CKO_PUBLIC_KEY");
    let work = keyed.work();
    let args = [
        "key",
        "adopt",
        "--allow-imported",
        "--wallet-address",
        ADDRESS,
    ];
    let run = faulty.drive(work.cmd(args).pin()).run();
    match run.code {
        Some(0) => "either object".into(),
        _ => "public object".into(),
    }
}

/// Whether a key can be made that needs the PIN for each use, and is used so.
fn each_use(kind: Kind) -> String {
    let Some(keyed) = foreign(kind, "--usage-decrypt --always-auth") else {
        return "no".into();
    };
    let faulty = Faulty::before(&keyed.token);
    let run = open(&keyed, &faulty, keyed.archive(&plain()));
    println!("each use: {}", run.err());
    let ledger = faulty.ledger();
    let uses = ledger
        .logins(2)
        .iter()
        .filter(|it| it.rv == "CKR_OK")
        .count();
    match (run.code, uses) {
        (Some(0), 0) => "no",
        (Some(0), _) => "can",
        _ => "fails",
    }
    .into()
}

fn wallet(keyed: &Keyed) -> String {
    let work = keyed.work();
    yes_or_no(&work.run(["wallet", "create"]))
}

fn row() -> Vec<String> {
    let mut row = tried(&Token::new());
    row[1] = "each run".into();
    let kind = Kind::chosen();
    row[EACH_USE] = each_use(kind);
    let unwraps = unwraps(kind);
    let keyed = Keyed::new();
    let probes = [
        unwraps,
        bad_padding(&keyed),
        public_key(&keyed),
        wallet(&keyed),
    ];
    row.splice(PROBED.., probes);
    row
}

/// What is compared with the row: where a module leaves paddings to the system's OpenSSL, and that one invents bytes (3.2 and
/// newer), the cell that was recorded on an older one stands.
fn comparable(mut row: Vec<String>, recorded: &[String]) -> Vec<String> {
    let by_system = matches!(
        Kind::chosen(),
        Kind::SoftHsm | Kind::Kryoptic | Kind::P11KitRemote | Kind::P11KitProxy
    );
    if by_system && row[BAD_PADDING] == "invented bytes" && recorded.len() == row.len() {
        row[BAD_PADDING].clone_from(&recorded[BAD_PADDING]);
    }
    row
}

/// `docs/devices/matrix.md`: all before the rows, and the rows, which are at its end.
fn recorded() -> (String, Vec<String>) {
    let text = fs::read_to_string(MATRIX).unwrap();
    let rule = text.rfind("\n|---").unwrap() + 1;
    let at = rule + text[rule..].find('\n').unwrap() + 1;
    let rows = text[at..].lines().map(str::to_owned).collect();
    (text[..at].to_owned(), rows)
}

/// Puts the row among the others: modules in the order of the tests', devices after them.
fn write(name: &str, row: &str) {
    let (head, mut rows) = recorded();
    rows.retain(|it| cells(it)[0] != name);
    rows.push(row.to_owned());
    let place = |row: &String| {
        let known = Kind::ALL
            .iter()
            .position(|kind| kind.name() == cells(row)[0]);
        known.unwrap_or(Kind::ALL.len())
    };
    rows.sort_by_key(place);
    fs::write(MATRIX, format!("{head}{}\n", rows.join("\n"))).unwrap();
}

#[test]
fn the_module_does_what_its_row_says() {
    let name = Kind::chosen().name();
    let row = row();
    let (head, rows) = recorded();
    let columns = cells(head.lines().rev().nth(1).unwrap());
    assert_eq!(row.len(), columns.len(), "{columns:?}, {row:?}");
    for column in ["makes", "adopts", "current"] {
        let at = columns.iter().position(|it| it == column).unwrap();
        assert!(
            ["user", "yes"].contains(&&*row[at]),
            "{column}: {}",
            row[at]
        );
    }
    println!("| {} |", row.join(" | "));
    match std::env::var("IEXEC_HSM_TEST_MATRIX").as_deref() {
        Ok("write") => write(name, &format!("| {} |", row.join(" | "))),
        Ok("compare") => {
            let was = rows.iter().map(|it| cells(it)).find(|it| it[0] == name);
            let was = was.unwrap_or_default();
            let is = comparable(row, &was);
            assert_eq!(is, was, "`softhsm/test.sh --modules write` writes it anew");
        }
        _ => {}
    }
}
