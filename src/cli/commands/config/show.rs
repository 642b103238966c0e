use std::path::Path;

use serde_json::{Value, json};

use crate::cli::config::settings::{Fallback, Kind, SETTINGS, Setting};
use crate::cli::config::{Entry, checked, content, entries};
use crate::cli::options::{Given, Global, Source};
use crate::cli::secrets::Secrets;
use crate::cli::ui::failure::Failure;
use crate::cli::ui::reply::Reply;

/// Two settings of which only one is used; where both were said in the same place, the first.
const RIVALS: [(&str, &str); 2] = [("wallet-file", "wallet-address"), ("sms-url", "chain")];

/// A setting with what was found of it.
struct Shown {
    setting: &'static Setting,
    /// Hidden where it is a secret.
    value: Option<String>,
    source: Source,
    line: Option<usize>,
    /// The setting that keeps it from being used.
    overruled_by: Option<&'static str>,
}

pub(super) fn run(global: &Global, secrets: &Secrets, given: &Given) -> Result<Reply, Failure> {
    let path = crate::cli::config::usual();
    let content = path.as_deref().map(content).transpose()?.flatten();
    let in_file = match (&path, &content) {
        (Some(path), Some(content)) => {
            checked(path, content)?;
            entries(&String::from_utf8_lossy(content))
        }
        _ => Vec::new(),
    };
    let mut all: Vec<Shown> = SETTINGS
        .iter()
        .map(|setting| find(setting, given, secrets, &in_file))
        .collect();
    overrule(&mut all);
    let json: Vec<Value> = all.iter().map(Shown::json).collect();
    let exists = content.is_some();
    let reply = Reply::new(json!({ "file": path, "exists": exists, "settings": json }));
    let reply = reply.note(file_note(path.as_deref(), exists));
    let reply = if global.verbose {
        reply
    } else {
        reply.note("(--verbose shows what is not set, too)")
    };
    let shown = all
        .iter()
        .filter(|it| global.verbose || it.says_something());
    Ok(shown.fold(reply, |reply, shown| reply.text(shown.text())))
}

fn file_note(path: Option<&Path>, exists: bool) -> String {
    match path.map(Path::display) {
        Some(path) if exists => format!("Configuration {path}"),
        Some(path) => format!("No configuration: {path} does not exist"),
        None => "No configuration: there is no folder for it".into(),
    }
}

/// What says `setting`, the closest to the command first.
fn find(setting: &'static Setting, given: &Given, secrets: &Secrets, in_file: &[Entry]) -> Shown {
    let shown = |value: Option<String>, source, line| Shown {
        setting,
        value: value.map(|value| without_password(setting, value)),
        source,
        line,
        overruled_by: None,
    };
    if setting.kind == Kind::Secret {
        return match is_set(setting.name, secrets) {
            true => shown(Some("(set, not shown)".into()), Source::Environment, None),
            false => shown(None, Source::Default, None),
        };
    }
    if let Some((source, value)) = given.get(setting.name) {
        return shown(Some(value.to_string_lossy().into_owned()), source, None);
    }
    // An option of another command.
    if let Some(value) = std::env::var_os(setting.variable()) {
        let value = value.to_string_lossy().into_owned();
        return shown(Some(value), Source::Environment, None);
    }
    match in_file.iter().find(|entry| entry.key == setting.name) {
        Some(entry) => shown(Some(entry.value.clone()), Source::File, Some(entry.line)),
        None => shown(setting.default.value(), Source::Default, None),
    }
}

fn is_set(name: &str, secrets: &Secrets) -> bool {
    match name {
        "pin" => secrets.pin.is_some(),
        "so-pin" => secrets.so_pin.is_some(),
        "wallet-key" => secrets.wallet_key.is_some(),
        _ => secrets.wallet_password.is_some(),
    }
}

/// An address may have a password in it, which is refused once it is used.
fn without_password(setting: &Setting, value: String) -> String {
    if setting.name == "sms-url" && value.contains('@') {
        "(set, not shown: it may hold a password)".into()
    } else {
        value
    }
}

fn overrule(all: &mut [Shown]) {
    let at = |all: &[Shown], name| all.iter().position(|it| it.setting.name == name);
    for (first, second) in RIVALS {
        let (Some(one), Some(two)) = (at(all, first), at(all, second)) else {
            continue;
        };
        if all[one].source == Source::Default || all[two].source == Source::Default {
            continue;
        }
        if all[one].source >= all[two].source {
            all[two].overruled_by = Some(first);
        } else {
            all[one].overruled_by = Some(second);
        }
    }
}

impl Shown {
    fn says_something(&self) -> bool {
        self.source != Source::Default
    }

    fn json(&self) -> Value {
        json!({
            "name": self.setting.name,
            "value": self.value,
            "source": self.source.as_str(),
            "line": self.line,
            "variable": self.setting.variable(),
            "overruledBy": self.overruled_by,
        })
    }

    fn text(&self) -> String {
        let place = match (self.source, self.line) {
            (Source::Flag, _) => format!("--{}", self.setting.name),
            (Source::Environment, _) => self.setting.variable(),
            (Source::File, Some(line)) => format!("the file, line {line}"),
            (source, _) => source.as_str().to_owned(),
        };
        let value = match (&self.value, self.setting.default) {
            (Some(value), _) => value.clone(),
            (None, Fallback::Found(what)) => format!("({what})"),
            (None, _) => "(none)".into(),
        };
        let overruled = self
            .overruled_by
            .map(|other| format!("; not used: {other} goes before it"));
        let overruled = overruled.unwrap_or_default();
        format!("{:<24} {value}  [{place}{overruled}]", self.setting.name)
    }
}
