//! The JSON that the pages show is what docs/json-schema/ says, and the schema is about this program.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::support::json_schema::{AUDIT, FAILURE, PROGRESS, check, fits, of_command};
use crate::support::pages::{Page, pages, root};
use crate::support::*;

/// The lines in the JSON blocks of a page, each with the command that is named in bold before it.
fn shown(page: &Page) -> Vec<(String, Value)> {
    let (mut command, mut lines) = (String::new(), Vec::new());
    let mut is_json = false;
    for line in page.text.lines() {
        match line {
            "```json" => is_json = true,
            "```" => is_json = false,
            line if is_json => {
                let value = serde_json::from_str(line);
                let value = value.unwrap_or_else(|error| panic!("{error}: {line}"));
                lines.push((command.clone(), value));
            }
            line => {
                if let Some((name, _)) = line.strip_prefix("**`").and_then(|it| it.split_once('`'))
                {
                    command = name.to_owned();
                }
            }
        }
    }
    lines
}

fn files() -> Vec<(String, Value)> {
    let files = files_in(&root().join("docs/json-schema"), "json");
    let read = |path: std::path::PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        (name, serde_json::from_str(&text).unwrap())
    };
    files.into_iter().map(read).collect()
}

#[test]
fn every_line_that_is_shown_is_what_the_schema_says() {
    let mut count = 0;
    for page in pages() {
        for (command, line) in shown(&page) {
            let name = match &line {
                line if line["ok"] == false => FAILURE.to_owned(),
                line if line["time"].is_string() => AUDIT.to_owned(),
                line if line["progress"].is_object() => PROGRESS.to_owned(),
                _ => {
                    let words: Vec<&str> = command.split(' ').collect();
                    of_command(&words).unwrap_or_else(|| panic!("{}: {line}", page.name()))
                }
            };
            check(&name, &line);
            count += 1;
        }
    }
    assert!(count > 30, "only {count} lines were found");
}

#[test]
fn every_command_has_a_schema() {
    let work = Work::without_token();
    for command in commands(&work) {
        let words: Vec<&str> = command.split(' ').collect();
        assert!(of_command(&words).is_some(), "{command} has no schema");
    }
}

#[test]
fn a_line_that_is_not_what_the_schema_says_is_noticed() {
    let hash = format!("0x{}", "12".repeat(32));
    let good = json!({"ok": true, "txHash": hash});
    let name = of_command(&["--quiet", "tasks", "claim", "0x00"]).unwrap();
    assert_eq!(fits(&name, &good), Ok(()));
    for bad in [
        json!({"ok": true}),
        json!({"ok": false, "txHash": hash}),
        json!({"ok": true, "txHash": "0x12"}),
        json!({"ok": true, "txHash": hash, "more": 1}),
    ] {
        assert!(fits(&name, &bad).is_err(), "{bad}");
    }
    let inner = json!({
        "ok": true,
        "deals": [{"dealid": hash, "volume": "1", "txHash": null, "more": 1}],
    });
    let wrong = fits("json-schema/app.json#/$defs/made", &inner).unwrap_err();
    assert!(wrong.contains("more"), "{wrong}");
}

/// What readers have takes fields that are new; only these tests do not.
#[test]
fn the_schema_is_one_and_takes_new_fields() {
    for (name, schema) in files() {
        assert!(jsonschema::meta::is_valid(&schema), "{name}");
        let dialect = "https://json-schema.org/draft/2020-12/schema";
        assert_eq!(schema["$schema"], dialect, "{name}");
        let text = schema.to_string();
        assert!(!text.contains("unevaluatedProperties"), "{name}");
        assert!(!text.contains("\"additionalProperties\":false"), "{name}");
        for part in schema["$defs"].as_object().unwrap().keys() {
            // Whatever it says of this, all that it refers to is there.
            let _ = fits(&format!("json-schema/{name}#/$defs/{part}"), &json!({}));
        }
    }
}

#[test]
fn every_field_of_the_schema_is_one_of_the_program() {
    let mut source = String::new();
    for path in files_in(&root().join("src"), "rs") {
        source.push_str(&fs::read_to_string(path).unwrap());
    }
    let mut names = BTreeSet::new();
    for (_, schema) in files() {
        fields(&schema, &mut names);
    }
    assert!(names.len() > 100, "{names:?}");
    for name in names {
        let snake: String = name
            .chars()
            .flat_map(|c| match c.is_ascii_uppercase() {
                true => vec!['_', c.to_ascii_lowercase()],
                false => vec![c],
            })
            .collect();
        let is_there =
            source.contains(&format!("\"{name}\"")) || source.contains(&format!("{snake}:"));
        // The variants of an enum.
        let variant = name[..1].to_uppercase() + &name[1..];
        assert!(is_there || source.contains(&variant), "{name}");
    }
}

/// The names of all fields in a schema.
fn fields(schema: &Value, names: &mut BTreeSet<String>) {
    if let Some(properties) = schema["properties"].as_object() {
        names.extend(properties.keys().cloned());
    }
    let below = schema.as_object().into_iter().flat_map(|it| it.values());
    let items = schema.as_array().into_iter().flatten();
    below.chain(items).for_each(|it| fields(it, names));
}
