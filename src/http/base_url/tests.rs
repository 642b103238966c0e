use super::*;

const PATH: &str = "secrets/web2";

fn parse(url: &str, insecure_http: bool) -> Result<BaseUrl, HttpError> {
    let service = ServiceLabel {
        name: "the service",
        exposed: "read along",
        takes_query: false,
    };
    BaseUrl::parse(service, url, insecure_http)
}

#[test]
fn a_query_stays_with_a_service_that_takes_one() {
    let node = ServiceLabel {
        name: "the node",
        exposed: "read along",
        takes_query: true,
    };
    let url = "https://node.test/rpc?key=secret";
    let base = BaseUrl::parse(node, url, false).unwrap();
    assert_eq!(base.url().as_str(), url);
    assert!(!base.origin().contains("secret"));
    assert!(BaseUrl::parse(node, "https://node.test/#a", false).is_err());
}

fn base(url: &str) -> BaseUrl {
    parse(url, false).unwrap()
}

#[test]
fn a_path_in_front_is_kept() {
    for (url, target) in [
        ("https://sms.test", "https://sms.test/secrets/web2"),
        ("https://sms.test/", "https://sms.test/secrets/web2"),
        ("https://sms.test:443", "https://sms.test/secrets/web2"),
        (
            "https://sms.test:8443/a/b",
            "https://sms.test:8443/a/b/secrets/web2",
        ),
        (
            " https://sms.test/a/b// ",
            "https://sms.test/a/b/secrets/web2",
        ),
    ] {
        let found = base(url).join(PATH, "a=b");
        assert_eq!(found.as_str(), format!("{target}?a=b"));
    }
}

#[test]
fn other_addresses_are_refused() {
    for url in [
        "",
        "sms.test",
        "//sms.test",
        "ftp://sms.test",
        "file:///secrets",
        "https://user@sms.test",
        "https://:hunter2@sms.test",
        "https://sms.test/?a=b",
        "https://sms.test/#a",
    ] {
        let error = parse(url, true).unwrap_err();
        assert!(matches!(error, HttpError::Url { .. }), "{url}: {error}");
        assert!(!error.to_string().contains("hunter2"));
    }
}

#[test]
fn plain_http_stays_on_this_machine() {
    for url in [
        "http://127.0.0.1:13300",
        "http://127.1.2.3",
        "http://[::1]:80",
        "http://localhost:13300/a",
        "HTTP://LOCALHOST",
    ] {
        assert!(!base(url).may_use_proxy(), "{url}");
    }
    for url in [
        "http://sms.test",
        "http://localhost.sms.test",
        "http://127.0.0.1.sms.test",
        "http://10.0.0.1",
        "http://[::2]",
    ] {
        let error = parse(url, false).unwrap_err();
        assert!(matches!(error, HttpError::Plain { .. }), "{url}: {error}");
        assert!(parse(url, true).unwrap().may_use_proxy(), "{url}");
    }
}

#[test]
fn a_redirect_keeps_to_the_origin() {
    let base = base("https://sms.test/a");
    let from = base.join(PATH, "a=b");
    for (location, to) in [
        ("/b?c=d", "https://sms.test/b?c=d"),
        ("https://sms.test:443/b#c", "https://sms.test/b"),
        ("//SMS.test/b", "https://sms.test/b"),
        ("web3", "https://sms.test/a/secrets/web3"),
    ] {
        assert_eq!(base.redirected(&from, location).unwrap().as_str(), to);
    }
    for (location, named) in [
        ("https://other.test/b", "https://other.test"),
        ("http://sms.test/b", "http://sms.test"),
        ("https://sms.test:444/b", "https://sms.test:444"),
        ("https://user:hunter2@other.test", "https://other.test"),
        (
            "https://user:hunter2@sms.test/",
            "an address with a user name",
        ),
        ("data:text/plain,hunter2", "a `data` address"),
        ("https://[", "an unreadable address"),
    ] {
        let error = base.redirected(&from, location).unwrap_err().to_string();
        assert!(
            error.contains(named) && !error.contains("hunter2"),
            "{error}"
        );
    }
}
