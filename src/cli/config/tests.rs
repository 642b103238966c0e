#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs::{self, Permissions};
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use super::*;
use crate::chain::FrameworkChoice;
use crate::cli::options::{Given, Kind, SETTINGS, Settings, merge};
use crate::token::Uri;

/// Loads a configuration file with this content.
fn load(content: &[u8]) -> Result<Option<ConfigFile>, ConfigError> {
    load_with_mode(content, 0o644)
}

fn load_with_mode(content: &[u8], mode: u32) -> Result<Option<ConfigFile>, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    ConfigFile::read(&path)
}

/// The settings of a content that is right, typed.
fn settings(content: &str) -> Settings {
    let file = load(content.as_bytes()).unwrap().unwrap();
    Settings::read(merge(&Given::default(), &file.entries)).unwrap()
}

/// Line, column and message for a content that is wrong.
fn wrong(content: &str) -> (usize, usize, String) {
    let error = load(content.as_bytes()).unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains("0001password"), "{text}");
    match error {
        ConfigError::Content {
            line,
            column,
            problem,
            ..
        } => (line, column, problem),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_setting_is_read() {
    let read = settings(
        r#"
module = "/usr/lib/softhsm/libsofthsm2.so"
module-args = "connector=usb"
token = "pkcs11:serial=1"
key = "pkcs11:id=%01"
pin-file = "/run/pin"
wallet-address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
wallet-file = "UTC--x"
keystoredir = "local"
wallet = "pkcs11:object=wallet"
password-file = "/run/password"
chain = "134"
tee-framework = "all"
sms-url = "https://localhost/sms"
trusted-hosts = "sms.example"
timeout = 60
beneficiary-keystoredir = "keys"
agent-sock = "/run/agent.sock"
no-agent = true
idle = "90s"
max-lifetime = "8h"
sessions = 4
request-timeout = "30"
audit-log = "/run/audit"
max-size = 1000000000
max-entries = 10000
"#,
    );
    let uri = |text: &str| Some(text.parse::<Uri>().unwrap());
    let path = |text: &str| Some(PathBuf::from(text));
    assert_eq!(read.module, path("/usr/lib/softhsm/libsofthsm2.so"));
    assert_eq!(read.module_args.as_deref(), Some("connector=usb"));
    assert_eq!(read.token, uri("pkcs11:serial=1"));
    assert_eq!(read.key, uri("pkcs11:id=%01"));
    assert_eq!(read.pin_file, path("/run/pin"));
    assert_eq!(read.found.wallet_address.line, Some(7));
    assert_eq!(read.wallet_file, path("UTC--x"));
    assert_eq!(read.keystoredir, Path::new("local"));
    assert_eq!(read.wallet, uri("pkcs11:object=wallet"));
    assert_eq!(read.password_file, path("/run/password"));
    assert_eq!(read.found.chain.line, Some(12));
    assert_eq!(read.tee_framework, Some(FrameworkChoice::All));
    assert_eq!(read.sms_url.as_deref(), Some("https://localhost/sms"));
    assert_eq!(read.trusted_hosts.map(|hosts| hosts.len()), Some(1));
    assert_eq!(read.timeout, Duration::from_secs(60));
    assert_eq!(read.beneficiary_keystoredir, Path::new("keys"));
    assert_eq!(read.agent_sock, path("/run/agent.sock"));
    assert!(read.no_agent);
    assert_eq!(read.idle, Duration::from_secs(90));
    assert_eq!(read.max_lifetime, Duration::from_secs(8 * 3600));
    assert_eq!(read.sessions, NonZeroUsize::new(4));
    assert_eq!(read.request_timeout, Duration::from_secs(30));
    assert_eq!(read.audit_log, path("/run/audit"));
    assert_eq!((read.max_size, read.max_entries), (1_000_000_000, 10_000));
    let alone = settings(
        "wallet-address = \"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed\"\nchain = \"134\"",
    );
    let address = "5aaeb6053f3e94c9b9a09f33669435e7ef1beaed".parse().unwrap();
    assert_eq!(alone.wallet_address, Some(address));
    assert_eq!(alone.chain.as_deref(), Some("134"));
}

#[test]
fn a_number_is_read_in_each_of_its_forms() {
    for (text, size) in [
        ("\"2G\"", 2 << 30),
        ("1_000", 1000),
        ("0x10", 16),
        ("18446744073709551615", u64::MAX),
    ] {
        let read = settings(&format!("max-size = {text}"));
        assert_eq!(read.max_size, size, "{text}");
    }
}

#[test]
fn a_wrong_value_is_told_in_words_of_people() {
    for (content, wanted) in [
        (
            "max-size = -1",
            "wrong kind of value, expected a number of bytes, or a text as in \"32G\"",
        ),
        (
            "max-size = \"1 fortnight\"",
            "the units are K, M, G and T (powers of 1024)",
        ),
        (
            "max-entries = \"many\"",
            "wrong kind of value, expected a number",
        ),
        (
            "sessions = 0",
            "wrong kind of value, expected a number above 0",
        ),
        ("module = \"\"", "a value is needed"),
        ("chain = \"\"", "a value is needed"),
        (
            "wallet-address = \"0x0000000000000000000000000000000000000000\"",
            "the zero address belongs to nobody, so no result could be opened with its key; give your wallet's address",
        ),
        ("idle = \"5 fortnights\"", "the units are s, m, h and d"),
        ("request-timeout = \"0\"", "from 1s to 10m"),
    ] {
        assert_eq!(wrong(content).2, wanted, "{content}");
    }
}

#[test]
fn without_a_file_nothing_is_set() {
    let folder = tempfile::tempdir().unwrap();
    let absent = ConfigFile::read(&folder.path().join("config.toml"));
    assert!(absent.unwrap().is_none());
    assert!(load(b"").unwrap().unwrap().entries.is_empty());
}

#[test]
fn the_file_is_where_xdg_says() {
    let home = Some(Path::new("/home/a"));
    let default = Some(PathBuf::from("/home/a/.config/iexec-hsm/config.toml"));
    assert_eq!(
        path(Some(OsStr::new("/x")), home),
        Some("/x/iexec-hsm/config.toml".into())
    );
    for unusable in ["", "relative"] {
        assert_eq!(path(Some(OsStr::new(unusable)), home), default);
    }
    assert_eq!(path(None, home), default);
    assert_eq!(path(None, None), None);
}

#[test]
fn unknown_keys_are_named_with_their_place_and_without_their_value() {
    for key in ["pin", "so-pin", "so-pin-file", "wallet-key", "password"] {
        let (line, column, problem) = wrong(&format!(
            "# mine\nmodule = \"/m\"\n  {key} = \"0001password\"\n"
        ));
        assert_eq!((line, column), (3, 3));
        assert!(
            problem.contains(&format!("unknown field `{key}`")),
            "{problem}"
        );
    }
    assert_eq!(wrong("[pin]\nvalue = \"0001password\"").0, 1);
}

#[test]
fn the_file_knows_the_settings_of_its_kind_and_no_other() {
    for setting in SETTINGS.iter() {
        // No setting is a list: a known key has a wrong kind of value, another is not known.
        let (_, _, problem) = wrong(&format!("{} = []", setting.name()));
        let anywhere = setting.kind == Kind::Anywhere;
        let begin = if anywhere {
            "wrong kind of value"
        } else {
            "unknown field"
        };
        assert!(problem.starts_with(begin), "{}: {problem}", setting.name());
    }
    let (_, _, known) = wrong("x = 1");
    let anywhere = SETTINGS.iter().filter(|it| it.kind == Kind::Anywhere);
    // `x` itself, and each known key, stand in backticks.
    assert_eq!(known.matches('`').count() / 2, anywhere.count() + 1);
}

#[test]
fn wrong_values_are_placed_but_not_shown() {
    for (content, place) in [
        ("max-size = \"0001password\"", (1, 12)),
        ("\npin-file = 0001password", (2, 12)),
        ("pin-file = \"0001password", (1, 25)),
        ("\n\nkey = \"pkcs11:?pin-value=0001password\"", (3, 7)),
        ("token = \"pkcs11:0001password\"", (1, 9)),
        ("module = [\"0001password\"]", (1, 10)),
        ("module = { \"0001password\" = 1 }", (1, 10)),
        ("wallet-address = \"0001password\"", (1, 18)),
        ("tee-framework = \"0001password\"", (1, 17)),
        ("timeout = 0", (1, 11)),
        ("0001password", (1, 13)),
        ("max-size = -1", (1, 12)),
    ] {
        let (line, column, problem) = wrong(content);
        assert_eq!((line, column), place, "{content}: {problem}");
    }
}

#[test]
fn a_repeated_key_is_refused() {
    assert_eq!(wrong("pin-file = \"/a\"\npin-file = \"0001password\"").0, 2);
}

#[test]
fn bytes_that_are_not_utf8_are_placed() {
    let error = load(b"module = \"/m\"\n# \xff").unwrap_err();
    assert!(
        matches!(
            error,
            ConfigError::Content {
                line: 2,
                column: 3,
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn a_file_that_anyone_can_write_is_refused() {
    let content = b"module = \"/m\"";
    assert!(matches!(
        load_with_mode(content, 0o646),
        Err(ConfigError::Exposed { .. })
    ));
    assert!(load_with_mode(content, 0o664).is_ok());
}
