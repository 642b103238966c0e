//! Public key files go from one side to the other as they are.

use super::side::{Pushed, Side, chain, write_chains, write_plain_wallet};

use crate::support::sms::Sms;
use crate::support::{Sdk, Token, Work};

#[test]
fn a_key_of_the_sdk_is_published_in_the_same_words_after_it_moved_to_a_token() {
    let Some(sdk) = Sdk::find(Sdk::V9) else {
        return;
    };
    let token = Token::new();
    let work = Work::new(&token);
    write_plain_wallet(&work);
    let sms = Sms::start();
    write_chains(&work, [("default", chain(&sms))]);

    let generate = ["result", "generate-encryption-keypair"];
    let made = sdk.iexec(&work, generate).ok().raw();
    let path = |field: &str| format!(".secrets/beneficiary/{}", made[field].as_str().unwrap());
    let (private, public) = (path("privateKeyFile"), path("publicKeyFile"));
    assert_eq!(Side::Sdk(&sdk).push(&work, &[]), Pushed::Created);
    let pem = work.read(&public);

    let key = std::str::from_utf8(&work.read(&private))
        .unwrap()
        .to_owned();
    assert!(key.starts_with("-----BEGIN PRIVATE KEY-----"));
    work.run(["result", "import-encryption-key", &private]).ok();
    assert_ne!(work.read(&private), key.as_bytes());
    assert_eq!(work.read(&public), pem);

    let update = Side::Ours.push(&work, &["--force-update", "--allow-imported"]);
    assert_eq!(update, Pushed::Updated);
    let requests = sms.requests();
    let written = |method| requests.iter().find(|it| it.method == method).unwrap();
    let (theirs, ours) = (written("POST"), written("PUT"));
    assert_eq!(theirs.body, ours.body);
    let authorization = "authorization";
    assert_eq!(theirs.header(authorization), ours.header(authorization));
}
