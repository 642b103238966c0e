use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::side::{PASSWORD, PRIVATE_KEY, Pushed, Side, chain, write_chains, write_plain_wallet};

use crate::support::sms::{Request, Sms};
use crate::support::{ADDRESS, Sdk, Token, Work};

/// What counts of a request.
#[derive(Debug, PartialEq, Eq)]
struct Sent {
    method: String,
    target: String,
    content_type: Option<String>,
    content_length: Option<String>,
    authorization: Option<String>,
    body: Vec<u8>,
}

impl From<Request> for Sent {
    fn from(request: Request) -> Self {
        let header = |name| request.header(name).map(str::to_owned);
        Self {
            content_type: header("content-type"),
            content_length: header("content-length"),
            authorization: header("authorization"),
            method: request.method,
            target: request.target,
            body: request.body,
        }
    }
}

/// One side publishes, and the other side finds it, does not replace it by mistake, and replaces it when told to.
fn publish(work: &Work<'_>, options: &[&str], first: Side<'_>, second: Side<'_>) {
    assert!(!first.check(work, options));
    assert_eq!(first.push(work, options), Pushed::Created);
    assert!(second.check(work, options));
    assert_eq!(second.push(work, options), Pushed::Refused);
    let update = [options, &["--force-update"]].concat();
    assert_eq!(second.push(work, &update), Pushed::Updated);
}

/// Both sides do each part once, and every request of the one is in the other's words.
fn both_publish_in_the_same_words(work: &Work<'_>, sdk: &Sdk, bits: &str, wallet: &[&str]) {
    let generate = ["result", "generate-encryption-keypair", "--bits", bits];
    work.run([&generate, wallet].concat()).ok();
    let (theirs, ours) = (Sms::start(), Sms::start());
    let chains = [("theirs", chain(&theirs)), ("ours", chain(&ours))];
    write_chains(work, chains);
    let on = |chain| [&["--chain", chain], wallet].concat();
    publish(work, &on("theirs"), Side::Sdk(sdk), Side::Ours);
    publish(work, &on("ours"), Side::Ours, Side::Sdk(sdk));

    assert_eq!(theirs.methods(), "HEAD HEAD POST HEAD HEAD HEAD PUT");
    let sent = |sms: &Sms| -> Vec<Sent> { sms.requests().into_iter().map(Sent::from).collect() };
    assert_eq!(sent(&theirs), sent(&ours));

    // What was sent is the public key of the token, in the file's own bytes.
    let pem = work.read(format!(".secrets/beneficiary/{ADDRESS}_key.pub"));
    let exported = work.run(["key", "export"]).ok();
    assert_eq!(exported.stdout, pem);
    for request in theirs.requests() {
        match &*request.method {
            "HEAD" => assert!(request.body.is_empty()),
            _ => assert_eq!(request.body, STANDARD.encode(&pem).as_bytes()),
        }
    }
}

#[test]
fn version_8_and_we_publish_in_the_same_words() {
    let Some(sdk) = Sdk::find(Sdk::V8) else {
        return;
    };
    let token = Token::new();
    let work = Work::new(&token);
    write_plain_wallet(&work);
    both_publish_in_the_same_words(&work, &sdk, "4096", &[]);
}

#[test]
fn version_9_and_we_publish_in_the_same_words_with_one_of_two_keystore_files() {
    let Some(sdk) = Sdk::find(Sdk::V9) else {
        return;
    };
    let token = Token::new();
    let work = Work::new(&token);
    let import = ["wallet", "import", PRIVATE_KEY, "--password", PASSWORD];
    sdk.iexec(&work, import).ok();
    // A newer one, which is not taken: it has no key.
    let newer = "UTC--2999-01-01T00-00-00.000000000Z--2B5AD5c4795c026514f8317c7a215E218DcCD6cF";
    let path = work.home().join(".ethereum/keystore").join(newer);
    std::fs::write(path, "{}").unwrap();
    let digits = ADDRESS[2..].to_lowercase();
    let wallet = ["--wallet-address", &digits];
    both_publish_in_the_same_words(&work, &sdk, "2048", &wallet);
}
