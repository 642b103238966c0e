//! Modules that are looked at in a process of their own.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::context::Context;
use super::module_process::{Broken, ModuleProcess, serve};
use super::ui::failure::Failure;
use super::ui::reply::DONE;
use crate::code::Code;
use crate::text::escape::Shown as _;
use crate::token::{Module, Probe, TokenError, probe};

/// The hidden command by which this program looks at a module for itself.
const COMMAND: &str = "probe-module";

#[derive(Serialize, Deserialize)]
struct Request {
    /// The path, which need not be text.
    module: Vec<u8>,
    arguments: Option<String>,
}

impl Context {
    /// Looks at the module at `path` in a process of its own. One that crashes or hangs there is told as
    /// that, and is not among those that are looked into here. What it writes is told with
    /// `--verbose`.
    pub(crate) fn probe(&self, path: &Path) -> Probe {
        self.try_apart(path)
            .unwrap_or_else(|broken| Probe::failed(path, broken))
    }

    /// Loads the module at `path`, which somebody named, after a process of its own has done so: what crashes
    /// or hangs goes no further.
    pub(crate) fn load_tried(&self, path: &Path) -> Result<Arc<Module>, TokenError> {
        self.try_apart(path).map_err(|reason| TokenError::Module {
            path: path.to_owned(),
            reason,
        })?;
        self.load(path)
    }

    fn try_apart(&self, path: &Path) -> Result<Probe, Broken> {
        let mut process = ModuleProcess::start(COMMAND)
            .map_err(|error| format!("no process can be started to try it: {error}"))?;
        let request = Request {
            module: path.as_os_str().as_bytes().to_owned(),
            arguments: self.arguments_of(path).map(str::to_owned),
        };
        let probe = process.ask(path, &request);
        let said = process.end();
        if !said.is_empty() {
            let lines: String = said
                .lines()
                .map(|it| format!("\n  {}", it.shown()))
                .collect();
            self.say(|| format!("{} writes:{lines}", path.shown()));
        }
        if probe.is_err() {
            self.broken_modules().push(path.to_owned());
        }
        probe.map(|probe: Probe| Probe {
            path: path.to_owned(),
            ..probe
        })
    }
}

/// Whether the arguments are those of the other process. No command of the command line: no help names it.
pub(crate) fn is_meant(arguments: &[OsString]) -> bool {
    matches!(arguments, [_, command] if command == COMMAND)
}

/// The other process: looks at the module that it is told, and returns its exit status.
pub(crate) fn run() -> u8 {
    let served = serve(|request: Request| {
        let path = OsStr::from_bytes(&request.module);
        probe(Path::new(path), request.arguments.as_deref())
    });
    match served {
        Ok(()) => DONE,
        Err(_) => Failure::new(Code::Usage, "this command is for the program itself")
            .print(COMMAND, false),
    }
}
