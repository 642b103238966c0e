//! The JSON of a request, and the field that is wrong in it.

use hyper::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::error::AgentError;

/// Reads JSON; no body stands for an empty object. A mistake is told by its place and its field, and never by what is
/// there, which may be a secret.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, AgentError> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let message = format!("{} (line {line}, column {column})", mistake(body, &error));
        AgentError::request(StatusCode::BAD_REQUEST, message)
    })
}

fn mistake(body: &[u8], error: &serde_json::Error) -> String {
    if error.classify() != Category::Data {
        return "the body is not JSON".into();
    }
    let text = error.to_string();
    let what = text
        .rsplit_once(" at line ")
        .map_or(&*text, |(what, _)| what);
    let expected = what
        .rsplit_once(", expected ")
        .map(|(_, expected)| expected);
    if what.starts_with("missing field") || what.starts_with("duplicate field") {
        return what.into();
    }
    if what.starts_with("unknown field") {
        let known = expected.unwrap_or("none");
        return format!(
            "a field is not known; the known ones are {}",
            known.trim_start_matches("one of ")
        );
    }
    let field = field_before(body, error.line(), error.column());
    match (field, expected) {
        (Some(field), Some(expected)) => format!("the field `{field}` must be {expected}"),
        (Some(field), None) => format!("the field `{field}` is not what is expected"),
        (None, _) => "the body must be a JSON object".into(),
    }
}

/// The last name of a field of the outer object before a place: that of the value that is wrong there. The names before
/// a wrong value were all understood, so it is one of ours.
fn field_before(body: &[u8], line: usize, column: usize) -> Option<String> {
    let before: usize = body
        .split(|it| *it == b'\n')
        .take(line.checked_sub(1)?)
        .map(|it| it.len() + 1)
        .sum();
    let body = body.get(..(before + column).min(body.len()))?;
    let (mut depth, mut begins, mut escaped) = (0, None, false);
    let (mut text, mut name) = (None, None);
    for (at, byte) in body.iter().enumerate() {
        match (begins, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(begin), b'"') => (begins, text) = (None, body.get(begin..at)),
            (Some(_), _) => {}
            (None, b'"') => begins = Some(at + 1),
            (None, b'{' | b'[') => depth += 1,
            (None, b'}' | b']') => depth -= 1,
            (None, b':') if depth == 1 => name = text,
            _ => {}
        }
    }
    String::from_utf8(name?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::agent::wire;

    fn refused<T: DeserializeOwned>(body: &str) -> String {
        match parse::<T>(body.as_bytes()) {
            Ok(_) => panic!("{body} was understood"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_wrong_field_is_named_and_its_value_is_not() {
        let unwrap = |body: &str| refused::<wire::Unwrap>(body);
        for (body, said) in [
            ("", "missing field `key`"),
            ("{", "the body is not JSON"),
            ("[]", "the body must be a JSON object"),
            (r#"{"key":7}"#, "the field `key` must be a string"),
            (
                r#"{"key":"a","scheme":"secret"}"#,
                "the field `scheme` must be current, legacy-ecb or guide-2019",
            ),
            (
                "{\n\"key\":\"a\",\n\"wrappedKey\":\"secret!\"}",
                "the field `wrappedKey` must be base64",
            ),
            (
                r#"{"key":"a\":","wrapped":"secret"}"#,
                "a field is not known; the known ones are `key`, `scheme`, `wrappedKey`",
            ),
        ] {
            let message = unwrap(body);
            assert!(message.starts_with(said), "{body}: {message}");
            assert!(!message.contains("secret"), "{message}");
        }
    }

    #[test]
    fn nothing_of_a_pin_is_repeated() {
        let unlock = |body: &str| refused::<wire::Unlock>(body);
        assert!(
            unlock(r#"{"pin":"1234, expected !"}"#).starts_with("the field `pin` must be base64 (")
        );
        assert!(unlock(r#"{"pin":1234}"#).starts_with("the field `pin` must be base64 ("));
        let message = unlock(r#"{"finalTry":"1234, expected 5"}"#);
        assert!(
            message.starts_with("the field `finalTry` must be a boolean ("),
            "{message}"
        );
        let message = unlock(r#"{"1234":true}"#);
        assert!(
            message.starts_with("a field is not known; the known ones are `pin`"),
            "{message}"
        );
    }
}
