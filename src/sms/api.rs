//! The requests that an SMS takes, and what its answers mean.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::time::Instant;

use super::authorization::Authorization;
use super::error::SmsError;
use super::status_error::status_error;
use crate::http::{
    AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, HttpClient, HttpRequest, HttpResponse,
    Method, Url,
};
use crate::wallet::address::Address;

const PATH: &str = "secrets/web2";

/// Encoded as JavaScript's `encodeURIComponent` does, and `!'()*` too: the spelling of iExec's SDK.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// A value to publish.
#[derive(Clone, Copy)]
pub(super) struct Secret<'a> {
    pub(super) value: &'a str,
    pub(super) authorization: &'a Authorization,
}

/// The URL of secret `name` of `owner`.
pub(super) fn url(http: &HttpClient, owner: Address, name: &str) -> Url {
    let owner = owner.to_string();
    let [owner, name] = [owner.as_str(), name].map(|it| utf8_percent_encode(it, ENCODED));
    http.url(PATH, &format!("ownerAddress={owner}&secretName={name}"))
}

/// The URL of the key of a dataset.
pub(super) fn dataset_key_url(http: &HttpClient, dataset: Address) -> Url {
    http.url("secrets/web3", &format!("secretAddress={dataset}"))
}

/// The URL of a secret that a requester gives to apps.
pub(super) fn requester_secret_url(http: &HttpClient, requester: Address, name: &str) -> Url {
    let name = utf8_percent_encode(name, ENCODED);
    http.url(&format!("requesters/{requester}/secrets/{name}"), "")
}

/// Whether there is a secret at `url`.
pub(super) async fn exists(
    http: &HttpClient,
    url: &Url,
    deadline: Instant,
) -> Result<bool, SmsError> {
    let request = HttpRequest {
        method: Method::HEAD,
        url,
        headers: HeaderMap::new(),
        body: None,
        deadline,
    };
    let answer = http.send(&request).await?;
    match answer.status() {
        204 => Ok(true),
        404 => Ok(false),
        _ => Err(refusal(http, answer).await),
    }
}

/// Writes `secret` to `url`. Without an error it is stored there.
pub(super) async fn write(
    http: &HttpClient,
    method: Method,
    url: &Url,
    secret: Secret<'_>,
    deadline: Instant,
) -> Result<(), SmsError> {
    let text = HeaderValue::from_static("text/plain");
    let headers = [
        (AUTHORIZATION, secret.authorization.header()?),
        (CONTENT_TYPE, text),
    ];
    let request = HttpRequest {
        method,
        url,
        headers: HeaderMap::from_iter(headers),
        body: Some(secret.value),
        deadline,
    };
    let answer = http.send(&request).await?;
    match answer.status() {
        204 => Ok(()),
        _ => Err(refusal(http, answer).await),
    }
}

/// The error that an answer stands for. The status alone decides.
async fn refusal(http: &HttpClient, answer: HttpResponse) -> SmsError {
    let (status, retry_after) = (answer.status(), answer.retry_after());
    status_error(http.origin(), status, answer.message().await, retry_after)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::sms::SmsClient;

    #[test]
    fn names_are_encoded_as_the_sdk_does() {
        let client = SmsClient::new("https://sms.test", Default::default()).unwrap();
        let owner = Address::from([0; 20]);
        let url = client.url(owner, "c d/é'(!)*~_.-");
        let query = format!("ownerAddress={owner}&secretName=c%20d%2F%C3%A9%27%28%21%29%2A~_.-");
        assert_eq!(url, format!("https://sms.test/secrets/web2?{query}"));
    }
}
