use super::request::Request;
use super::{State, key, signature};

const PATH: &str = "/secrets/web2";
const LONGEST_VALUE: usize = 4096;

/// Does what a request asks for and tells the status of the answer, whose body is empty.
pub fn carry_out(state: &mut State, request: &Request) -> u16 {
    // Tests put the SMS behind a path or two.
    if !request.path().ends_with(PATH) {
        return 404;
    }
    if !matches!(&*request.method, "HEAD" | "POST" | "PUT") {
        return 405;
    }
    let (Some(owner), Some(name)) = (
        request.parameter("ownerAddress"),
        request.parameter("secretName"),
    ) else {
        return 400;
    };
    let known = state.secrets.contains_key(&key(owner, name));
    if request.method == "HEAD" {
        return if known { 204 } else { 404 };
    }
    let value = match value(request) {
        Some(value) => value,
        None => return 400,
    };
    let Some(authorization) = request.header("authorization") else {
        return 400;
    };
    match signature::check(authorization, owner, name, &value) {
        Ok(true) => (),
        Ok(false) => return 401,
        Err(signature::TooShort) => return 500,
    }
    if value.len() > LONGEST_VALUE {
        return 413;
    }
    match (&*request.method, known) {
        ("POST", true) => 409,
        ("PUT", false) => 404,
        _ => {
            state.secrets.insert(key(owner, name), value);
            204
        }
    }
}

fn value(request: &Request) -> Option<String> {
    let form = Some("application/x-www-form-urlencoded");
    if request.body.is_empty() || request.header("content-type") == form {
        return None;
    }
    String::from_utf8(request.body.clone()).ok()
}
