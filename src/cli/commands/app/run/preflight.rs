//! What a run would fail for after it is paid: what the app needs, and what the SMS has to have.

use serde_json::Value;

use crate::chain::order::{Orders, RequestOrder, Tag};
use crate::chain::poco::AppEnclave;
use crate::chain::{FrameworkChoice, TeeFramework};
use crate::cli::commands::task::whose;
use crate::cli::context::Context;
use crate::cli::node::Place;
use crate::cli::ui::command_line::CommandLine;
use crate::cli::ui::failure::Failure;
use crate::code::Code;
use crate::sms::challenge::RESULT_KEY_NAME;
use crate::sms::{SmsClient, SmsError};

/// The name of the secret that results are stored on Dropbox with.
const DROPBOX_TOKEN: &str = "iexec-result-dropbox-token";

/// Why a check did not end well.
enum Unmet {
    Refused(Failure),
    NotAsked(SmsError),
}

impl From<Failure> for Unmet {
    fn from(failure: Failure) -> Self {
        Self::Refused(failure)
    }
}

impl From<SmsError> for Unmet {
    fn from(error: SmsError) -> Self {
        Self::NotAsked(error)
    }
}

/// What the parameters of a request need.
pub(super) struct Needs(Value);

impl Needs {
    pub(super) fn of(order: &RequestOrder) -> Self {
        Self(serde_json::from_str(&order.params).unwrap_or_default())
    }

    pub(super) fn asks_for_encryption(&self) -> bool {
        self.0["iexec_result_encryption"] == true
    }

    fn is_on_dropbox(&self) -> bool {
        self.0["iexec_result_storage_provider"] == "dropbox"
    }

    /// The names of the requester's secrets.
    fn secrets(&self) -> impl Iterator<Item = &str> {
        let secrets = self.0["iexec_secrets"].as_object();
        let names = secrets.into_iter().flat_map(|it| it.values());
        names.filter_map(Value::as_str)
    }
}

/// The checks of a run.
pub(super) struct Preflight<'a> {
    pub(super) context: &'a Context,
    pub(super) place: &'a Place,
    pub(super) orders: &'a Orders,
    /// What the deal asks of the workers.
    pub(super) tag: Tag,
}

impl Preflight<'_> {
    /// Refuses what cannot come to a good end.
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.check_all().map_err(|unmet| match unmet {
            Unmet::Refused(failure) => failure,
            Unmet::NotAsked(error) => without_sms(error.into()),
        })
    }

    fn check_all(&self) -> Result<(), Unmet> {
        let request = &self.orders.request.order;
        let params = Needs::of(request);
        let tag = self.tag;
        // Without a key nobody could open what is paid for.
        if params.asks_for_encryption() {
            self.check_result_key(&self.sms(tag)?)?;
        }
        self.check_app(tag)?;
        if params.is_on_dropbox() {
            let there = self.sms(tag)?.exists(request.requester, DROPBOX_TOKEN)?;
            let what = "Requester storage token is not set for selected provider \"dropbox\". Result archive upload will fail.";
            self.require(
                there,
                "Request",
                what,
                "Push it with the SDK: `iexec storage init dropbox`.",
            )?;
        }
        if let Some(dataset) = self.orders.dataset.as_ref().filter(|_| tag.has(Tag::TEE)) {
            let address = dataset.order.dataset;
            let there = self.sms(tag)?.has_dataset_key(address)?;
            let what = format!(
                "Dataset encryption key is not set for dataset {address} in the SMS. Dataset decryption will fail."
            );
            self.require(there, "Dataset", &what, "The dataset's owner must push it.")?;
        }
        for name in params.secrets() {
            let requester = request.requester;
            let there = self.sms(tag)?.has_requester_secret(requester, name)?;
            let what = format!(
                "Requester secret {name:?} is not set for requester {requester} in the SMS. Requester secret provisioning will fail."
            );
            let push = CommandLine::new("iexec requester push-secret").operand(name);
            self.require(
                there,
                "Request",
                &what,
                &format!("Push it with the SDK: `{push}`."),
            )?;
        }
        Ok(())
    }

    fn check_result_key(&self, sms: &SmsClient) -> Result<(), Unmet> {
        let beneficiary = self.orders.request.order.beneficiary;
        let folder = self.context.folder();
        let is_here = folder.key_path(&beneficiary).exists();
        if sms.exists(beneficiary, RESULT_KEY_NAME)? {
            if !is_here && !whose(self.context, beneficiary).is_empty() {
                self.context.warn(format_args!(
                    "a result key is published for {beneficiary}, and its key file is not here: make sure that you have the key"
                ));
            }
            return Ok(());
        }
        let mut push = CommandLine::ours("result push-encryption-key");
        if let Some(chain) = self.context.settings.found.chain.text.as_deref() {
            push = push.option("--chain", chain);
        }
        if let Some(framework) = self.tag.framework() {
            push = push.option("--tee-framework", framework.name());
        }
        push = push.option("--wallet-address", beneficiary.to_string());
        let hint = match is_here {
            true => format!("Its result key is here: `{push}` publishes it."),
            false => format!(
                "Make a key with `iexec-hsm result generate-encryption-keypair`, and publish it: `{push}`."
            ),
        };
        let what =
            "Beneficiary result encryption key is not set in the SMS. Result encryption will fail.";
        Ok(self.require(false, "Request", what, &hint)?)
    }

    fn check_app(&self, tag: Tag) -> Result<(), Failure> {
        let app = self.orders.app.order.app;
        let enclave = self.place.hub.app_enclave(app);
        let enclave = enclave.map_err(|it| self.place.failure(it))?;
        let fits = match (tag.framework(), enclave) {
            (None | Some(TeeFramework::Tdx), AppEnclave::Unnamed) => true,
            (Some(wanted), AppEnclave::Of(framework)) => wanted == framework,
            _ => false,
        };
        let what = "Tag mismatch the TEE framework specified by app";
        let hint =
            format!("The app does not run with the tag {tag}: give the --tag that it needs.");
        self.require(fits, "App", what, &hint)
    }

    fn sms(&self, tag: Tag) -> Result<SmsClient, Failure> {
        let url = match &self.context.settings.sms_url {
            Some(url) => url.clone(),
            None => {
                let choice = tag
                    .framework()
                    .map_or(FrameworkChoice::All, FrameworkChoice::One);
                let mut urls = self.place.chain.sms_urls(choice)?;
                urls.remove(0).url
            }
        };
        Ok(SmsClient::new(&url, self.place.options.clone())?)
    }

    fn require(&self, is_good: bool, whose: &str, what: &str, hint: &str) -> Result<(), Failure> {
        if is_good {
            return Ok(());
        }
        let what = format!(
            "{whose} requirements check failed: {what} (If you consider this is not an issue, use --skip-preflight-check to skip preflight requirement check)"
        );
        Err(Failure::new(Code::KeyNotFound, what).hint(format!("{hint} Nothing was signed.")))
    }
}

/// A failure to ask the SMS, and what can be done about it here.
fn without_sms(failure: Failure) -> Failure {
    let leave_out = "--skip-preflight-check does without it: what is missing there then shows only when the task fails. Nothing was signed.";
    // What is said there of storing is for those who push.
    let failure = match failure.advice().contains("stored") {
        true => failure.hint("Check the address of the SMS and the network, or try again later."),
        false => failure,
    };
    failure.and_hint(leave_out)
}
