//! `iexec-hsm man`: made from the definition of the command line.

mod page;

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_mangen::Man;
use serde_json::json;

use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::code::Code;
use crate::decrypt::Temporaries;
use crate::file::named;
use crate::text::escape::Shown as _;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  iexec-hsm man | man -l -\n  iexec-hsm man result decrypt | man -l -\n  iexec-hsm man --dir ~/.local/share/man/man1"
)]
pub(crate) struct Manual {
    /// The command [default: iexec-hsm as a whole]
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    command: Vec<String>,
    /// Write the pages of all commands to this folder
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Manual {
    pub(crate) fn run(
        &self,
        program: Command,
        temporaries: &Temporaries,
    ) -> Result<Reply, Failure> {
        let mut program = program.disable_help_subcommand(true);
        // Until then the options of every command are at the top alone.
        program.build();
        match &self.dir {
            Some(folder) => write_all(&program, folder, temporaries),
            None => self.show(&program),
        }
    }

    fn show(&self, program: &Command) -> Result<Reply, Failure> {
        let (mut command, mut parents) = (program, Vec::new());
        for name in &self.command {
            parents.push(command);
            command = command.find_subcommand(name).ok_or_else(|| {
                let names = self.command.join(" ");
                Failure::new(Code::Usage, format!("there is no command {names:?}"))
                    .hint("`iexec-hsm --help` lists the commands.")
            })?;
        }
        let page = page::page(command, &parents);
        Ok(Reply::new(json!({ "page": page })).exact(page.trim_end()))
    }
}

/// Writes the pages of a command and of all below it.
fn write_all(
    program: &Command,
    folder: &Path,
    temporaries: &Temporaries,
) -> Result<Reply, Failure> {
    let mut paths = Vec::new();
    let mut waiting = vec![(program, Vec::new())];
    named::make_usual(folder).map_err(|error| not_written(folder, &error))?;
    while let Some((command, parents)) = waiting.pop() {
        let path = folder.join(Man::new(command.clone()).get_filename());
        let text = page::page(command, &parents);
        write(temporaries, &path, &text).map_err(|error| not_written(&path, &error))?;
        paths.push(path);
        let below = [&parents[..], &[command]].concat();
        let shown = command.get_subcommands().filter(|it| !it.is_hide_set());
        waiting.extend(shown.map(|it| (it, below.clone())));
    }
    paths.sort();
    let said = format!("{} pages are in {}", paths.len(), folder.shown());
    Ok(Reply::new(json!({ "pages": paths })).note(said))
}

fn write(temporaries: &Temporaries, path: &Path, page: &str) -> io::Result<()> {
    let mut pending = temporaries.file(path)?;
    pending.file().write_all(page.as_bytes())?;
    let readable = Permissions::from_mode(0o644);
    pending.file().set_permissions(readable)?;
    pending.publish_unsynced(true)
}

fn not_written(path: &Path, error: &io::Error) -> Failure {
    let what = format!("{} cannot be written: {error}", path.shown());
    Failure::new(Code::IoFailed, what).hint("Name a folder of yours with --dir.")
}
