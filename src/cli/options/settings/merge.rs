//! The one merge: option over environment over file over default.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::setting::{Fallback, Found, Kind, Setting, Source};
use super::{PerSetting, SETTINGS};
use crate::cli::config::Entry;

/// The settings that a command has as options, with the values in options and environment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given(Vec<(&'static str, Option<(Source, OsString)>)>);

impl Given {
    /// Takes them from what was parsed.
    pub(crate) fn of(matches: &ArgMatches) -> Self {
        let given = |setting: &Setting| {
            let values = matches.try_get_raw(setting.id).ok()?;
            let source = match matches.value_source(setting.id) {
                Some(ValueSource::CommandLine) => Some(Source::Flag),
                Some(ValueSource::EnvVariable) => Some(Source::Environment),
                _ => None,
            };
            let value = values.and_then(|mut values| values.next());
            Some((setting.id, source.zip(value.map(OsStr::to_owned))))
        };
        Self(SETTINGS.iter().filter_map(given).collect())
    }

    /// With the environment of the options that other commands have.
    pub(crate) fn with_environment(mut self) -> Self {
        for setting in SETTINGS.iter() {
            if setting.kind != Kind::Secret && !self.has(setting) {
                let value = std::env::var_os(setting.variable());
                let value = value.map(|value| (Source::Environment, value));
                self.0.push((setting.id, value));
            }
        }
        self
    }

    /// Adds a value as if it had been typed.
    pub(crate) fn typed(mut self, setting: &Setting, value: impl Into<OsString>) -> Self {
        self.0.retain(|(id, _)| *id != setting.id);
        self.0
            .push((setting.id, Some((Source::Flag, value.into()))));
        self
    }

    /// Whether the command has the option.
    pub(crate) fn has(&self, setting: &Setting) -> bool {
        self.0.iter().any(|(id, _)| *id == setting.id)
    }

    fn get(&self, setting: &Setting) -> Option<&(Source, OsString)> {
        let mut given = self.0.iter().filter(|(id, _)| *id == setting.id);
        given.find_map(|(_, value)| value.as_ref())
    }
}

/// Finds the closest value of each setting, and which of them are not used.
pub(crate) fn merge(given: &Given, file: &[Entry]) -> PerSetting<Found> {
    let mut found = SETTINGS.map(|setting| closest(setting, given, file));
    // From one place they say more of one wallet: the file may not tell its address.
    if found.wallet_file.source != found.wallet_address.source {
        exclude(
            (&SETTINGS.wallet_file, &mut found.wallet_file),
            (&SETTINGS.wallet_address, &mut found.wallet_address),
        );
    }
    // Two that say the same thing: of those in one place, the first one counts.
    exclude(
        (&SETTINGS.sms_url, &mut found.sms_url),
        (&SETTINGS.chain, &mut found.chain),
    );
    // The arguments in the file are for the module in the file.
    let in_file = file.iter().find(|it| it.setting.id == SETTINGS.module.id);
    let in_file = in_file.map(|entry| Path::new(&entry.text));
    let module = found.module.text.as_ref().map(Path::new);
    if found.module_args.source == Source::File && module.is_some() && module != in_file {
        found.module_args.overruled_by = Some(SETTINGS.module.name());
    }
    found
}

/// Returns what sets `setting`, the closest to the command first.
fn closest(setting: &Setting, given: &Given, file: &[Entry]) -> Found {
    let (text, source, line) = if let Some((source, value)) = given.get(setting) {
        (Some(value.clone()), *source, None)
    } else if let Some(entry) = file.iter().find(|entry| entry.setting.id == setting.id) {
        (
            Some(entry.text.clone().into()),
            Source::File,
            Some(entry.line),
        )
    } else if let Fallback::Is(value) = setting.default {
        (Some(value.into()), Source::Default, None)
    } else {
        (None, Source::Default, None)
    };
    Found {
        text,
        source,
        line,
        overruled_by: None,
    }
}

/// Overrules the one of two settings that is further from the command, else the second.
fn exclude(one: (&Setting, &mut Found), two: (&Setting, &mut Found)) {
    let (one, two) = if one.1.source >= two.1.source {
        (one, two)
    } else {
        (two, one)
    };
    if two.1.source != Source::Default {
        two.1.overruled_by = Some(one.0.name());
    }
}

#[cfg(test)]
mod tests;
