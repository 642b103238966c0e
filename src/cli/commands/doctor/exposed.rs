use std::path::{Path, PathBuf};

use super::check::Check;
use crate::cli::config::usual;
use crate::cli::ui::command_line::CommandLine;
use crate::file::ownership::{Exposed, of_file};
use crate::text::escape::Shown as _;

/// What systemd is told of the agent, below the folder of configurations.
const UNIT_FILES: [&str; 5] = [
    "systemd/user/iexec-hsm-agent.service",
    "systemd/user/iexec-hsm-agent.socket",
    "systemd/user/iexec-hsm-agent.service.d",
    "systemd/user/iexec-hsm-agent.socket.d",
    "iexec-hsm/pin",
];

/// A warning, where other users can change `path`, or put another file in its place.
pub(super) fn check(name: &'static str, path: &Path) -> Option<Check> {
    let found = of_file(path, std::env::home_dir().as_deref());
    let exposed = found.ok()?.err()?;
    let fix = match &exposed {
        Exposed::Owner { path, .. } => {
            let chown = CommandLine::new("sudo chown \"$USER\"").operand(path);
            format!("Look at what is in it; `{chown}` makes it yours.")
        }
        Exposed::Writable { path, .. } => {
            let chmod = CommandLine::new("chmod go-w").operand(path);
            format!("Look at what is in it, then `{chmod}`.")
        }
    };
    let what = format!("{}: {exposed}", path.shown());
    Some(Check::warning(name, what).fix(fix))
}

/// The user's own unit files of the agent and the PIN that they name, where there are any.
pub(super) fn unit_files() -> Option<Check> {
    let settings = usual()?.parent()?.parent()?.to_owned();
    let there: Vec<PathBuf> = UNIT_FILES
        .iter()
        .map(|name| settings.join(name))
        .filter(|path| path.exists())
        .collect();
    let first = there.first()?;
    let exposed = there.iter().find_map(|path| check("unit files", path));
    Some(exposed.unwrap_or_else(|| {
        let what = format!("{}: nobody else can change them", first.shown());
        Check::ok("unit files", what)
    }))
}
