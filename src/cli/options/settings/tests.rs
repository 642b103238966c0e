#![allow(clippy::unwrap_used)]

use std::ffi::OsStr;

use super::*;
use crate::archive::Limits;

/// A value that the setting takes.
fn sample(setting: &Setting) -> &'static str {
    match setting.id {
        "key" | "wallet" => "pkcs11:id=%01",
        "wallet_address" => "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
        "tee_framework" => "all",
        "progress" => "json",
        "no_agent" | "confirm" | "no_confinement" => "true",
        _ => "5",
    }
}

#[test]
fn each_has_an_option_a_variable_and_a_key_as_its_kind_says() {
    for setting in SETTINGS.iter() {
        let Some(value) = &setting.value else {
            assert_eq!(setting.kind, Kind::Secret, "{}", setting.id);
            continue;
        };
        let arg = setting.arg();
        assert_eq!(arg.get_long(), Some(setting.name().as_str()));
        assert_eq!(arg.get_env(), Some(OsStr::new(&setting.variable())));
        assert!(arg.is_hide_env_values_set(), "{}", setting.id);
        assert!(!setting.value_name.is_empty(), "{}", setting.id);
        assert_eq!(
            (value.check)(OsStr::new(sample(setting))),
            Ok(()),
            "{}",
            setting.id
        );
    }
}

#[test]
fn names_are_spelled_for_each_place() {
    assert_eq!(SETTINGS.so_pin_file.name(), "so-pin-file");
    assert_eq!(SETTINGS.so_pin_file.variable(), "IEXEC_HSM_SO_PIN_FILE");
}

#[test]
fn defaults_are_values_and_the_help_names_them() {
    let defaults = Settings::read(SETTINGS.map(|setting| Found {
        text: match setting.default {
            Is(value) => Some(value.into()),
            _ => None,
        },
        source: Source::Default,
        line: None,
        overruled_by: None,
    }));
    let defaults = defaults.unwrap();
    let limits = Limits::default();
    assert_eq!(defaults.max_size, limits.max_size);
    assert_eq!(defaults.max_entries, limits.max_entries);
    for setting in SETTINGS.iter() {
        let told = setting.help.split_once(" [default: ");
        let told = told.and_then(|(_, told)| told.strip_suffix(']'));
        if let (Some(told), Is(value)) = (told, setting.default) {
            assert!(told == value || setting.id == "max_size", "{told}, {value}");
        }
    }
}
