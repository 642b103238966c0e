//! Every setting, by its one name: `--some-thing`, `IEXEC_HSM_SOME_THING`, `some-thing` in the file.

use crate::archive::Limits;

/// One setting.
pub(crate) struct Setting {
    /// Its key in the file, and the option without its dashes.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// What counts where it is not set.
    pub(crate) default: Fallback,
}

/// Who may say it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Option, environment and file.
    Anywhere,
    /// Option and environment: of one command alone.
    NotInFile,
    /// The environment alone, from which it is taken and erased.
    Secret,
}

/// What counts where a setting is not set.
#[derive(Clone, Copy)]
pub(crate) enum Fallback {
    /// This value.
    Is(&'static str),
    /// What is found, in words.
    Found(&'static str),
    /// [`Limits::max_size`].
    MaxSize,
    /// [`Limits::max_entries`].
    MaxEntries,
    Nothing,
}

impl Setting {
    /// Its environment variable.
    pub(crate) fn variable(&self) -> String {
        let name = self.name.replace('-', "_").to_ascii_uppercase();
        format!("IEXEC_HSM_{name}")
    }
}

impl Fallback {
    pub(crate) fn value(self) -> Option<String> {
        match self {
            Self::Is(value) => Some(value.to_owned()),
            Self::MaxSize => Some(Limits::default().max_size.to_string()),
            Self::MaxEntries => Some(Limits::default().max_entries.to_string()),
            Self::Found(_) | Self::Nothing => None,
        }
    }
}

use Fallback::{Found, Is, MaxEntries, MaxSize, Nothing};
use Kind::{Anywhere, NotInFile, Secret};

const fn setting(name: &'static str, kind: Kind, default: Fallback) -> Setting {
    Setting {
        name,
        kind,
        default,
    }
}

/// All of them, in the order of the documentation.
pub(crate) const SETTINGS: [Setting; 29] = [
    setting("module", Anywhere, Found("the first that shows a token")),
    setting("module-args", Anywhere, Nothing),
    setting("token", Anywhere, Found("that of the key, or the only one")),
    setting(
        "key",
        Anywhere,
        Found("that of the key file, or the only one"),
    ),
    setting("pin-file", Anywhere, Nothing),
    setting("pin", Secret, Nothing),
    setting("so-pin-file", NotInFile, Nothing),
    setting("so-pin", Secret, Nothing),
    setting("wallet-address", Anywhere, Found("that of the wallet")),
    setting(
        "wallet-file",
        Anywhere,
        Found("the one of the address, or the only one"),
    ),
    setting("keystoredir", Anywhere, Is("global")),
    setting("wallet", Anywhere, Nothing),
    setting("wallet-key", Secret, Nothing),
    setting("password-file", Anywhere, Nothing),
    setting("wallet-password", Secret, Nothing),
    setting("chain", Anywhere, Found("the default of chain.json")),
    setting(
        "tee-framework",
        Anywhere,
        Found("that of the chain, else scone"),
    ),
    setting("sms-url", Anywhere, Found("that of the chain")),
    setting("timeout", Anywhere, Is("120")),
    setting(
        "beneficiary-keystoredir",
        Anywhere,
        Is(".secrets/beneficiary"),
    ),
    setting(
        "agent-sock",
        Anywhere,
        Found("$XDG_RUNTIME_DIR/iexec-hsm/agent.sock"),
    ),
    setting("no-agent", Anywhere, Is("false")),
    setting("idle", Anywhere, Is("15m")),
    setting("max-lifetime", Anywhere, Is("0")),
    setting("sessions", Anywhere, Found("as many as there are cores")),
    setting("request-timeout", Anywhere, Is("60s")),
    setting("audit-log", Anywhere, Found("stderr")),
    setting("max-size", Anywhere, MaxSize),
    setting("max-entries", Anywhere, MaxEntries),
];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_file_knows_those_that_may_stand_in_it_and_no_other() {
        for setting in SETTINGS {
            // No setting is a list: a known key has a wrong kind of value, another is not known.
            let text = format!("{} = []", setting.name);
            let (_, problem) = crate::cli::config::parse(text.as_bytes()).unwrap_err();
            let is_known = !problem.contains("unknown field");
            assert_eq!(
                is_known,
                setting.kind == Anywhere,
                "{}: {problem}",
                setting.name
            );
        }
        let (_, known) = crate::cli::config::parse(b"x = 1").unwrap_err();
        let count = SETTINGS.iter().filter(|it| it.kind == Anywhere).count();
        // `x` itself, and each known key, stand in backticks.
        assert_eq!(known.matches('`').count() / 2, count + 1, "{known}");
    }
}
