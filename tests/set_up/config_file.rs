//! The configuration file, and what wins over it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::support::*;

const OTHER: &str = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";

/// Writes the configuration of the work's home.
fn configure(work: &Work, content: impl AsRef<[u8]>) -> PathBuf {
    let path = work.home().join(".config/iexec-hsm/config.toml");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    path
}

fn path(path: &Path) -> String {
    format!("{:?}", path.display().to_string())
}

/// The label of the token that a command works with.
fn token_of(cmd: Cmd) -> String {
    let info = cmd.arg("--raw").run().ok().raw();
    info["label"].as_str().unwrap().to_owned()
}

#[test]
fn it_may_begin_with_a_mark_and_is_no_utf16() {
    let token = Token::new();
    let work = Work::new(&token);
    let content = format!("module = {}\r\nno-such = 1", path(&token.module));
    configure(&work, format!("\u{feff}{content}"));
    let list = || work.cmd(["token", "list"]).without_env("IEXEC_HSM_MODULE");
    let run = list().run().fails(2);
    assert!(
        run.err().contains(":2:1: unknown field `no-such`"),
        "{}",
        run.err()
    );
    let content = content.lines().next().unwrap().to_owned();
    let file = configure(&work, format!("\u{feff}{content}"));
    list().run().ok();

    // What is added is not glued to a last line without an end.
    let make = work.cmd(["setup", "--no-input", "--new-key", "--bits=2048"]);
    let make = make.args(&["--wallet-address", ADDRESS]).pin();
    make.without_env("IEXEC_HSM_MODULE").run().ok();
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with(&content), "{text:?}");
    assert!(
        text.contains(&format!("\nwallet-address = \"{ADDRESS}\"\n")),
        "{text}"
    );
    list().run().ok();

    let wide: Vec<u8> = content.encode_utf16().flat_map(u16::to_be_bytes).collect();
    configure(&work, wide);
    let run = list().run().fails(2);
    for words in ["config.toml", "UTF-16", "Save it as UTF-8"] {
        assert!(run.err().contains(words), "{words} in {}", run.err());
    }
}

#[test]
fn every_setting_is_honoured() {
    let token = Token::labelled("first");
    token.add("second");
    let work = Work::new(&token);
    let (module, pin) = (path(&token.module), path(&token.pin_file()));
    configure(
        &work,
        format!(
            "module = {module}\ntoken = \"second\"\npin-file = {pin}\nwallet-address = \"{ADDRESS}\"\n\
             beneficiary-keystoredir = \"keys\"\nmax-size = 1000\nmax-entries = 2\n"
        ),
    );
    let cmd = |args: &[&str]| work.cmd(args).without_env("IEXEC_HSM_MODULE");
    let made = cmd(&["result", "generate-keys", "--bits=2048", "--raw"]);
    let made = made.run().ok().raw();
    assert_eq!(made["address"], ADDRESS);
    assert!(made["key"].as_str().unwrap().contains("token=second;"));
    let pem = format!("keys/{ADDRESS}_key.pub");
    assert_eq!(work.files(), [format!("keys/{ADDRESS}_key"), pem.clone()]);

    let public = String::from_utf8(work.read(pem)).unwrap();
    for (name, plain, code) in [
        ("small.zip", plain_zip(&[("a", b"1")]), 0),
        ("large.zip", plain_zip(&[("a", &[7; 2000])]), 24),
        (
            "many.zip",
            plain_zip(&[("a", b""), ("b", b""), ("c", b"")]),
            24,
        ),
    ] {
        work.write(name, Sealed::current(&public, &plain).archive());
        cmd(&["result", "decrypt", name, "--output-dir", "out", "--verify"])
            .run()
            .fails(code);
    }
    let args = [
        "result",
        "decrypt",
        "large.zip",
        "-o",
        "large",
        "--max-size=1M",
    ];
    cmd(&args).run().ok();
    let args = ["result", "decrypt", "many.zip", "-o", "many"];
    cmd(&args).env("IEXEC_HSM_MAX_ENTRIES", "3").run().ok();
}

#[test]
fn the_key_of_the_configuration_is_used() {
    let token = Token::new();
    let work = Work::new(&token);
    let make = |address: &str| {
        let args = ["result", "generate-keys", "--bits=2048", "--raw"];
        let cmd = work.cmd(args).pin().arg("--wallet-address").arg(address);
        cmd.run().ok().raw()["key"].as_str().unwrap().to_owned()
    };
    let (first, second) = (make(ADDRESS), make(OTHER));
    configure(&work, format!("key = {second:?}\n"));
    let shown = |cmd: Cmd| {
        let json = cmd.pin().arg("--raw").run().ok().raw();
        json["key"].as_str().unwrap().to_owned()
    };
    let show = || work.cmd(["key", "show"]);
    assert_eq!(shown(show()), second);
    assert_eq!(shown(show().env("IEXEC_HSM_KEY", &first)), first);
    let typed = show()
        .env("IEXEC_HSM_KEY", &second)
        .arg("--key")
        .arg(&first);
    assert_eq!(shown(typed), first);
}

#[test]
fn wallets_are_looked_for_where_the_configuration_says() {
    let token = Token::new();
    let work = Work::new(&token);
    for address in [ADDRESS, OTHER] {
        let digits = &address[2..];
        let content = format!(r#"{{"address":"{}"}}"#, digits.to_lowercase());
        work.write(format!("wallets/UTC--2024--{digits}"), content);
    }
    let made = |cmd: Cmd| {
        let json = cmd.pin().arg("--raw").run().ok().raw();
        json["address"].as_str().unwrap().to_owned()
    };
    let generate = || work.cmd(["result", "generate-keys", "--bits=2048"]);
    let file = format!("UTC--2024--{}", &ADDRESS[2..]);
    configure(
        &work,
        format!("keystoredir = \"wallets\"\nwallet-file = \"{file}\"\n"),
    );
    assert_eq!(made(generate()), ADDRESS);
    let typed = generate().arg("--wallet-address").arg(OTHER);
    assert_eq!(made(typed), OTHER);
    let in_env = generate().env("IEXEC_HSM_WALLET_ADDRESS", OTHER);
    assert_eq!(made(in_env), OTHER);
}

#[test]
fn options_win_over_the_environment_and_the_environment_over_the_file() {
    let token = Token::labelled("first");
    token.add("second");
    token.add("third");
    let work = Work::new(&token);
    configure(&work, "token = \"first\"\n");
    let info = || work.cmd(["token", "info"]);
    assert_eq!(token_of(info()), "first");
    let in_env = || info().env("IEXEC_HSM_TOKEN", "second");
    assert_eq!(token_of(in_env()), "second");
    assert_eq!(token_of(in_env().arg("--token").arg("third")), "third");

    let wrong = token.secret_file("wrong", "9999");
    configure(
        &work,
        format!("token = \"first\"\npin-file = {}\n", path(&wrong)),
    );
    let right = token.pin_file();
    let list = || work.cmd(["key", "list"]);
    list().env("IEXEC_HSM_PIN_FILE", &right).run().ok();
    list().arg("--pin-file").arg(&right).run().ok();
    let uri = format!("pkcs11:token=first?pin-source={}", right.display());
    list().arg("--token").arg(uri).run().ok();
    let typed = list().env("IEXEC_HSM_PIN_FILE", &wrong).arg("--pin-file");
    typed.arg(&right).run().ok();
    list().run().fails(12);
}

#[test]
fn the_file_is_where_the_xdg_folder_is() {
    let token = Token::labelled("first");
    token.add("second");
    let work = Work::new(&token);
    configure(&work, "token = \"first\"\n");
    let xdg = work.path("xdg");
    work.write("xdg/iexec-hsm/config.toml", "token = \"second\"\n");
    let info = || work.cmd(["token", "info"]);
    assert_eq!(token_of(info().env("XDG_CONFIG_HOME", &xdg)), "second");
    // Only an absolute path counts, and a project's folder never does.
    work.write("iexec-hsm/config.toml", "token = \"second\"\n");
    work.write("config.toml", "token = \"second\"\n");
    assert_eq!(token_of(info().env("XDG_CONFIG_HOME", "xdg")), "first");
    assert_eq!(token_of(info().env("XDG_CONFIG_HOME", "")), "first");
}

#[test]
fn what_is_wrong_is_refused_with_its_line_and_column() {
    let token = Token::new();
    let work = Work::new(&token);
    for (content, place, words) in [
        ("\nmodul = \"x\"\n", ":2:1", "unknown field"),
        (
            "token = \"test\"\n  pin = \"4711\"\n",
            ":2:3",
            "unknown field",
        ),
        ("max-size = \"large-4711\"\n", ":1:12", "not a number"),
        ("token = \"a\"\ntoken = \"b\"\n", ":2:1", "duplicate"),
        (
            "token = \"pkcs11:token=x?pin-value=4711\"\n",
            ":1:9",
            "pin-source",
        ),
        ("key = \"\"\n", ":1:7", "pkcs11:"),
        ("key = \"pkcs11:id=%zz\"\n", ":1:7", "hexadecimal digits"),
        ("wallet-address = \"0x4711\"\n", ":1:18", "4 hexadecimal"),
        ("[section]\n", ":1:", "unknown field"),
        ("token = \n", ":1:", ""),
    ] {
        let file = configure(&work, content);
        let run = work.cmd(["token", "list", "--raw"]).run().fails(2);
        let error = run.raw_error();
        let message = error["message"].as_str().unwrap();
        let wanted = format!("{}\"{place}", file.display());
        assert!(message.contains(&wanted), "{wanted} in {message}");
        assert!(message.contains(words), "{words} in {message}");
        assert!(!message.contains("4711"), "{message}");
    }
}

#[test]
fn a_file_that_anybody_can_write_is_refused() {
    let token = Token::new();
    let work = Work::new(&token);
    let file = configure(&work, "token = \"test\"\n");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    let run = work.cmd(["token", "list"]).run().fails(2);
    assert!(
        run.err().contains("other users can write to"),
        "{}",
        run.err()
    );
    assert!(run.err().contains("chmod go-w"), "{}", run.err());
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    work.cmd(["token", "list"]).run().ok();
}

#[test]
fn a_file_that_cannot_be_read_is_no_empty_one() {
    let token = Token::new();
    let work = Work::new(&token);
    let file = configure(&work, "");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let run = work.cmd(["token", "list"]).run().fails(2);
    assert!(run.err().contains("cannot read the configuration"));
    assert!(run.err().contains(file.to_str().unwrap()), "{}", run.err());
    // Help needs no configuration.
    work.cmd(["--help"]).run().ok();
}
