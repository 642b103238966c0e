//! The client of the SMS against one that keeps every byte and fails on demand: what was stored, what we said, and that
//! the signature shows in nothing that we say.

mod lost_answers;
mod network;
mod races;
mod redirects;
mod refusals;
mod wire;

use std::time::Duration;

use iexec_hsm::http::{HttpError, HttpOptions};
use iexec_hsm::sms::{Authorization, Kind, Pushed, SmsClient, SmsError};
use iexec_hsm::wallet::address::Address;
use zeroize::Zeroizing;

use crate::support::sms::{Sms, Wallet};
use crate::support::{ADDRESS as OWNER, test_alone};

const NAME: &str = "iexec-result-encryption-public-key";
const VALUE: &str = "dGVzdC1yc2EtcHVibGljLWtleQ==";
/// What somebody else publishes for the same owner.
const THEIRS: &str = "dGhlaXJz";

const CREATED: Pushed = Pushed {
    updated: false,
    inferred: false,
};
const UPDATED: Pushed = Pushed {
    updated: true,
    inferred: false,
};
const INFERRED: Pushed = Pushed {
    updated: false,
    inferred: true,
};

/// Limits that nothing here comes near, and hardly a wait between attempts.
fn patient() -> HttpOptions {
    let mut options = HttpOptions::default();
    options.limits.attempts = 3;
    options.limits.first_wait = Duration::from_millis(1);
    options
}

/// As [`patient`], for servers that do not answer.
fn impatient() -> HttpOptions {
    let mut options = patient();
    options.limits.connect = Duration::from_secs(1);
    options.limits.read = Duration::from_millis(200);
    options
}

fn owner() -> Address {
    OWNER.parse().unwrap()
}

/// What everybody does first: a client with `options`, a push of [`VALUE`].
struct Pusher {
    client: SmsClient,
    authorization: String,
    force_update: bool,
}

impl Pusher {
    fn of(sms: &Sms) -> Self {
        Self::with(&sms.url(), patient())
    }

    fn with(url: &str, options: HttpOptions) -> Self {
        Self {
            client: SmsClient::new(url, options).unwrap(),
            authorization: Wallet::new(1).authorize(OWNER, NAME, VALUE),
            force_update: false,
        }
    }

    fn force_update(mut self) -> Self {
        self.force_update = true;
        self
    }

    fn signed_by(mut self, wallet: &Wallet) -> Self {
        self.authorization = wallet.authorize(OWNER, NAME, VALUE);
        self
    }

    fn push(&self) -> Result<Pushed, SmsError> {
        self.push_value(VALUE)
    }

    fn push_value(&self, value: &str) -> Result<Pushed, SmsError> {
        let authorization = Authorization::new(Zeroizing::new(self.authorization.clone())).unwrap();
        let prepared = self.client.prepare(owner(), NAME, self.force_update);
        let pushed = prepared.and_then(|secret| secret.push(value, &authorization));
        if let Err(error) = &pushed {
            self.shows_no_signature(error);
        }
        for shown in [format!("{:?}", self.client), format!("{authorization:?}")] {
            self.is_without_signature(&shown);
        }
        pushed
    }

    fn fails(&self) -> SmsError {
        self.push().unwrap_err()
    }

    fn shows_no_signature(&self, error: &SmsError) {
        let mut source = Some(error as &dyn std::error::Error);
        while let Some(cause) = source {
            self.is_without_signature(&format!("{cause} {cause:?} {cause:#?}"));
            source = cause.source();
        }
    }

    /// Not even a piece of it.
    fn is_without_signature(&self, text: &str) {
        let text = text.to_lowercase();
        for piece in self.authorization.as_bytes().windows(16) {
            let piece = std::str::from_utf8(piece).unwrap();
            assert!(!text.contains(piece), "{text}");
        }
    }
}

/// What is stored there for the owner.
fn stored(sms: &Sms) -> Option<String> {
    sms.stored(OWNER, NAME)
}

/// Runs the test that calls it in a process of its own, with this environment. True in that process.
fn in_own_process(test: &str, environment: &[(&str, String)]) -> bool {
    const MARK: &str = "IEXEC_HSM_TEST_IN_OWN_PROCESS";
    if std::env::var_os(MARK).is_some() {
        return true;
    }
    let run = test_alone(module_path!(), test)
        .env(MARK, "1")
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&run.stdout);
    assert!(
        run.status.success() && shown.contains("1 passed"),
        "{shown}"
    );
    false
}
