//! Command lines that the program prints, pasted into a shell as they are.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::publish::{self, keystore, private_file};
use crate::support::*;

/// A folder whose name a shell would take apart.
const FOLDER: &str = "it's $HOME -n `id`; x";

/// The command that begins with `words`: to the end of its line, or of its backticks.
#[track_caller]
fn printed(run: &Run, words: &str) -> String {
    let said = run.out() + &run.err();
    let Some(at) = said.find(words) else {
        panic!("{words} in {said}");
    };
    let line = said[at..].lines().next().unwrap();
    match said[..at].ends_with('`') {
        true => line.split_once('`').unwrap().0.to_owned(),
        false => line.to_owned(),
    }
}

/// Pastes a line into a shell.
fn paste(work: &Work, line: &str) -> Cmd {
    let line = match line.strip_prefix("iexec-hsm ") {
        Some(rest) => format!("\"$0\" {rest}"),
        None => line.to_owned(),
    };
    let nothing: [&str; 0] = [];
    work.cmd(nothing).pin().under(["bash", "-c", &line])
}

#[test]
fn the_file_that_is_destroyed_is_the_one_that_was_imported() {
    let token = Token::new();
    let work = Work::new(&token);
    let (private, _) = openssl::rsa_key(2048);
    let name = format!("{FOLDER}/Copy of {ADDRESS}_key");
    work.write(&name, &private);
    work.write("Copy", "another file");
    work.write(format!("{ADDRESS}_key"), "another file");
    let cmd = work.cmd(["result", "import-encryption-key", &name]).pin();
    let run = cmd.args(&["--wallet-address", ADDRESS]).run().ok();
    paste(&work, &printed(&run, "shred -u")).run().ok();
    assert!(!work.exists(&name));
    assert_eq!(work.read("Copy"), b"another file");
    assert_eq!(work.read(format!("{ADDRESS}_key")), b"another file");
}

#[test]
fn a_software_key_in_an_odd_folder_is_moved_by_the_line_that_says_so() {
    let token = Token::new();
    let work = Work::new(&token);
    let (private, _) = openssl::rsa_key(2048);
    work.write(format!("{FOLDER}/{ADDRESS}_key"), private);
    let folder = ["--beneficiary-keystoredir", FOLDER];
    let run = work.cmd([&["key", "show"], &folder[..]].concat()).pin();
    let run = run.args(&["--wallet-address", ADDRESS]).run().fails(16);
    let line = printed(&run, "iexec-hsm result import");
    paste(&work, &line).run().ok();
    assert!(token.objects().contains("Private Key"));
}

#[test]
fn key_files_are_mended_by_the_lines_of_the_doctor() {
    let token = Token::new();
    let work = publish::with_key(&token);
    let in_folder = |cmd: Cmd| cmd.env("IEXEC_HSM_BENEFICIARY_KEYSTOREDIR", FOLDER);
    let public = format!("{FOLDER}/{ADDRESS}_key.pub");
    fs::rename(work.path(".secrets/beneficiary"), work.path(FOLDER)).unwrap();
    let right = work.read(&public);
    let doctor = || {
        in_folder(work.cmd(["doctor", "--offline", "--login"]))
            .pin()
            .run()
    };

    fs::remove_file(work.path(&public)).unwrap();
    in_folder(paste(&work, &printed(&doctor(), "iexec-hsm key export")))
        .run()
        .ok();
    assert_eq!(work.read(&public), right);

    // As if another key had been put in its place.
    let (_, other) = openssl::rsa_key(2048);
    work.write(&public, other);
    in_folder(paste(&work, &printed(&doctor(), "iexec-hsm key adopt")))
        .run()
        .ok();
    assert_eq!(work.read(&public), right);
    doctor().ok();
}

#[test]
fn permissions_are_set_by_the_lines_that_say_so() {
    let work = Work::without_token();
    let config = work.path(FOLDER).join("iexec-hsm/config.toml");
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    fs::write(&config, "").unwrap();
    fs::set_permissions(&config, fs::Permissions::from_mode(0o666)).unwrap();
    let check = |code| {
        let cmd = work.cmd(["config", "show"]);
        cmd.env("XDG_CONFIG_HOME", work.path(FOLDER))
            .run()
            .fails(code)
    };
    paste(&work, &printed(&check(2), "chmod go-w")).run().ok();
    check(0);

    let wallet = work.path(FOLDER).join("wallet");
    private_file(&wallet, &keystore(Some(ADDRESS)));
    fs::set_permissions(&wallet, fs::Permissions::from_mode(0o644)).unwrap();
    let doctor = work.cmd(["doctor", "--offline", "--wallet-file"]);
    paste(&work, &printed(&doctor.arg(&wallet).run(), "chmod 600"))
        .run()
        .ok();
    let mode = fs::metadata(&wallet).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_command_is_not_broken_where_the_terminal_ends() {
    let token = Token::new();
    let work = Work::new(&token);
    let name = format!("{} of a key.pem", "Copy ".repeat(30));
    work.write(&name, openssl::rsa_key(2048).0);
    let args = ["result", "import-encryption-key", &name];
    let cmd = work.cmd(args).args(&["--wallet-address", ADDRESS]).pin();
    let (code, shown) = Pty::spawn(&cmd).wait();
    assert_eq!(code, 0, "{shown}");
    let file = work.path(&name);
    let command = format!("`shred -u '{}'`", file.display());
    assert!(shown.contains(&command), "{command} in {shown}");
}
