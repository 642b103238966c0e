//! `iexec-hsm man`: made from the definition of the command line.

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use clap::builder::{Resettable, StyledStr};
use clap::{Args, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
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
    /// Of which command [default: of iexec-hsm as a whole]
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    command: Vec<String>,
    /// Write the pages of all commands into this folder
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
        let mut command = program;
        for name in &self.command {
            command = command.find_subcommand(name).ok_or_else(|| {
                let names = self.command.join(" ");
                Failure::new(Code::Usage, format!("there is no command {names:?}"))
                    .hint("`iexec-hsm --help` lists the commands.")
            })?;
        }
        let page = page(command);
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
    let mut waiting = vec![program];
    named::make_usual(folder).map_err(|error| not_written(folder, &error))?;
    while let Some(command) = waiting.pop() {
        let path = folder.join(Man::new(command.clone()).get_filename());
        let text = page(command);
        write(temporaries, &path, &text).map_err(|error| not_written(&path, &error))?;
        paths.push(path);
        waiting.extend(command.get_subcommands().filter(|it| !it.is_hide_set()));
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

/// The page of one command, in the language of `man`.
fn page(command: &Command) -> String {
    let without = command.clone().after_help(Resettable::Reset);
    let man = Man::new(without.after_long_help(Resettable::Reset))
        .source(concat!("iexec-hsm ", env!("CARGO_PKG_VERSION")))
        .manual("iexec-hsm");
    let mut page = Vec::new();
    let written = man.render(&mut page);
    debug_assert!(written.is_ok(), "a vector takes all");
    let mut page = String::from_utf8_lossy(&page).into_owned();
    let epilogues = command.get_after_long_help().or(command.get_after_help());
    page.extend(epilogues.map(epilogue));
    page
}

/// Makes what follows the options: examples under a heading of their own, then the rest.
fn epilogue(text: &StyledStr) -> String {
    let text = text.to_string();
    let mut roff = Roff::new();
    for part in text.split("\n\n") {
        match part.split_once(":\n") {
            Some(("Example" | "Examples", examples)) => {
                roff.control("SH", ["EXAMPLES"]).control("nf", []);
                lines(&mut roff, examples);
                roff.control("fi", []);
            }
            _ => {
                roff.control("SH", ["NOTES"]);
                lines(&mut roff, part);
            }
        }
    }
    // Without the preamble, which the page has already.
    roff.to_roff()
}

fn lines(roff: &mut Roff, text: &str) {
    for line in text.lines() {
        roff.text([roman(line)]);
    }
}
