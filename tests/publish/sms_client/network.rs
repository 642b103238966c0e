//! Names, connections, TLS and proxies.

use std::io::Write as _;
use std::net::TcpListener;
use std::thread;

use super::*;

use crate::support::sms::{Fault, TlsFront};

#[test]
fn a_closed_port_is_named_as_one() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let pusher = Pusher::with(&url, patient());
    let error = pusher.fails();
    assert!(
        matches!(error, SmsError::Http(HttpError::ConnectionRefused { .. })),
        "{error}"
    );
    assert_eq!(error.to_string(), format!("{url} refuses connections"));
    assert_eq!(
        pusher.client.exists(owner(), NAME).unwrap_err().kind(),
        Kind::Unreachable
    );
}

#[test]
fn a_name_that_is_not_found_is_named() {
    let error = Pusher::with("https://sms.invalid", patient()).fails();
    assert!(
        matches!(error, SmsError::Http(HttpError::Dns { .. })),
        "{error}"
    );
    assert!(error.to_string().contains("sms.invalid"), "{error}");
}

#[test]
fn plain_http_to_others_needs_a_word() {
    let error = SmsClient::new("http://sms.test", patient()).unwrap_err();
    assert!(
        matches!(error, SmsError::Http(HttpError::Plain { .. })),
        "{error}"
    );
    assert_eq!(error.kind(), Kind::Usage);
    let mut options = patient();
    options.insecure_http = true;
    SmsClient::new("http://sms.test", options).unwrap();
}

#[test]
fn localhost_is_this_machine() {
    let sms = Sms::start();
    let url = format!("http://localhost:{}", sms.address().port());
    assert_eq!(Pusher::with(&url, patient()).push().unwrap(), CREATED);
}

#[test]
fn something_else_than_http_is_named_as_such() {
    let sms = Sms::failing([Fault::NotHttp(false)]);
    let error = Pusher::of(&sms).fails();
    assert!(
        matches!(error, SmsError::Http(HttpError::NotHttp { .. })),
        "{error}"
    );
}

#[test]
fn a_connection_that_breaks_is_named_with_how_it_broke() {
    for (fault, words) in [
        (Fault::Close(false), "no complete answer"),
        (Fault::CutHead(false), "no complete answer"),
        (Fault::Reset(false), "reset by peer"),
    ] {
        let sms = Sms::failing_for_ever([], fault);
        let error = Pusher::of(&sms).fails();
        assert!(
            matches!(error, SmsError::Http(HttpError::Broken { .. })),
            "{error}"
        );
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn something_else_than_tls_is_named_as_such() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .unwrap();
    });
    let error = Pusher::with(&url, patient()).fails();
    assert!(
        matches!(error, SmsError::Http(HttpError::Tls { .. })),
        "{error}"
    );
}

#[test]
fn a_server_that_nobody_vouches_for_gets_nothing() {
    let sms = Sms::start();
    let front = TlsFront::of(sms.address());
    let error = Pusher::with(&front.url(), patient()).fails();
    assert!(
        matches!(error, SmsError::Http(HttpError::Tls { .. })),
        "{error}"
    );
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
    assert!(sms.requests().is_empty());
}

#[test]
fn a_server_that_the_system_vouches_for_is_spoken_to() {
    let sms = Sms::start();
    let front = TlsFront::of(sms.address());
    let roots = front.certificate().display().to_string();
    let environment = [("SSL_CERT_FILE", roots), ("SMS_URL", front.url())];
    let name = "network::a_server_that_the_system_vouches_for_is_spoken_to";
    if in_own_process(name, &environment) {
        let url = std::env::var("SMS_URL").unwrap();
        assert_eq!(Pusher::with(&url, patient()).push().unwrap(), CREATED);
        let other_name = url.replace("localhost", "127.0.0.1");
        let error = Pusher::with(&other_name, patient()).fails();
        assert!(
            matches!(error, SmsError::Http(HttpError::Tls { .. })),
            "{error}"
        );
    } else {
        assert_eq!(sms.methods(), "HEAD POST");
        assert_eq!(stored(&sms).as_deref(), Some(VALUE));
    }
}

#[test]
fn a_proxy_sees_nothing_that_stays_on_this_machine() {
    let (sms, proxy) = (Sms::start(), Sms::start());
    let environment = [
        ("HTTP_PROXY", proxy.url()),
        ("http_proxy", proxy.url()),
        ("ALL_PROXY", proxy.url()),
        ("SMS_URL", sms.url()),
    ];
    let name = "network::a_proxy_sees_nothing_that_stays_on_this_machine";
    if in_own_process(name, &environment) {
        for insecure_http in [false, true] {
            let mut options = patient();
            options.insecure_http = insecure_http;
            let url = std::env::var("SMS_URL").unwrap();
            Pusher::with(&url, options).force_update().push().unwrap();
        }
    } else {
        assert!(proxy.requests().is_empty());
        assert_eq!(sms.methods(), "HEAD POST HEAD PUT");
    }
}

#[test]
fn a_proxy_is_used_and_sees_no_signature() {
    let proxy = Sms::failing_for_ever([], Fault::status(502));
    let proxies = [("HTTPS_PROXY", proxy.url())];
    let name = "network::a_proxy_is_used_and_sees_no_signature";
    if in_own_process(name, &proxies) {
        let error = Pusher::with("https://sms.invalid", patient()).fails();
        assert!(
            matches!(error, SmsError::Http(HttpError::Connect { .. })),
            "{error}"
        );
    } else {
        let requests = proxy.requests();
        assert_eq!(requests[0].method, "CONNECT");
        assert_eq!(requests[0].target, "sms.invalid:443");
        assert!(
            requests
                .iter()
                .all(|request| request.header("authorization").is_none())
        );
    }
}

#[test]
fn a_proxy_forwards_plain_http_where_it_is_allowed() {
    let proxy = Sms::start();
    let proxies = [("HTTP_PROXY", proxy.url())];
    let name = "network::a_proxy_forwards_plain_http_where_it_is_allowed";
    if in_own_process(name, &proxies) {
        let mut options = patient();
        options.insecure_http = true;
        let pusher = Pusher::with("http://sms.invalid", options);
        assert_eq!(pusher.push().unwrap(), CREATED);
    } else {
        assert_eq!(proxy.methods(), "HEAD POST");
        assert!(
            proxy.requests()[1]
                .target
                .starts_with("http://sms.invalid/secrets/web2?")
        );
    }
}
