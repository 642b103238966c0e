//! The short help, which has of each command its own options alone.

use clap::Command;
use clap::builder::StyledStr;

/// The last line of each short help.
const REST: &str = "Options of every command: iexec-hsm help options";

/// The commands that people need first stand before all others.
pub(super) const FIRST: &str = "\
{about-with-newline}
{usage-heading} {usage}

First steps:
  setup                       Prepare a token and a key
  result push-encryption-key  Publish the public key that seals results
  app run                     Run an app, and open its result
  task pull                   Download and open all new results
  result decrypt              Open a result that was downloaded
  agent start                 Unlock the token once for many uses
  doctor                      Check the set-up

Commands:
{subcommands}

Options:
{options}{after-help}";

/// Ends the short help of `command`, and of those in it, with where the other options are.
pub(super) fn shortened(command: Command) -> Command {
    let own = command.get_after_help().cloned().unwrap_or_default();
    let short = format!("{own}\n\n{REST}");
    let long = command.get_after_long_help().cloned().unwrap_or(own);
    command
        .after_help(StyledStr::from(short.trim_start().to_owned()))
        .after_long_help(long)
        .mut_subcommands(shortened)
}

/// Leaves variables and repeated values out of the help of `command`: the long help has them.
pub(super) fn without_environment(command: Command) -> Command {
    command
        .mut_args(|arg| match arg.get_action().takes_values() {
            true => arg.hide_env(true).hide_possible_values(true),
            false => arg,
        })
        .mut_subcommands(without_environment)
}

/// The options of every command.
pub(super) fn of_every_command(program: &Command) -> StyledStr {
    let options = program.get_arguments().filter(|it| it.is_global_set());
    Command::new(program.get_name().to_owned())
        .disable_help_flag(true)
        .max_term_width(100)
        .override_usage(format!("{} <COMMAND> [OPTIONS]", program.get_name()))
        .help_template("{usage-heading} {usage}\n\n{all-args}")
        .args(options.cloned().map(|it| it.hide_short_help(false)))
        .render_help()
}
