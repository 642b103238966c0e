//! `iexec-hsm completions`: made from the definition of the command line.

use clap::{Args, Command, ValueEnum};
use serde_json::json;

use crate::cli::ui::reply::Reply;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  source <(iexec-hsm completions bash)\n  iexec-hsm completions zsh > ~/.zfunc/_iexec-hsm\n  iexec-hsm completions fish > ~/.config/fish/completions/iexec-hsm.fish"
)]
pub(crate) struct Completions {
    /// The shell: bash, zsh or fish
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Completions {
    pub(crate) fn run(&self, mut program: Command) -> Reply {
        let shell = match self.shell {
            Shell::Bash => clap_complete::Shell::Bash,
            Shell::Zsh => clap_complete::Shell::Zsh,
            Shell::Fish => clap_complete::Shell::Fish,
        };
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut program, "iexec-hsm", &mut script);
        // Of two names of one function in bash, clap_complete takes the hyphen of the program's name
        // for the end of a command's in one: nothing below the top would be completed.
        let script = String::from_utf8_lossy(&script).replace("iexec__subcmd__hsm", "iexec__hsm");
        Reply::new(json!({ "completions": script })).exact(script.trim_end())
    }
}
