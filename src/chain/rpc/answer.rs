//! What the answers of a node mean.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::error::RpcError;
use crate::http::redact;

#[derive(Deserialize)]
struct Answer {
    error: Option<NodeError>,
    result: Option<Value>,
}

#[derive(Deserialize)]
struct NodeError {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    message: String,
}

/// The result in the body of an answer. A result that is `null`, as of a hash that the node does not know, is one.
pub(crate) fn read(origin: String, method: &'static str, body: &[u8]) -> Result<Value, RpcError> {
    match serde_json::from_slice(body) {
        Ok(Answer {
            error: Some(NodeError { code, message }),
            ..
        }) => Err(RpcError::Refused {
            origin,
            method,
            code,
            message: redact(&message),
        }),
        Ok(Answer {
            result: Some(result),
            ..
        }) => Ok(result),
        Ok(_) if is_null(body) => Ok(Value::Null),
        _ => Err(RpcError::NotANode { origin }),
    }
}

fn is_null(body: &[u8]) -> bool {
    let answer: Option<Value> = serde_json::from_slice(body).ok();
    answer.is_some_and(|it| it.get("result").is_some_and(Value::is_null))
}

/// The error that a status stands for; only for those that do not say that all went well.
pub(super) fn status_error(
    origin: String,
    status: u16,
    text: String,
    retry_after: Option<Duration>,
) -> RpcError {
    match status {
        429 => RpcError::RateLimited {
            origin,
            retry_after,
        },
        500..=599 => RpcError::Server {
            origin,
            status,
            text,
            retry_after,
        },
        _ => RpcError::Unexpected {
            origin,
            status,
            text,
        },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read_text(body: &str) -> Result<Value, RpcError> {
        read("http://node.test".into(), "eth_call", body.as_bytes())
    }

    #[test]
    fn results_are_read_null_too() {
        assert_eq!(read_text(r#"{"result":"0x1"}"#).unwrap(), "0x1");
        let null = read_text(r#"{"jsonrpc":"2.0","id":1,"result":null}"#);
        assert_eq!(null.unwrap(), Value::Null);
        assert_eq!(
            read_text(r#"{"result":[],"error":null}"#).unwrap(),
            Value::Array(vec![])
        );
    }

    #[test]
    fn the_words_of_a_node_are_shown_in_one_short_line() {
        let long = "a\\u001b[31m\\n".repeat(1000);
        let body = format!(r#"{{"error":{{"code":-32000,"message":"{long}"}}}}"#);
        let error = read_text(&body).unwrap_err();
        assert!(!error.is_passing());
        let text = error.to_string();
        assert!(
            text.contains("eth_call") && text.contains("-32000"),
            "{text}"
        );
        assert!(text.len() < 250 && !text.contains(['\x1b', '\n']), "{text}");
    }

    #[test]
    fn one_that_is_busy_is_asked_again() {
        let error = read_text(r#"{"error":{"code":-32005,"message":"limit exceeded"}}"#);
        assert!(error.unwrap_err().is_passing());
        for (status, passes) in [
            (429, true),
            (502, true),
            (503, true),
            (501, false),
            (404, false),
        ] {
            let error = status_error(String::new(), status, String::new(), None);
            assert_eq!(error.is_passing(), passes, "{status}");
        }
    }

    #[test]
    fn what_no_node_says_is_named_as_that() {
        for body in ["", "<html>", "{}", "[]", "null", r#"{"error":"down"}"#] {
            let error = read_text(body).unwrap_err();
            assert!(
                matches!(error, RpcError::NotANode { .. }),
                "{body}: {error}"
            );
        }
    }
}
