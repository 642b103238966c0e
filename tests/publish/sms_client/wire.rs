//! What goes over the wire when all is well.

use std::sync::Mutex;

use log::{Log, Metadata, Record};

use super::*;

use crate::support::sms::{Fault, challenge};

/// The signature that iExec's SDK makes with private key 1.
const SDK_AUTHORIZATION: &str = "0xd86126491de4dfec85e49a54b942941e0efbbc2cdc6042dff13cf675f2b232a2124d1a1cbacd2bc4491bb1b8b29dbee8c021f08e8c213d75612e0abe08eb0be11b";
const TARGET: &str = "/secrets/web2?ownerAddress=0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf&secretName=iexec-result-encryption-public-key";

#[test]
fn the_test_sms_computes_what_the_sdk_computes() {
    let hex: String = challenge(OWNER, NAME, VALUE)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let sdk = "782535bbdb97367002987e0aedf02813a27c5cc280758a22156e015bc01c0402";
    assert_eq!(hex, sdk);
    let wallet = Wallet::new(1);
    assert_eq!(wallet.authorize(OWNER, NAME, VALUE), SDK_AUTHORIZATION);
}

#[test]
fn requests_are_those_of_the_sdk() {
    let sms = Sms::start();
    let pusher = Pusher::of(&sms);
    assert_eq!(pusher.push().unwrap(), CREATED);
    assert_eq!(pusher.force_update().push().unwrap(), UPDATED);
    assert_eq!(sms.methods(), "HEAD POST HEAD PUT");
    for request in sms.requests() {
        let writes = request.method != "HEAD";
        let first = format!("{} {TARGET} HTTP/1.1\r\n", request.method);
        assert!(request.bytes.starts_with(first.as_bytes()));
        let body = if writes { VALUE } else { "" };
        assert!(
            request
                .bytes
                .ends_with(format!("\r\n\r\n{body}").as_bytes())
        );
        let signature = writes.then_some(SDK_AUTHORIZATION);
        assert_eq!(request.header("authorization"), signature);
        assert_eq!(
            request.header("content-type"),
            writes.then_some("text/plain")
        );
        assert_eq!(request.header("content-length"), writes.then_some("28"));
        let known = [
            "accept",
            "authorization",
            "content-length",
            "content-type",
            "host",
            "user-agent",
        ];
        for (name, _) in &request.headers {
            assert!(known.contains(&&**name), "{name}");
        }
    }
}

#[test]
fn a_path_in_front_is_kept() {
    let sms = Sms::start();
    let pusher = Pusher::with(&format!("{}/a/b/", sms.url()), patient());
    assert_eq!(pusher.push().unwrap(), CREATED);
    let target = format!("/a/b{TARGET}");
    assert!(
        sms.requests()
            .iter()
            .all(|request| request.target == target)
    );
    let shown = pusher.client.url(owner(), NAME);
    assert_eq!(shown, format!("{}{target}", sms.url()));
}

#[test]
fn a_question_is_answered() {
    let sms = Sms::start();
    let client = SmsClient::new(&sms.url(), patient()).unwrap();
    assert!(!client.exists(owner(), NAME).unwrap());
    sms.store(OWNER, NAME, THEIRS);
    assert!(client.exists(owner(), NAME).unwrap());
    assert!(client.exists(owner(), &NAME.to_uppercase()).unwrap());
    assert!(!client.exists(owner(), "another").unwrap());
}

#[test]
fn what_is_published_stays_unless_an_update_is_forced() {
    let sms = Sms::start();
    sms.store(OWNER, NAME, THEIRS);
    let pusher = Pusher::of(&sms);
    let error = pusher.fails();
    assert!(
        matches!(error, SmsError::AlreadyPublished { .. }),
        "{error}"
    );
    assert_eq!(
        (sms.methods(), stored(&sms)),
        ("HEAD".into(), Some(THEIRS.into()))
    );
    assert_eq!(pusher.force_update().push().unwrap(), UPDATED);
    assert_eq!(stored(&sms).as_deref(), Some(VALUE));
}

#[test]
fn a_forced_update_of_nothing_creates() {
    let sms = Sms::start();
    assert_eq!(Pusher::of(&sms).force_update().push().unwrap(), CREATED);
    assert_eq!(sms.methods(), "HEAD POST");
    assert_eq!(stored(&sms).as_deref(), Some(VALUE));
}

static LOGGED: Mutex<String> = Mutex::new(String::new());

/// Keeps all that anybody logs.
struct Keep;

impl Log for Keep {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        LOGGED.lock().unwrap().push_str(&format!("{record:?}\n"));
    }

    fn flush(&self) {}
}

#[test]
fn no_library_logs_the_signature() {
    if !in_own_process("wire::no_library_logs_the_signature", &[]) {
        return;
    }
    log::set_logger(&Keep).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let sms = Sms::failing([
        Fault::None,
        Fault::Reset(false),
        Fault::None,
        Fault::NotHttp(false),
    ]);
    let pusher = Pusher::of(&sms);
    assert_eq!(pusher.push().unwrap(), CREATED);
    let logged = LOGGED.lock().unwrap();
    assert!(logged.contains("127.0.0.1"), "nothing was logged: {logged}");
    pusher.is_without_signature(&logged);
}
