//! What the answers of a node mean.

use std::time::Duration;

use alloy_primitives::hex;
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
    #[serde(default)]
    data: Value,
}

impl NodeError {
    fn refusal(&self, origin: String, method: &'static str) -> RpcError {
        RpcError::Refused {
            origin,
            method,
            code: self.code,
            message: redact(&self.message),
            data: self.bytes(),
        }
    }

    /// What a contract answered, which some nodes have in an object of their own.
    fn bytes(&self) -> Vec<u8> {
        let places = ["/data", "/originalError/data", ""];
        let mut texts = places
            .iter()
            .filter_map(|place| self.data.pointer(place)?.as_str());
        let bytes = texts.find_map(|text| hex::decode(text.strip_prefix("0x")?).ok());
        bytes.unwrap_or_default()
    }
}

#[derive(Deserialize)]
struct OneOfSeveral {
    #[serde(default)]
    id: Value,
    error: Option<NodeError>,
    #[serde(default)]
    result: Value,
}

/// The results in the body of an answer to `count` calls with the ids from 0, in their order; none where the node takes
/// no several calls in one request.
pub(crate) fn read_each(
    origin: String,
    method: &'static str,
    body: &[u8],
    count: usize,
) -> Result<Option<Vec<Value>>, RpcError> {
    let Ok(answers) = serde_json::from_slice::<Vec<OneOfSeveral>>(body) else {
        // One answer to all, or none of a node.
        return match read(origin, method, body) {
            Err(error) if error.is_refused() && !error.is_passing() => Ok(None),
            Err(error) => Err(error),
            Ok(_) => Ok(None),
        };
    };
    let mut results = vec![None; count];
    for OneOfSeveral { id, error, result } in answers {
        if let Some(error) = error {
            return Err(error.refusal(origin, method));
        }
        let id = id.as_u64().and_then(|id| usize::try_from(id).ok());
        if let Some(place) = id.and_then(|id| results.get_mut(id)) {
            *place = Some(result);
        }
    }
    let all: Option<Vec<Value>> = results.into_iter().collect();
    all.map(Some).ok_or(RpcError::NotANode { origin })
}

/// The result in the body of an answer. A result that is `null`, as of a hash that the node does not know, is one.
pub(crate) fn read(origin: String, method: &'static str, body: &[u8]) -> Result<Value, RpcError> {
    match serde_json::from_slice(body) {
        Ok(Answer {
            error: Some(error), ..
        }) => Err(error.refusal(origin, method)),
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
    fn what_a_contract_answers_is_kept() {
        for data in [
            r#""0x08c379a0""#,
            r#"{"data":"0x08c379a0"}"#,
            r#"{"originalError":{"data":"0x08c379a0"}}"#,
        ] {
            let body = format!(r#"{{"error":{{"code":3,"message":"reverted","data":{data}}}}}"#);
            match read_text(&body) {
                Err(RpcError::Refused { data, .. }) => assert_eq!(data, [8, 0xc3, 0x79, 0xa0]),
                other => panic!("{other:?}"),
            }
        }
        let odd = read_text(r#"{"error":{"code":3,"message":"no","data":["0x", 1]}}"#);
        assert!(matches!(odd, Err(RpcError::Refused { data, .. }) if data.is_empty()));
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
    fn several_answers_are_read_in_the_order_of_their_questions() {
        let each = |body: &str| read_each(String::new(), "eth_call", body.as_bytes(), 2);
        let both = r#"[{"id":1,"result":"b"},{"id":0,"result":null}]"#;
        let read = each(both).unwrap().unwrap();
        assert_eq!(read, [Value::Null, "b".into()]);
        // Not taken together, in the ways in which nodes say it.
        for body in [
            r#"{"error":{"code":-32600,"message":"no batches"}}"#,
            r#"{"id":0,"result":"a"}"#,
        ] {
            assert_eq!(each(body).unwrap(), None, "{body}");
        }
        let busy = each(r#"{"error":{"code":-32005,"message":"busy"}}"#);
        assert!(busy.unwrap_err().is_passing());
        let one_busy = r#"[{"id":0,"result":1},{"id":1,"error":{"code":-32005}}]"#;
        assert!(each(one_busy).unwrap_err().is_passing());
        for body in [
            "[]",
            r#"[{"id":0,"result":1}]"#,
            r#"[{"id":0,"result":1},{"id":7,"result":1}]"#,
            r#"[{"id":0,"result":1},{"id":-1,"result":1}]"#,
            "<html>",
        ] {
            let error = each(body).unwrap_err();
            assert!(matches!(error, RpcError::NotANode { .. }), "{body}");
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
