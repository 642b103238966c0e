#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use clap::Command;

use super::*;
use crate::cli::config::ConfigFile;
use crate::cli::options::groups;
use clap::Args as _;

/// The settings of a file with this content.
fn file(content: &str) -> Vec<Entry> {
    let path = PathBuf::from("config.toml");
    ConfigFile::parse(&path, content.as_bytes())
        .unwrap()
        .entries
}

/// A value of each setting in one of three places.
fn given(environment: &[(&'static Setting, &str)], typed: &[(&'static Setting, &str)]) -> Given {
    let environment = environment.iter().map(|(setting, value)| {
        (
            setting.id,
            Some((Source::Environment, OsString::from(value))),
        )
    });
    let given = Given(environment.collect());
    typed
        .iter()
        .fold(given, |given, (setting, value)| given.typed(setting, value))
}

#[test]
fn what_is_closer_to_the_command_counts() {
    let entries = file("\ntoken = \"c\"\n");
    let token = &SETTINGS.token;
    for (given, text, source, line) in [
        (
            given(&[(token, "b")], &[(token, "a")]),
            Some("a"),
            Source::Flag,
            None,
        ),
        (
            given(&[(token, "b")], &[]),
            Some("b"),
            Source::Environment,
            None,
        ),
        (given(&[], &[]), Some("c"), Source::File, Some(2)),
    ] {
        let found = merge(&given, &entries).token;
        let wanted = Found {
            text: text.map(OsString::from),
            source,
            line,
            overruled_by: None,
        };
        assert_eq!(found, wanted);
    }
    let found = merge(&Given::default(), &[]);
    assert_eq!(
        (found.token.text, found.token.source),
        (None, Source::Default)
    );
    assert_eq!(found.idle.text, Some("15m".into()));
}

#[test]
fn of_two_rivals_the_closer_one_counts_else_the_first() {
    const FILE: &str = "wallet-file = \"f\"\n";
    const BOTH: &str =
        "wallet-file = \"f\"\nwallet-address = \"0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf\"\n";
    let (wallet, address) = (&SETTINGS.wallet_file, &SETTINGS.wallet_address);
    for (in_file, given, overruled) in [
        ("", given(&[], &[]), None),
        (FILE, given(&[], &[]), None),
        (BOTH, given(&[], &[]), None),
        (FILE, given(&[], &[(address, "a")]), Some(wallet)),
        (FILE, given(&[(address, "a")], &[]), Some(wallet)),
        (BOTH, given(&[(address, "a")], &[]), Some(wallet)),
        ("", given(&[(wallet, "w")], &[(address, "a")]), Some(wallet)),
        (
            "",
            given(&[(address, "a")], &[(wallet, "w")]),
            Some(address),
        ),
        ("", given(&[], &[(address, "a"), (wallet, "w")]), None),
    ] {
        let found = merge(&given, &file(in_file));
        let is = |setting: &Setting| overruled.is_some_and(|it| it.id == setting.id);
        assert_eq!(
            found.wallet_file.overruled_by.is_some(),
            is(wallet),
            "{given:?} {in_file}"
        );
        assert_eq!(
            found.wallet_address.overruled_by.is_some(),
            is(address),
            "{given:?} {in_file}"
        );
    }
    let found = merge(
        &given(&[(&SETTINGS.sms_url, "u")], &[(&SETTINGS.chain, "c")]),
        &[],
    );
    assert_eq!(found.sms_url.overruled_by.as_deref(), Some("chain"));
    assert_eq!(
        (found.sms_url.used(), found.chain.used()),
        (None, Some(OsStr::new("c")))
    );
}

#[test]
fn arguments_in_the_file_are_for_the_module_in_the_file() {
    let entries = file("module = \"/a.so\"\nmodule-args = \"x\"\n");
    let used =
        |given: &Given, entries: &[Entry]| merge(given, entries).module_args.used().is_some();
    let typed = |path| given(&[], &[(&SETTINGS.module, path)]);
    assert!(used(&Given::default(), &entries));
    assert!(used(&typed("/a.so"), &entries));
    assert!(!used(&typed("/b.so"), &entries));
    assert!(!used(&typed("/a.so"), &file("module-args = \"x\"\n")));
    let both = typed("/b.so").typed(&SETTINGS.module_args, "y");
    assert!(used(&both, &entries));
}

#[test]
fn options_that_a_command_does_not_have_are_not_looked_at() {
    let command = groups::Timeout::augment_args(Command::new("test"));
    let matches = command
        .try_get_matches_from(["test", "--timeout=5"])
        .unwrap();
    let given = Given::of(&matches);
    assert!(given.has(&SETTINGS.timeout) && !given.has(&SETTINGS.chain));
    assert_eq!(merge(&given, &[]).timeout.source, Source::Flag);
}
