use super::api;
use super::error::SmsError;
use super::push::Prepared;
use crate::http::{HttpClient, HttpOptions, ServiceLabel, Url};
use crate::wallet::address::Address;

const SERVICE: ServiceLabel = ServiceLabel {
    name: "the SMS",
    exposed: "read and replay what is published",
    takes_query: false,
};

/// A client of one SMS and its web2 secrets. Its functions block.
#[derive(Debug)]
pub struct SmsClient {
    http: HttpClient,
}

impl SmsClient {
    /// A client of the SMS at `url`, whose path, if it has one, is kept in front of the SMS's own.
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// When the URL is none, or is plain http to another machine without leave for that.
    pub fn new(url: &str, options: HttpOptions) -> Result<Self, SmsError> {
        let http = HttpClient::new(SERVICE, url, options)?;
        Ok(Self { http })
    }

    /// Whether it speaks to another machine without TLS.
    pub fn lacks_tls(&self) -> bool {
        self.http.lacks_tls()
    }

    /// The URL that secret `name` of `owner` is published at.
    pub fn url(&self, owner: Address, name: &str) -> String {
        api::url(&self.http, owner, name).into()
    }

    /// Whether secret `name` of `owner` is published. It cannot be told by whom, nor what it is.
    ///
    /// # Errors
    /// When the SMS cannot be reached, or answers anything but yes or no.
    pub fn exists(&self, owner: Address, name: &str) -> Result<bool, SmsError> {
        self.is_there(&api::url(&self.http, owner, name))
    }

    /// Whether it has the key that a dataset is encrypted with.
    ///
    /// # Errors
    /// As of [`Self::exists`].
    pub fn has_dataset_key(&self, dataset: Address) -> Result<bool, SmsError> {
        self.is_there(&api::dataset_key_url(&self.http, dataset))
    }

    /// Whether it has a secret that a requester gives to apps under this name.
    ///
    /// # Errors
    /// As of [`Self::exists`].
    pub fn has_requester_secret(&self, requester: Address, name: &str) -> Result<bool, SmsError> {
        self.is_there(&api::requester_secret_url(&self.http, requester, name))
    }

    fn is_there(&self, url: &Url) -> Result<bool, SmsError> {
        self.http.block_on(async {
            let mut retry = self.http.retry();
            loop {
                match api::exists(&self.http, url, retry.deadline()).await {
                    Err(error) if error.is_passing() && retry.wait(error.retry_after()).await => (),
                    answer => return answer,
                }
            }
        })
    }

    /// Asks whether secret `name` of `owner` is published, before `value` is: with `force_update`
    /// it may then be replaced. A signature is not needed yet.
    ///
    /// # Errors
    /// The errors of [`Self::exists`], and [`SmsError::AlreadyPublished`] without `force_update`.
    pub fn prepare<'a>(
        &'a self,
        owner: Address,
        name: &'a str,
        force_update: bool,
    ) -> Result<Prepared<'a>, SmsError> {
        let exists = self.exists(owner, name)?;
        if exists && !force_update {
            let name = name.to_owned();
            return Err(SmsError::AlreadyPublished { owner, name });
        }
        Ok(Prepared {
            http: &self.http,
            owner,
            name,
            force_update,
            exists,
        })
    }
}
