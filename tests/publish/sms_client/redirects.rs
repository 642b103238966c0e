//! Redirects: within the origin with all that the request has, and nowhere else.

use super::*;

use crate::support::sms::Fault;

#[test]
fn within_the_origin_the_request_stays_the_same() {
    for status in [301, 302, 303, 307, 308] {
        let sms = Sms::start();
        let target = SmsClient::new(&sms.url(), patient())
            .unwrap()
            .url(owner(), NAME);
        let there = target.replace("/secrets", "/moved/secrets");
        let relative = there.strip_prefix(&sms.url()).unwrap().to_owned();
        let sms = Sms::failing([
            Fault::Redirect(status, relative.clone()),
            Fault::None,
            Fault::Redirect(status, relative.clone()),
        ]);
        let pusher = Pusher::of(&sms);
        assert_eq!(pusher.push().unwrap(), CREATED, "{status}");
        assert_eq!(sms.methods(), "HEAD HEAD POST POST", "{status}");
        assert_eq!(stored(&sms).as_deref(), Some(VALUE));
        let [_, head, first, second] = &sms.requests()[..] else {
            panic!("four requests")
        };
        assert_eq!((&head.target, &second.target), (&relative, &relative));
        assert_eq!(
            (&first.headers, &first.body),
            (&second.headers, &second.body)
        );
        assert_eq!(second.header("authorization"), Some(&*pusher.authorization));
    }
}

#[test]
fn another_origin_gets_nothing() {
    for status in [301, 302, 303, 307, 308] {
        let other = Sms::start();
        let there = format!("{}/secrets/web2", other.url());
        for faults in [
            vec![Fault::Redirect(status, there.clone())],
            vec![Fault::None, Fault::Redirect(status, there.clone())],
        ] {
            let sms = Sms::failing(faults);
            let error = Pusher::of(&sms).fails();
            assert!(
                matches!(error, SmsError::Http(HttpError::Redirected { .. })),
                "{error}"
            );
            assert!(error.to_string().contains(&other.url()), "{error}");
            assert_eq!(stored(&sms), None);
            assert!(other.requests().is_empty());
        }
    }
}

#[test]
fn another_scheme_or_name_of_the_same_server_is_another_origin() {
    for there in [
        "https://127.0.0.1:PORT/",
        "http://localhost:PORT/",
        "//127.0.0.1:1/",
    ] {
        let sms = Sms::start();
        let there = there.replace("PORT", &sms.address().port().to_string());
        let sms = Sms::failing([Fault::None, Fault::Redirect(307, there)]);
        let error = Pusher::of(&sms).fails();
        assert!(
            matches!(error, SmsError::Http(HttpError::Redirected { .. })),
            "{error}"
        );
        assert_eq!(
            (sms.methods(), stored(&sms)),
            ("HEAD POST HEAD".into(), None)
        );
    }
}

#[test]
fn a_signature_in_a_location_is_not_shown() {
    let signature = Wallet::new(1).authorize(OWNER, NAME, VALUE);
    let host = format!("{}.{}.test", &signature[..60], &signature[60..120]);
    for there in [
        format!("https://{host}/"),
        format!("/{signature}\u{7f}"),
        format!("{signature}:x"),
    ] {
        let sms = Sms::failing_for_ever([Fault::None], Fault::Redirect(302, there));
        Pusher::of(&sms).fails();
    }
}

#[test]
fn a_loop_ends() {
    let loops = || Fault::Redirect(307, "/secrets/web2".to_owned());
    let sms = Sms::failing_for_ever([], loops());
    let error = Pusher::of(&sms).fails();
    assert!(
        matches!(error, SmsError::Http(HttpError::TooManyRedirects { .. })),
        "{error}"
    );
    assert_eq!(sms.methods(), "HEAD HEAD HEAD HEAD");

    let faults = [Fault::None, loops(), loops(), loops(), loops()];
    let sms = Sms::failing(faults);
    let error = Pusher::of(&sms).fails();
    assert!(
        matches!(error, SmsError::Http(HttpError::TooManyRedirects { .. })),
        "{error}"
    );
    assert_eq!(sms.methods(), "HEAD POST POST POST POST HEAD");
    assert_eq!(stored(&sms), None);
}

#[test]
fn a_redirect_to_nowhere_is_no_answer() {
    let sms = Sms::failing([Fault::status(302)]);
    let error = Pusher::of(&sms).fails();
    assert!(
        matches!(error, SmsError::Unexpected { status: 302, .. }),
        "{error}"
    );
}

#[test]
fn what_a_redirecting_server_stored_is_found() {
    let sms = Sms::start();
    let elsewhere = Fault::Answer(
        true,
        303,
        "Location: https://sms.test/done\r\n",
        crate::support::sms::Text::Short(""),
    );
    drop(sms);
    let sms = Sms::failing([Fault::None, elsewhere]);
    assert_eq!(Pusher::of(&sms).push().unwrap(), INFERRED);
    assert_eq!(stored(&sms).as_deref(), Some(VALUE));
}
