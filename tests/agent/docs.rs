//! What docs/ says of the agent is so: its description, its client in Python, its units.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::support::agent::{Connection, unwrap_body};
use crate::support::*;

fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name)
}

/// The description, and what of it was seen.
struct Description {
    json: Value,
    seen: BTreeSet<(String, String)>,
}

impl Description {
    fn read() -> Self {
        let text = fs::read_to_string(docs("agent-openapi.json")).unwrap();
        Self {
            json: serde_json::from_str(&text).unwrap(),
            seen: BTreeSet::new(),
        }
    }

    /// Insists that the answer is one that the description has.
    #[track_caller]
    fn check(&mut self, method: &str, path: &str, (status, body): (u16, Value)) -> Value {
        let status = status.to_string();
        let operation = &self.json["paths"][path][method.to_lowercase()];
        // What is no operation is answered as a wrong request to any other one.
        let response = match operation {
            Value::Null => &self.json["paths"]["/v1/unwrap"]["post"]["responses"][&status],
            operation => &operation["responses"][&status],
        };
        assert!(response.is_object(), "{method} {path}: {status} {body}");
        let schema = &response["content"]["application/json"]["schema"]["$ref"];
        let schema = format!("agent-openapi.json{}", schema.as_str().unwrap());
        json_schema::check(&schema, &body);
        self.seen.insert((path.to_owned(), status));
        body
    }
}

#[test]
fn the_description_is_that_of_the_agent() {
    if without_wallets() {
        return;
    }
    let keyed = Keyed::new();
    let work = keyed.work();
    let wallet = ["--keypairgen", "--key-type", "EC:secp256k1", "--usage-sign"];
    keyed
        .token
        .pkcs11_tool(&[&wallet[..], &["--id", "77", "--label", "wallet"]].concat());
    let agent = Agent::locked(&work, &[]);
    let mut description = Description::read();
    let wrapped = openssl::rsa_wrap(&keyed.public, &[7; 32]);
    let sign = |owner: &Value| json!({ "owner": owner, "name": "n", "value": "v" });
    let paths: Vec<String> = description.json["paths"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();

    // Locked.
    let nobody = json!("0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf");
    let mut get = |path: &str| description.check("GET", path, agent.get(path));
    get("/v1/status");
    get("/v1/keys");
    let metrics = Connection::open(&agent.socket).send("GET", "/v1/metrics", "");
    assert_eq!(metrics.status, 200);
    let described = &description.json["paths"]["/v1/metrics"]["get"]["responses"]["200"];
    let media_type = described["content"].as_object().unwrap().keys().next();
    let head = metrics.head.to_lowercase();
    assert!(
        head.contains(&format!("content-type: {}", media_type.unwrap())),
        "{head}"
    );
    let seen = ("/v1/metrics".to_owned(), "200".to_owned());
    description.seen.insert(seen);
    let mut post =
        |path: &str, body: &Value| description.check("POST", path, agent.post(path, body));
    post("/v1/unwrap", &unwrap_body("pkcs11:", &wrapped));
    post("/v1/wallet/sign-sms-challenge", &sign(&nobody));
    post("/v1/unlock", &json!({}));
    post("/v1/unlock", &json!({ "pin": 1 }));
    post(
        "/v1/unlock",
        &json!({ "pin": BASE64_STANDARD.encode("9999") }),
    );
    post(
        "/v1/unlock",
        &json!({ "pin": BASE64_STANDARD.encode(&keyed.token.pin), "finalTry": false }),
    );

    // Unlocked.
    let keys = description.check("GET", "/v1/keys", agent.get("/v1/keys"));
    let key = keys["keys"][0]["key"].as_str().unwrap();
    let owner = &keys["wallets"][0]["address"];
    let mut post =
        |path: &str, body: &Value| description.check("POST", path, agent.post(path, body));
    let unwrapped = post("/v1/unwrap", &unwrap_body(key, &wrapped));
    assert_eq!(unwrapped["contentKey"], BASE64_STANDARD.encode([7; 32]));
    post("/v1/unwrap", &unwrap_body(key, &wrapped[1..]));
    post("/v1/unwrap", &unwrap_body("pkcs11:token=none", &wrapped));
    let signed = post("/v1/wallet/sign-sms-challenge", &sign(owner));
    assert_eq!(signed["owner"], *owner);
    post("/v1/wallet/sign-sms-challenge", &sign(&nobody));
    post("/v1/wallet/sign-sms-challenge", &json!({ "digest": "00" }));
    post("/v1/wallet/sign-sms-challenge", &sign(&json!("nobody")));
    for _ in 0..25 {
        post("/v1/unwrap", &unwrap_body(key, &[1; 256]));
    }
    let refused = post("/v1/unwrap", &unwrap_body(key, &[1; 256]));
    assert_eq!(refused["error"]["code"], "agent-not-available");
    post("/v1/lock", &json!({}));
    for path in &paths {
        description.check("DELETE", path, agent.request("DELETE", path, ""));
        let long = " ".repeat(17_000);
        let method = description.json["paths"][path]
            .as_object()
            .unwrap()
            .keys()
            .next()
            .unwrap();
        let method = method.to_uppercase();
        description.check(&method, path, agent.request(&method, path, &long));
    }
    description.check("GET", "/v1/nothing", agent.get("/v1/nothing"));
    description.check("POST", "/v1/stop", agent.post("/v1/stop", &json!({})));
    agent.wait().ok();

    // What needs no token that fails, no crowd and no patience was seen.
    for (path, operations) in description.json["paths"].as_object().unwrap() {
        for operation in operations.as_object().unwrap().values() {
            for status in operation["responses"].as_object().unwrap().keys() {
                let rare = ["408", "502", "503", "504"].contains(&status.as_str())
                    || (path == "/v1/keys" && status == "423")
                    || (path == "/v1/unlock" && status == "404")
                    // A no to a question.
                    || (path != "/v1/unlock" && status == "403")
                    || (path == "/v1/unwrap" && status == "422");
                let seen = description.seen.contains(&(path.clone(), status.clone()));
                assert!(seen || rare, "{path}: {status} was not seen");
            }
        }
    }
}

#[test]
fn the_signature_is_one_that_the_sms_takes() {
    if without_wallets() {
        return;
    }
    let keyed = Keyed::new();
    let work = keyed.work();
    let wallet = ["--keypairgen", "--key-type", "EC:secp256k1", "--usage-sign"];
    keyed
        .token
        .pkcs11_tool(&[&wallet[..], &["--id", "77", "--label", "wallet"]].concat());
    let agent = Agent::unlocked(&work, &[]);
    let owner = agent.get("/v1/keys").1["wallets"][0]["address"].clone();
    let name = "iexec-result-encryption-public-key";
    let body = json!({ "owner": owner, "name": name, "value": "dmFsdWU=" });
    let (status, signed) = agent.post("/v1/wallet/sign-sms-challenge", &body);
    assert_eq!(status, 200, "{signed}");
    let owner = owner.as_str().unwrap();
    let challenge = sms::challenge(owner, name, "dmFsdWU=");
    let hex: String = challenge.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(signed["challenge"], format!("0x{hex}"));
    let signature = signed["signature"].as_str().unwrap();
    let is_owners = sms::check(signature, owner, name, "dmFsdWU=");
    assert!(is_owners.is_ok_and(|it| it), "{signature}");
}

#[test]
fn curl_talks_to_it() {
    let keyed = Keyed::new();
    let work = keyed.work();
    let agent = Agent::unlocked(&work, &[]);
    let curl = |args: &[&str]| {
        let mut command = Command::new("curl");
        command
            .args(["--silent", "--unix-socket"])
            .arg(&agent.socket);
        let output = command.args(args).output();
        let Ok(output) = output else {
            println!("skipped: curl is not installed");
            return None;
        };
        Some(serde_json::from_slice::<Value>(&output.stdout).unwrap())
    };
    let Some(status) = curl(&["http://agent/v1/status"]) else {
        return;
    };
    assert_eq!(status["state"], "unlocked");
    let status = curl(&["http://agent/v1/lock", "--data", ""]).unwrap();
    assert_eq!(status["state"], "locked");
}

#[test]
fn systemd_accepts_the_units() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("systemd-analyze");
    command
        .args(["verify", "--user"])
        .env("XDG_RUNTIME_DIR", folder.path());
    for unit in [
        "iexec-hsm-agent.socket",
        "iexec-hsm-agent.service",
        "iexec-hsm-pull.service",
    ] {
        command.arg(docs("systemd").join(unit));
    }
    let Ok(output) = command.output() else {
        println!("skipped: systemd-analyze is not installed");
        return;
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{errors}");
}
