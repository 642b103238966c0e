//! What a program that asks gets of the agent's environment.

use std::env;
use std::ffi::{OsStr, OsString};

/// The variables that a program needs to find a person: a screen or a terminal, the user's session, and the language.
const ENVIRONMENT: [&str; 22] = [
    "HOME",
    "PATH",
    "USER",
    "LOGNAME",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "LC_MESSAGES",
    "TERM",
    "GPG_TTY",
    "PINENTRY_USER_DATA",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_RUNTIME_DIR",
    "XDG_SESSION_TYPE",
    "XDG_CURRENT_DESKTOP",
    "XDG_DATA_DIRS",
    "DBUS_SESSION_BUS_ADDRESS",
    "DESKTOP_SESSION",
    "QT_QPA_PLATFORM",
];

/// Those variables that are set.
pub(super) fn environment() -> impl Iterator<Item = (&'static str, OsString)> {
    let set = |name| Some((name, env::var_os(name)?));
    ENVIRONMENT.into_iter().filter_map(set)
}

/// The terminal that a pinentry without a screen asks on, as for `gpg-agent`.
pub(super) fn terminal() -> Option<OsString> {
    env::var_os("GPG_TTY").filter(|it| it != OsStr::new(""))
}
