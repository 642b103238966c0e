//! The facts that a token tells of a key, in JSON and in words.

use serde_json::{Value, json};

use crate::token::Facts;

/// Returns what the token says of a key, in JSON; `null` where it does not tell.
pub(crate) fn facts_json(facts: &Facts) -> Value {
    json!({
        "origin": facts.origin().as_str(),
        "sensitive": facts.sensitive,
        "extractable": facts.extractable,
        "local": facts.local,
        "alwaysSensitive": facts.always_sensitive,
        "neverExtractable": facts.never_extractable,
    })
}

/// Returns what the token says of a key, in words.
pub(crate) fn facts_text(facts: &Facts) -> String {
    let word = |it, yes, no, unknown| match it {
        Some(true) => yes,
        Some(false) => no,
        None => unknown,
    };
    let mut words = vec![
        facts.origin().as_str(),
        word(
            facts.sensitive,
            "sensitive",
            "NOT SENSITIVE",
            "sensitive or not: not told",
        ),
        word(
            facts.extractable,
            "EXTRACTABLE",
            "not extractable",
            "extractable or not: not told",
        ),
    ];
    if facts.always_sensitive == Some(true) {
        words.push("always sensitive");
    }
    if facts.never_extractable == Some(true) {
        words.push("never extractable");
    }
    words.join(", ")
}
