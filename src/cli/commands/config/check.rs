use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::cli::config::{ConfigError, ConfigFile, usual};
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::code::Code;
use crate::text::escape::Shown as _;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  iexec-hsm config check new-config.toml")]
pub(crate) struct Check {
    /// The file [default: the one that is used]
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
}

/// Reads a configuration file as every command does, and says what is wrong with it.
pub(super) fn run(file: Option<PathBuf>) -> Result<Reply, Failure> {
    let named = file.is_some();
    let Some(path) = file.or_else(usual) else {
        return Err(no_home());
    };
    let read = match named {
        true => ConfigFile::read,
        false => ConfigFile::used,
    };
    let file = read(&path).map_err(|error| match error {
        ConfigError::Content { line, column, .. } => {
            Failure::from(error).with(json!({ "line": line, "column": column }))
        }
        error => error.into(),
    })?;
    let Some(file) = file else {
        return absent(&path, named);
    };
    let keys: Vec<_> = file.entries.iter().map(|it| it.setting.name()).collect();
    let reply = Reply::new(json!({ "configFile": path, "exists": true, "names": keys }));
    let count = match keys.len() {
        1 => "1 setting".to_owned(),
        count => format!("{count} settings"),
    };
    Ok(reply.text(format!("{}: {count}, and nothing is wrong", path.shown())))
}

/// Nothing is set where the usual file is not there; one that was named should be.
fn absent(path: &Path, named: bool) -> Result<Reply, Failure> {
    if named {
        let what = format!("there is no file {}", path.shown());
        return Err(Failure::new(Code::IoFailed, what).hint("Check its name."));
    }
    let reply = Reply::new(json!({ "configFile": path, "exists": false, "names": [] }));
    Ok(reply.text(format!(
        "{} does not exist; it is not needed: nothing is set by it",
        path.shown()
    )))
}

pub(super) fn no_home() -> Failure {
    Failure::new(Code::Usage, "there is no folder for the configuration")
        .hint("Set HOME or XDG_CONFIG_HOME, or name the file.")
}
