//! Who asks a person before each use of a key.

use std::path::PathBuf;

use crate::agent::server::Confirm;
use crate::cli::context::Context;
use crate::cli::ui::failure::Failure;
use crate::code::Code;

/// The variable that names the program which asks for `ssh-agent`.
const SSH_ASKPASS: &str = "SSH_ASKPASS";

/// How a person is asked, where one is to be. What is wrong with it is told before there is an agent.
pub(super) fn settings(context: &Context) -> Result<Option<Confirm>, Failure> {
    let settings = &context.settings;
    if !settings.confirm {
        return match settings.found.confirm_with.is_given() {
            true => Err(Failure::new(
                Code::Usage,
                "a program that asks is named, but --confirm is not given",
            )
            .hint("Add --confirm (IEXEC_HSM_CONFIRM=true), or leave --confirm-with out.")),
            false => Ok(None),
        };
    }
    let inherited = || std::env::var_os(SSH_ASKPASS).filter(|name| !name.is_empty());
    let program = settings.confirm_with.clone();
    let Some(program) = program.or_else(|| inherited().map(PathBuf::from)) else {
        return Err(Failure::new(
            Code::Usage,
            "no program is named that asks before each use of a key",
        )
        .hint("Name a pinentry or an ssh-askpass with --confirm-with, or with SSH_ASKPASS."));
    };
    // In the background and for workers it is the same folder.
    Ok(Some(Confirm::by(&program, settings.confirm_timeout)?))
}
