//! The lines of JSON that the program prints, held against docs/json-schema/. A field that the schema does not name fails
//! here; for readers of the schema there may be new ones.

use std::fs;
use std::sync::LazyLock;
use std::thread;

use jsonschema::Registry;
use serde_json::{Value, json};

use super::files_in;
use super::pages::root;

/// The schema of a failure.
pub const FAILURE: &str = "json-schema/failure.json#/$defs/failure";

/// The schema of a line of `--progress json`.
pub const PROGRESS: &str = "json-schema/progress.json#/$defs/line";

/// The schema of a line of the agent's audit log.
pub const AUDIT: &str = "json-schema/audit-log.json#/$defs/line";

/// What references begin with; nothing is asked of it.
const BASE: &str = "http://docs.invalid";

static SCHEMAS: LazyLock<Registry<'static>> = LazyLock::new(|| {
    let mut schemas = Registry::new();
    for path in files_in(&root().join("docs"), "json") {
        let text = fs::read_to_string(&path).unwrap();
        let mut schema: Value = serde_json::from_str(&text).unwrap();
        close(&mut schema, false);
        let path = path.strip_prefix(root()).unwrap().display();
        schemas = schemas.add(format!("{BASE}/{path}"), schema).unwrap();
    }
    schemas.prepare().unwrap()
});

/// Takes no field that is not named, wherever a value is described; `is_value` where this is such a place. What is
/// referred to from there is part of the description.
fn close(schema: &mut Value, is_value: bool) {
    let Some(keywords) = schema.as_object_mut() else {
        return;
    };
    for (keyword, below) in keywords.iter_mut() {
        match (keyword.as_str(), below) {
            ("properties", Value::Object(fields)) => {
                fields.values_mut().for_each(|it| close(it, true));
            }
            ("$defs" | "schemas", Value::Object(parts)) => {
                parts.values_mut().for_each(|it| close(it, false));
            }
            ("allOf" | "anyOf", Value::Array(parts)) => {
                parts.iter_mut().for_each(|it| close(it, false));
            }
            ("components", parts) => close(parts, false),
            ("items", item) => close(item, true),
            _ => {}
        }
    }
    if is_value && !keywords.contains_key("additionalProperties") {
        keywords.insert("unevaluatedProperties".into(), false.into());
    }
}

/// Insists that a line is what the schema of this name says, as `json-schema/key.json#/$defs/list`.
#[track_caller]
pub fn check(name: &str, line: &Value) {
    if let Err(wrong) = fits(name, line) {
        panic!("{name}: {wrong}\n{line}");
    }
}

/// What is wrong with a line, where it is not what the schema of this name says.
pub fn fits(name: &str, line: &Value) -> Result<(), String> {
    let wanted = json!({
        "$ref": format!("{BASE}/docs/{name}"),
        "unevaluatedProperties": false,
    });
    let schema = jsonschema::options()
        .with_registry(&SCHEMAS)
        .build(&wanted)
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let wrong = schema.iter_errors(line);
    let wrong = wrong.map(|it| format!("{} at {}", it, it.instance_path()));
    let wrong = wrong.collect::<Vec<_>>().join("; ");
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(wrong),
    }
}

/// The name of the schema for a command's success: its words, perhaps with options before or behind.
pub fn of_command<S: AsRef<str>>(words: &[S]) -> Option<String> {
    let words = words.iter().map(AsRef::as_ref);
    let words: Vec<&str> = words
        .map(|word| match word {
            "results" | "apps" | "tasks" | "deals" | "accounts" | "wallets" => {
                word.trim_end_matches('s')
            }
            "generate-keys" => "generate-encryption-keypair",
            "push-secret" => "push-encryption-key",
            "check-secret" => "check-encryption-key",
            word => word,
        })
        .collect();
    let is_there = |file: &str, part: &str| {
        let path = root().join(format!("docs/json-schema/{file}.json"));
        let text = fs::read_to_string(path).ok()?;
        text.contains(&format!("\n    \"{part}\": "))
            .then(|| format!("json-schema/{file}.json#/$defs/{part}"))
    };
    for (at, word) in words.iter().enumerate() {
        let found = match *word {
            "doctor" | "setup" => is_there(word, word),
            "completions" | "man" => is_there("texts", word),
            word if word.bytes().all(|c| c.is_ascii_lowercase()) => {
                words.get(at + 1).and_then(|part| is_there(word, part))
            }
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Checks the lines that a command has printed, where these are lines of JSON.
#[track_caller]
pub fn check_run(words: &[String], stdout: &str, stderr: &str) {
    let is_raw = words.iter().any(|it| it == "--raw" || it == "--json");
    let tells = words.iter().any(|it| it.starts_with("--progress"));
    // A test that has failed already says why.
    if thread::panicking() || !is_raw && !tells {
        return;
    }
    let is_stream = |word: &String| word.ends_with("=-") || word.contains("/dev/") || word == "-";
    if is_raw
        && !words.iter().any(is_stream)
        && let Some(name) = of_command(words)
    {
        objects(stdout).iter().for_each(|it| check(&name, it));
    }
    for line in objects(stderr) {
        match () {
            () if line["ok"] == false => check(FAILURE, &line),
            () if line["progress"].is_object() => check(PROGRESS, &line),
            // Of a module, perhaps.
            () => {}
        }
    }
}

/// The lines that are objects.
fn objects(text: &str) -> Vec<Value> {
    let lines = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    lines.filter(Value::is_object).collect()
}
