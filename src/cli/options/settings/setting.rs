use std::ffi::{OsStr, OsString};

use clap::Arg;

use super::value::ValueKind;

/// A setting.
#[derive(Debug)]
pub(crate) struct Setting {
    /// The name in the code, and clap's.
    pub(crate) id: &'static str,
    /// The line in the help.
    pub(crate) help: &'static str,
    /// The value in the help.
    pub(crate) value_name: &'static str,
    /// Another name of the option.
    pub(crate) alias: Option<&'static str>,
    /// The places where it may be set.
    pub(crate) kind: Kind,
    /// The value where it is not set.
    pub(crate) default: Fallback,
    /// Whether it is an option of every command.
    pub(crate) is_global: bool,
    /// Whether people set it once, in the file or environment, if at all: the short help leaves its option out.
    pub(crate) is_rare: bool,
    /// The reader of its value; a secret is taken as it is.
    pub(crate) value: Option<ValueKind>,
}

/// The places where a setting may be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Option, environment and file.
    Anywhere,
    /// Option and environment: of one command alone.
    NotInFile,
    /// The environment alone, from which it is taken and erased.
    Secret,
}

/// The value where a setting is not set.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fallback {
    /// This value.
    Is(&'static str),
    /// The words for a value that is looked up.
    Words(&'static str),
    /// No value.
    Nothing,
}

/// The source of a value; what is greater was said closer to the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    Default,
    File,
    Environment,
    Flag,
}

/// The closest value of a setting, as a text, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) text: Option<OsString>,
    pub(crate) source: Source,
    /// The line of the file.
    pub(crate) line: Option<usize>,
    /// The name of the setting that keeps it from being used.
    pub(crate) overruled_by: Option<String>,
}

/// A setting of the environment alone.
pub(super) const SECRET: Setting = Setting {
    id: "",
    help: "",
    value_name: "",
    alias: None,
    kind: Kind::Secret,
    default: Fallback::Nothing,
    is_global: false,
    is_rare: false,
    value: None,
};

/// A setting that is an option of every command, to be completed.
pub(super) const GLOBAL: Setting = Setting {
    is_global: true,
    ..PER_COMMAND
};

/// A setting that is an option of the commands that name it, to be completed.
pub(super) const PER_COMMAND: Setting = Setting {
    kind: Kind::Anywhere,
    ..SECRET
};

/// A setting that is a rare option of the commands that name it, to be completed.
pub(super) const RARE: Setting = Setting {
    is_rare: true,
    ..PER_COMMAND
};

/// Declares a setting that has no place in the file.
pub(super) const NOT_IN_FILE: Setting = Setting {
    kind: Kind::NotInFile,
    ..SECRET
};

impl Setting {
    /// The key in the file, and the option without its dashes.
    pub(crate) fn name(&self) -> String {
        self.id.replace('_', "-")
    }

    /// The environment variable.
    pub(crate) fn variable(&self) -> String {
        format!("IEXEC_HSM_{}", self.id.to_ascii_uppercase())
    }

    /// The option.
    pub(crate) fn arg(&self) -> Arg {
        let arg = Arg::new(self.id)
            .long(self.name())
            .visible_alias(self.alias)
            .help(self.help)
            .value_name(self.value_name)
            .env(self.variable())
            .hide_env_values(true)
            .hide_short_help(self.is_global || self.is_rare)
            .global(self.is_global);
        match &self.value {
            Some(value) => (value.complete)(arg),
            None => arg,
        }
    }
}

impl Source {
    /// Returns the word for JSON.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
            Self::Flag => "flag",
        }
    }
}

impl Found {
    /// The value, where it is used.
    pub(crate) fn used(&self) -> Option<&OsStr> {
        let used = self.overruled_by.is_none();
        self.text.as_deref().filter(|_| used)
    }

    /// Whether anybody says it.
    pub(crate) fn is_set(&self) -> bool {
        self.source > Source::Default
    }

    /// Whether an option or the environment says it, for this run.
    pub(crate) fn is_given(&self) -> bool {
        self.source >= Source::Environment
    }
}
