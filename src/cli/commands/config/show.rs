use std::path::Path;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::config::{ConfigFile, usual};
use crate::cli::options::{
    Fallback, Found, Given, Global, Kind, SETTINGS, Setting, Source, groups, merge,
};
use crate::cli::secrets::Secrets;
use crate::cli::services::SmsArgs;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;
use crate::text::escape::Shown as _;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  iexec-hsm config show")]
pub(crate) struct Show {
    #[command(flatten)]
    sms: SmsArgs,
    #[command(flatten)]
    wallet: groups::Wallet,
}

/// A setting with what was found of it.
struct Shown {
    setting: &'static Setting,
    found: Found,
    /// Hidden where it is a secret.
    value: Option<String>,
}

pub(super) fn run(global: &Global, secrets: &Secrets, given: Given) -> Result<Reply, Failure> {
    let path = usual();
    let file = ConfigFile::of_user()?;
    let exists = file.is_some();
    let entries = file.map(|file| file.entries).unwrap_or_default();
    let found = merge(&given.with_environment(), &entries);
    let all: Vec<Shown> = SETTINGS
        .iter()
        .zip(found.iter())
        .map(|(setting, found)| shown(setting, found, secrets))
        .collect();
    let json: Vec<Value> = all.iter().map(Shown::json).collect();
    let reply = Reply::new(json!({ "configFile": path, "exists": exists, "settings": json }));
    let reply = reply.note(file_note(path.as_deref(), exists));
    let reply = if global.verbose {
        reply
    } else {
        reply.remark("(--verbose also shows what is not set)")
    };
    let shown = all
        .iter()
        .filter(|it| global.verbose || it.found.source != Source::Default);
    Ok(shown.fold(reply, |reply, shown| reply.text(shown.text())))
}

fn file_note(path: Option<&Path>, exists: bool) -> String {
    match path.map(Path::shown) {
        Some(path) if exists => format!("Configuration {path}"),
        Some(path) => format!("No configuration: {path} does not exist"),
        None => "No configuration: there is no folder for it".into(),
    }
}

fn shown(setting: &'static Setting, found: &Found, secrets: &Secrets) -> Shown {
    let mut found = found.clone();
    let value = if setting.kind == Kind::Secret {
        let mut set = secrets.are_set().into_iter().filter(|(_, is_set)| *is_set);
        let is_set = set.any(|(secret, _)| secret.id == setting.id);
        if is_set {
            found.source = Source::Environment;
        }
        is_set.then(|| "(set, not shown)".into())
    } else {
        let text = found.text.as_ref().map(|it| it.to_string_lossy());
        text.map(|text| without_password(setting, text.into_owned()))
    };
    Shown {
        setting,
        found,
        value,
    }
}

/// An address may have a password in it, which is refused once it is used.
fn without_password(setting: &Setting, value: String) -> String {
    if setting.id == SETTINGS.sms_url.id && value.contains('@') {
        "(set, not shown: it may hold a password)".into()
    } else {
        value
    }
}

impl Shown {
    fn json(&self) -> Value {
        json!({
            "name": self.setting.name(),
            "value": self.value,
            "source": self.found.source.as_str(),
            "line": self.found.line,
            "variable": self.setting.variable(),
            "overruledBy": self.found.overruled_by,
        })
    }

    fn text(&self) -> String {
        let place = match (self.found.source, self.found.line) {
            (Source::Flag, _) => format!("--{}", self.setting.name()),
            (Source::Environment, _) => self.setting.variable(),
            (Source::File, Some(line)) => format!("the file, line {line}"),
            (source, _) => source.as_str().to_owned(),
        };
        let value = match (&self.value, self.setting.default) {
            (Some(value), _) => value.shown().into_owned(),
            (None, Fallback::Words(what)) => format!("({what})"),
            (None, _) => "(none)".into(),
        };
        let overruled = self.found.overruled_by.as_ref();
        let overruled = overruled.map(|other| format!("; not used: {other} has priority"));
        let overruled = overruled.unwrap_or_default();
        format!("{:<24} {value}  [{place}{overruled}]", self.setting.name())
    }
}
