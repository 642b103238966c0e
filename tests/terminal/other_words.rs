//! What is said of commands that are tried and are not there: those of the SDK, and other words for ours.

use crate::support::*;

/// What is said of a command that does not exist.
fn said(work: &Work<'_>, command: &str) -> String {
    let words: Vec<&str> = command.split(' ').collect();
    work.cmd(&words).run().fails(2).err()
}

#[test]
fn every_command_of_the_sdk_is_here_or_is_spoken_of() {
    let work = Work::without_token();
    for sdk in Sdk::all() {
        let all = sdk.commands();
        assert!(all.len() > 60, "{all:?}");
        for command in all {
            let words: Vec<&str> = command.split(' ').collect();
            let run = work.cmd(&words).arg("--help").run();
            if run.code == Some(0) {
                continue;
            }
            let said = run.fails(2).err();
            let speaks = said.contains("iExec SDK") || said.contains("`iexec-hsm ");
            assert!(speaks, "{command}: {said}");
        }
    }
}

#[test]
fn a_word_that_is_no_command_leads_to_the_right_one() {
    let work = Work::without_token();
    for (typed, right) in [
        ("wallet import 0x01", "`iexec-hsm wallet create`"),
        ("wallet getETH", "`iexec-hsm account show`"),
        ("wallet show", "`iexec-hsm wallet list`"),
        (
            "app deploy",
            "`iexec app deploy` is a command of the iExec SDK",
        ),
        ("app request-execution 0x01", "`iexec-hsm app run`"),
        ("order sign", "`iexec-hsm app run`"),
        ("orderbook workerpool", "`iexec-hsm app run`"),
        (
            "storage init",
            "`iexec storage` is a command of the iExec SDK",
        ),
        ("tee decrypt-results", "`iexec-hsm result --help`"),
        ("task debug 0x01", "`iexec-hsm task show …`"),
        ("result download", "--download` meant?"),
        (
            "result revoke",
            "`result` has: generate-encryption-keypair, ",
        ),
        (
            "key generate",
            "`iexec-hsm result generate-encryption-keypair`",
        ),
        (
            "key import",
            "`iexec-hsm result import-encryption-key <file>`",
        ),
        ("token create", "`iexec-hsm token init --token-label"),
        ("init", "`iexec-hsm setup`"),
        ("push", "`iexec-hsm result push-encryption-key`"),
        ("decrypt x.zip", "`iexec-hsm result decrypt`"),
    ] {
        let said = said(&work, typed);
        assert!(said.contains(right), "{typed}: {said}");
    }
    // Not every command of that name.
    let many = said(&work, "list");
    assert!(!many.contains("meant?"), "{many}");
}

#[test]
fn each_command_that_is_named_instead_exists() {
    let work = Work::without_token();
    let source = include_str!("../../src/cli/command/meant/other_words.rs");
    let mut count = 0;
    for line in source.split("`iexec-hsm ").skip(1) {
        let line = line
            .split('`')
            .next()
            .unwrap()
            .replace('…', &format!("0x{:064}", 1));
        let words: Vec<&str> = line.split(' ').chain(["--help"]).collect();
        work.cmd(&words).run().ok();
        count += 1;
    }
    assert!(count > 15, "{count}");
}

#[test]
fn a_missing_argument_is_told_without_the_options_of_the_environment() {
    let token = Token::new();
    let work = Work::new(&token);
    let said = work.cmd(["deal", "show"]).run().fails(2).err();
    assert!(said.contains("<DEALID>"), "{said}");
    assert!(!said.contains("--module"), "{said}");
}

#[test]
fn an_archive_that_nobody_named_is_told_as_such() {
    let work = Work::without_token();
    for command in ["decrypt", "inspect"] {
        let failed = work.cmd(["result", command]).run().fails(23).err();
        assert!(failed.contains("no archive is named"), "{failed}");
        let raw = work.cmd(["result", command, "--json"]).run().fails(23);
        let error = raw.raw_error();
        assert!(
            error["message"]
                .as_str()
                .unwrap()
                .contains("Name the archive")
        );
        let named = work
            .cmd(["result", command, "other.zip"])
            .run()
            .fails(23)
            .err();
        assert!(named.contains("other.zip"), "{named}");
    }
}
