//! What others named can neither move the terminal nor look like a line of ours: tokens, keys, files, chains.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::agent::command;
use crate::support::publish::{self, OTHER, keystore, private_file};
use crate::support::sms::Sms;
use crate::support::*;

/// Begins a line, clears the screen, goes back, and turns the rest of a line around; with a control character of one
/// byte more.
const ODD: &str = "odd\n\tFORGED\u{1b}[2J\u{202e}\u{9b}1m";

/// Insists that nothing of it gets out as it is, and that its beginning does.
#[track_caller]
fn is_plain(said: &str) {
    moves_nothing(said);
    assert!(said.contains("odd"), "it is named: {said}");
}

#[track_caller]
fn moves_nothing(said: &str) {
    let moves = |it: char| it.is_control() && it != '\n' || it == '\u{202e}';
    assert!(!said.contains(moves), "{said:?}");
    let mut lines = said.lines().map(str::trim_start);
    assert!(!lines.any(|line| line.starts_with("FORGED")), "{said}");
}

fn said(run: &Run) -> String {
    run.out() + &run.err()
}

/// In front of a token that has the odd name.
fn odd(token: &Token) -> Faulty<'_> {
    let word = ODD.replace('\n', "\\n").replace('\t', "\\t");
    let faulty = Faulty::before(token).rule(format!("label {word}"));
    let faulty = faulty.rule("serial odd\\n\\tFORGED");
    faulty.rule("describes odd\\n\\tFORGED")
}

#[test]
fn the_label_of_a_token_is_shown_without_what_a_terminal_obeys() {
    let token = Token::new();
    let (work, faulty) = (Work::new(&token), odd(&token));
    let wrong = token.secret_file("wrong", "99999999");
    let wrong = wrong.to_str().unwrap();
    for (args, code) in [
        (&["token", "list"][..], 0),
        (&["token", "info"], 0),
        (&["key", "list", "--no-input"], 14),
        (&["key", "list", "--pin-file", wrong, "--verbose"], 12),
        (&["token", "info", "--verbose"], 0),
        (&["doctor", "--offline"], 0),
        (
            &[
                "token",
                "init",
                "--force",
                "--token-label",
                "x",
                "--token",
                "pkcs11:serial=odd%0A%09FORGED",
                "--no-input",
            ],
            2,
        ),
    ] {
        let run = faulty.drive(work.cmd(args)).run();
        let code = if args[0] == "doctor" {
            run.code
        } else {
            Some(code)
        };
        assert_eq!(run.code, code, "{args:?}: {}", run.err());
        is_plain(&said(&run));
    }
}

#[test]
fn the_question_for_its_pin_is_so_too() {
    let token = Token::new();
    let (work, faulty) = (Work::new(&token), odd(&token));
    let mut pty = Pty::spawn(&faulty.drive(work.cmd(["key", "list"])));
    pty.expect("PIN of the token \"odd").until_echo(false);
    pty.send("99999999\n");
    let (code, shown) = pty.wait();
    assert_eq!(code, 12, "{shown}");
    is_plain(&shown.replace("\r\n", "\n"));
}

#[test]
fn what_an_agent_says_of_its_token_is_so_too() {
    let token = Token::new();
    let (work, faulty) = (Work::new(&token), odd(&token));
    let wrong = token.secret_file("wrong", "99999999");
    for args in [&[][..], &["--detach"]] {
        let cmd = faulty
            .drive(command(&work, args))
            .arg("--pin-file")
            .arg(&wrong);
        is_plain(&said(&cmd.run().fails(12)));
    }
}

#[test]
fn the_label_of_a_key_is_shown_without_what_a_terminal_obeys() {
    let keyed = Keyed::new();
    let (work, hexadecimal) = (keyed.work(), ODD.bytes().map(|byte| format!("{byte:02x}")));
    let label: String = hexadecimal.collect();
    let faulty = Faulty::before(&keyed.token).rule(format!("private-attribute CKA_LABEL {label}"));
    let archive = keyed.archive(&plain_zip(&[("a", b"b")]));
    work.write("a.zip", archive);
    for args in [
        &["key", "list"][..],
        &["key", "show"],
        &["result", "decrypt", "a.zip"],
    ] {
        let run = faulty.drive(work.cmd(args).pin()).run().ok();
        is_plain(&said(&run));
    }
    let delete = faulty.drive(work.cmd(["key", "delete", "pkcs11:type=private"]).pin());
    let mut pty = Pty::spawn(&delete);
    pty.expect("odd").send("no\n");
    is_plain(&pty.wait().1.replace("\r\n", "\n"));
}

#[test]
fn the_names_of_archives_are_shown_without_what_a_terminal_obeys() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let (good, bad) = (format!("{ODD}.zip"), format!("{ODD}-bad.zip"));
    work.write(&good, keyed.archive(&plain_zip(&[("a", b"b")])));
    work.write(&bad, "no archive");
    let cmd = work.cmd(["result", "decrypt", &good, &bad, "--output-dir", "out"]);
    is_plain(&said(&cmd.pin().run().fails(21)));
    moves_nothing(&said(&work.run(["result", "inspect", &bad]).fails(21)));
    let none = format!("{ODD}/none");
    let cmd = work.cmd(["result", "decrypt", &good, "--output", &none]);
    is_plain(&said(&cmd.pin().run().fails(23)));
}

#[test]
fn what_is_in_an_archive_is_so_too() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let sealed = Sealed::current(&keyed.public, &plain_zip(&[(ODD, b"b")]));
    work.write("a.zip", sealed.archive());
    let cmd = work.cmd(["result", "decrypt", "a.zip", "--extract", "out"]);
    moves_nothing(&said(&cmd.pin().run()));
    let cmd = work.cmd([
        "result", "decrypt", "a.zip", "--entry", "x", "--output", "-",
    ]);
    is_plain(&said(&cmd.pin().run().fails(21)));
    let cmd = work.cmd([
        "result", "decrypt", "a.zip", "--entry", ODD, "--output", "one",
    ]);
    moves_nothing(&said(&cmd.pin().run()));
    // As a person packed it again: one folder further down, and with a zip beside it.
    let within = |name: &str, data: &[u8]| Entry::new(format!("{ODD}/{name}"), data);
    let pair = [
        within("aes-key.rsa", &sealed.key),
        within("iexec_out.zip.aes", &sealed.body),
    ];
    work.write("c.zip", Zip::of(pair.clone()).bytes());
    work.write("d.zip", Zip::of([pair[0].clone()]).bytes());
    work.write(
        "e.zip",
        Zip::of([within("inner.zip", &sealed.archive())]).bytes(),
    );
    for archive in ["c.zip", "d.zip", "e.zip"] {
        let args = [
            "result", "decrypt", archive, "--output", "result", "--force",
        ];
        moves_nothing(&said(&work.cmd(args).pin().run()));
        moves_nothing(&said(&work.run(["result", "inspect", archive])));
    }
    // Two results in one archive, in folders of that name.
    let entries = ["a", "b"].into_iter().flat_map(|folder| {
        let named = |name: &str, data: &[u8]| Entry::new(format!("{ODD}/{folder}/{name}"), data);
        [
            named("aes-key.rsa", &sealed.key),
            named("iexec_out.zip.aes", &sealed.body),
        ]
    });
    work.write("b.zip", Zip::of(entries).bytes());
    for command in ["decrypt", "inspect"] {
        let run = work.cmd(["result", command, "b.zip"]).pin().run();
        assert_ne!(run.code, Some(0), "{command}");
        moves_nothing(&said(&run));
    }
}

#[test]
fn folders_and_files_that_options_name_are_so_too() {
    let token = Token::new();
    let work = publish::with_key(&token);
    let folder = work.path(ODD);
    fs::create_dir(&folder).unwrap();
    let module = folder.join("module.so");
    std::os::unix::fs::symlink(&token.module, &module).unwrap();
    let wallet = folder.join(format!("{ADDRESS}.json"));
    private_file(&wallet, &keystore(Some(ADDRESS)));
    fs::set_permissions(&wallet, fs::Permissions::from_mode(0o644)).unwrap();
    let none = folder.join("none");
    let (none, module) = (none.to_str().unwrap(), module.to_str().unwrap());
    let (wallet, folder) = (wallet.to_str().unwrap(), folder.to_str().unwrap());
    let key_pem = openssl::rsa_key(2048).0;
    work.write(format!("{ODD}/{OTHER}_key"), key_pem);
    work.write(format!("{ODD}/empty"), "");
    let mut named = Vec::new();
    for args in [
        &["token", "list", "--module", module][..],
        &["token", "list", "--module", none],
        &["token", "info", "--module", folder],
        &["key", "list", "--pin-file", none],
        &["key", "list", "--pin-file", &format!("{ODD}/empty")],
        &["agent", "status", "--agent-sock", none],
        &["agent", "status", "--agent-sock", wallet],
        &["agent", "start", "--agent-sock", wallet],
        &["agent", "start", "--agent-sock", none],
        &[
            "key",
            "show",
            "--beneficiary-keystoredir",
            folder,
            "--wallet-address",
            OTHER,
        ],
        &[
            "key",
            "adopt",
            "--beneficiary-keystoredir",
            folder,
            "--wallet-address",
            OTHER,
        ],
        &[
            "key",
            "adopt",
            "--beneficiary-keystoredir",
            folder,
            "--wallet-address",
            ADDRESS,
        ],
        &[
            "key",
            "adopt",
            "--public-key",
            none,
            "--wallet-address",
            ADDRESS,
        ],
        &["key", "export", "--output", none],
        &["key", "export", "--output", none],
        &["wallet", "list", "--no-token", "--wallet-file", wallet],
        &["wallet", "list", "--no-token", "--keystoredir", folder],
        &["wallet", "list", "--no-token", "--wallet-file", none],
        &["doctor", "--offline", "--wallet-file", wallet],
        &["doctor", "--offline", "--beneficiary-keystoredir", folder],
        &["doctor", "--offline", "--module", none],
        &["config", "show", "--verbose", "--module", none],
        &["config", "check", none],
        &["result", "encrypt", folder, "--public-key", none],
        &["result", "inspect", folder],
        &[
            "result",
            "import-encryption-key",
            none,
            "--wallet-address",
            ADDRESS,
        ],
        &["result", "push-encryption-key", "--secret-path", none],
        &[
            "result",
            "push-encryption-key",
            "--wallet-file",
            wallet,
            "--password-file",
            none,
        ],
        &["man", "--dir", wallet],
        &["man", ODD],
        &["completions", ODD],
        &[ODD],
        &["result", ODD],
        &["result", "inspect", "a", ODD],
        &["result", "decrypt", &format!("--{ODD}")],
        &["token", "list", "--timeout", ODD],
        &[
            "token",
            "init",
            "--token-label",
            "x",
            "--confirm-label",
            ODD,
        ],
    ] {
        let cmd = work
            .cmd(args)
            .pin()
            .env("IEXEC_HSM_SMS_URL", "http://localhost:1");
        let run = cmd.env("IEXEC_HSM_WALLET_PASSWORD", "x").run();
        moves_nothing(&said(&run));
        named.extend(said(&run).contains("odd").then(|| args.join(" ")));
    }
    // Were they not named, this walk would show nothing.
    assert!(named.len() > 25, "{named:?}");
}

#[test]
fn the_settings_of_a_file_are_so_too() {
    let work = Work::without_token();
    let config = |text: &str| {
        let path = work.path("config.toml");
        fs::write(&path, text).unwrap();
        is_plain(&said(&work.run(["config", "check", "config.toml"])));
        let home = work.home().join(".config/iexec-hsm");
        fs::create_dir_all(&home).unwrap();
        fs::copy(&path, home.join("config.toml")).unwrap();
        is_plain(&said(&work.run(["config", "show"])));
    };
    let odd = r"odd\n\tFORGED\u001b[2J";
    config(&format!("\"{odd}\" = true"));
    let work = &work;
    work.write("config.toml", "");
    let home = work.home().join(".config/iexec-hsm/config.toml");
    fs::write(home, format!("token = \"{odd}\"")).unwrap();
    is_plain(&said(&work.run(["config", "show"]).ok()));
}

#[test]
fn the_names_in_chain_json_are_so_too() {
    let sms = Sms::start();
    let work = Work::without_token();
    let odd = r"odd\n\tFORGED\u001b[2J";
    let url = sms.url();
    for chains in [
        format!(r#"{{"default":"{odd}","chains":{{"{odd}":{{"sms":"{url}"}}}}}}"#),
        format!(r#"{{"default":"{odd}","chains":{{"{odd}":{{"sms":"{url}\n\tFORGED/odd"}}}}}}"#),
        format!(r#"{{"default":"{odd}","chains":{{"{odd}":{{"sms":"http://odd\n\tFORGED"}}}}}}"#),
        format!(r#"{{"default":"{odd}","chains":{{"{odd}":{{}}}}}}"#),
        format!(r#"{{"default":"{odd}","chains":{{"{odd}":{{"sms":7}}}}}}"#),
        format!(r#"{{"default":"x","chains":{{"{odd}":{{}}}}}}"#),
        format!(r#"{{"default":"{odd}","chains":{{}}}}"#),
        format!(
            r#"{{"{odd}":1,"default":"{odd}","chains":{{"{odd}":{{"{odd}":1,"sms":{{"{odd}":"x"}}}}}}}}"#
        ),
    ] {
        work.write("chain.json", chains);
        let cmd = work.cmd(["result", "check-encryption-key", ADDRESS, "--verbose"]);
        is_plain(&said(&cmd.run()));
        is_plain(&said(&work.run(["doctor"])));
    }
}
