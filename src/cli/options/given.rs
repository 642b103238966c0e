use std::ffi::OsString;

use clap::ArgMatches;
use clap::parser::ValueSource;

/// What options and environment say of the command that is run, as it was given.
#[derive(Debug, Default)]
pub(crate) struct Given(Vec<(String, Source, OsString)>);

/// Where a value came from; what is greater was said closer to the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    Default,
    File,
    Environment,
    Flag,
}

impl Source {
    /// One word for JSON.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
            Self::Flag => "flag",
        }
    }
}

impl Given {
    pub(crate) fn of(matches: &ArgMatches) -> Self {
        let given = |id: &clap::Id| {
            let source = match matches.value_source(id.as_str())? {
                ValueSource::CommandLine => Source::Flag,
                ValueSource::EnvVariable => Source::Environment,
                _ => return None,
            };
            // Of a group there is no value.
            let value = matches.try_get_raw(id.as_str()).ok()??.next()?;
            Some((id.to_string(), source, value.to_owned()))
        };
        Self(matches.ids().filter_map(given).collect())
    }

    /// The value of the option `--name`, and where it came from.
    pub(crate) fn get(&self, name: &str) -> Option<(Source, &OsString)> {
        let id = name.replace('-', "_");
        let found = self.0.iter().find(|(known, ..)| *known == id);
        found.map(|(_, source, value)| (*source, value))
    }
}
