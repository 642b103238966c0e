#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs::{self, Permissions};

use super::*;

/// Loads a configuration file with this content.
fn load(content: &[u8]) -> Result<Config, ConfigError> {
    load_with_mode(content, 0o644)
}

fn load_with_mode(content: &[u8], mode: u32) -> Result<Config, ConfigError> {
    let home = tempfile::tempdir().unwrap();
    let path = path(None, Some(home.path())).unwrap();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    Config::load(None, Some(home.path()))
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
    let config = load(
        br#"
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
    let expected = Config {
        module: Some("/usr/lib/softhsm/libsofthsm2.so".into()),
        module_args: Some("connector=usb".into()),
        token: Some("pkcs11:serial=1".parse().unwrap()),
        key: Some("pkcs11:id=%01".parse().unwrap()),
        pin_file: Some("/run/pin".into()),
        wallet_address: Some("5aaeb6053f3e94c9b9a09f33669435e7ef1beaed".parse().unwrap()),
        wallet_file: Some("UTC--x".into()),
        keystoredir: Some(KeystoreDir::Local),
        wallet: Some("pkcs11:object=wallet".parse().unwrap()),
        password_file: Some("/run/password".into()),
        chain: Some("134".into()),
        tee_framework: Some(FrameworkChoice::All),
        sms_url: Some("https://localhost/sms".into()),
        timeout: Some(60),
        beneficiary_keystoredir: Some("keys".into()),
        agent_sock: Some("/run/agent.sock".into()),
        no_agent: Some(true),
        idle: Some(Duration::from_secs(90)),
        max_lifetime: Some(Duration::from_secs(8 * 3600)),
        sessions: NonZeroUsize::new(4),
        request_timeout: Some(Duration::from_secs(30)),
        audit_log: Some("/run/audit".into()),
        max_size: Some(1_000_000_000),
        max_entries: Some(10_000),
    };
    assert_eq!(config.unwrap(), expected);
}

#[test]
fn a_size_may_have_a_unit() {
    let config = parse(b"max-size = \"2G\"").unwrap();
    assert_eq!(config.max_size, Some(2 << 30));
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
        ("idle = \"5 fortnights\"", "the units are s, m, h and d"),
        ("request-timeout = \"0\"", "from 1s to 10m"),
    ] {
        assert_eq!(wrong(content).2, wanted, "{content}");
    }
}

#[test]
fn without_a_file_nothing_is_set() {
    let home = tempfile::tempdir().unwrap();
    assert_eq!(
        Config::load(None, Some(home.path())).unwrap(),
        Config::default()
    );
    assert_eq!(Config::load(None, None).unwrap(), Config::default());
    assert_eq!(load(b"").unwrap(), Config::default());
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
    for key in ["pin", "password"] {
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
        Err(ConfigError::WorldWritable { .. })
    ));
    assert!(load_with_mode(content, 0o664).is_ok());
}
