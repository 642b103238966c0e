//! The worker processes of an agent: this program with the same arguments, and a word that nobody types.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGXFSZ};

use crate::agent::server::{Inside, Workers, work};
use crate::cli::context::Context;
use crate::cli::key_records::KeyRecords;
use crate::cli::secrets;
use crate::cli::ui::calls;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::code::Code;
use crate::token::{Module, TokenError, TokenInfo};

/// This very program, even if another one stands under its name by now, or none does.
const ITSELF: &str = "/proc/self/exe";

/// A failure to find the token, on its way to the agent.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct NotFound {
    code: Code,
    message: String,
    hint: String,
}

impl From<Failure> for NotFound {
    fn from(failure: Failure) -> Self {
        Self {
            code: failure.code,
            message: failure.message().to_owned(),
            hint: failure.advice().to_owned(),
        }
    }
}

impl From<NotFound> for Failure {
    fn from(failure: NotFound) -> Self {
        Self::new(failure.code, failure.message).hint(failure.hint)
    }
}

/// What starts workers.
pub(super) fn workers() -> Workers {
    Workers::new(|| {
        let mut command = match std::env::current_exe() {
            Ok(program) if !Path::new(ITSELF).exists() => Command::new(program),
            _ => Command::new(ITSELF),
        };
        command.args(std::env::args_os().skip(1)).arg("--worker");
        command
    })
}

/// The worker itself.
pub(super) fn run(context: Context) -> Result<Reply, Failure> {
    let failed = |error| {
        Failure::new(
            Code::Usage,
            format!("--worker is for the program itself: {error}"),
        )
    };
    // A terminal, and a supervisor, sends them to all processes of the agent: they are the front's, which ends the workers.
    for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGXFSZ] {
        signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false))).map_err(failed)?;
    }
    secrets::no_swap();
    let watch = calls::watch(&context.global);
    let is_confined = !context.settings.no_confinement;
    let locate = move || {
        let recorded = context.every_key_record()?;
        Ok(find(&context, &recorded)?)
    };
    work::<NotFound>(Inside {
        locate: Box::new(locate),
        is_confined,
        watch,
        exit: || signal_hook::low_level::exit(0),
    })
    .map_err(failed)?;
    Ok(Reply::done(None))
}

/// The module and the token, which may be one to be waited for.
fn find(context: &Context, recorded: &KeyRecords) -> Result<(Arc<Module>, TokenInfo), Failure> {
    let settings = &context.settings;
    let wanted = settings.token.clone().or_else(|| settings.key.clone());
    let wanted = wanted.or_else(|| recorded.token());
    let module = match context.named_module() {
        Some(path) => context.load(&path)?,
        None => match (context.locate(recorded), &wanted) {
            // Nobody can say which of the modules it will be in: the first stands for all that the
            // machine's owner has configured.
            (Err(failure), Some(_)) if failure.code == Code::TokenNotUsable => {
                context.first_module().ok_or(failure)?
            }
            (located, _) => return located,
        },
    };
    let tokens = module.tokens()?;
    match context.choose(&module, tokens, recorded) {
        Err(TokenError::NoToken { .. }) => {
            Ok((module, TokenInfo::awaited(&wanted.unwrap_or_default())))
        }
        chosen => Ok((module, chosen?)),
    }
}
