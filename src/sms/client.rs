//! The HTTP client of the SMS's web2 secrets.
//!
//! Its functions block: the runtime behind them belongs to the client and nobody else meets it.

mod authorization;
mod dns;
mod error;
mod excerpt;
mod exchange;
mod failure;
mod http;
mod limits;
mod meaning;
mod patience;
mod push;
mod server;
mod transport;

use std::fmt;

use tokio::runtime::Runtime;

pub use authorization::Authorization;
pub use error::{Kind, SmsError};
pub use exchange::Exchange;
pub use limits::Limits;
pub use push::Pushed;

use patience::Patience;
use push::Push;
use server::Server;
use transport::{Secret, Transport};

/// How a [`Client`] behaves.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Allow `http` without TLS to other machines. Who listens on the way can then replay what is published.
    pub insecure_http: bool,
    /// How long and how often it tries.
    pub limits: Limits,
    /// Told of every request once its answer, or none, is there.
    pub on_exchange: Option<fn(&Exchange<'_>)>,
}

/// A client of one SMS.
pub struct Client {
    transport: Transport,
    limits: Limits,
    /// Always there until the client is dropped.
    runtime: Option<Runtime>,
}

impl Client {
    /// A client of the SMS at `url`, whose path, if it has one, is kept in front of the SMS's own.
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// When the URL is none, or is plain http to another machine without leave for that.
    pub fn new(url: &str, options: Options) -> Result<Self, SmsError> {
        let server = Server::parse(url, options.insecure_http)?;
        let http = http::client(&server, &options.limits)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| SmsError::Setup {
                reason: error.to_string(),
            })?;
        Ok(Self {
            transport: Transport::new(http, server, &options),
            limits: options.limits,
            runtime: Some(runtime),
        })
    }

    /// Whether it speaks to another machine without TLS.
    pub fn lacks_tls(&self) -> bool {
        self.transport.server().lacks_tls()
    }

    /// The address that secret `name` of `owner` is published at.
    pub fn target(&self, owner: &str, name: &str) -> String {
        self.transport.server().target(owner, name).into()
    }

    /// Whether secret `name` of `owner` is published. It cannot be told by whom, nor what it is.
    ///
    /// `owner` is the address with `0x` and the letter case of its checksum.
    ///
    /// # Errors
    /// When the SMS cannot be reached, or answers anything but yes or no.
    pub fn exists(&self, owner: &str, name: &str) -> Result<bool, SmsError> {
        let target = self.transport.server().target(owner, name);
        self.block_on(async {
            let mut patience = Patience::new(&self.limits);
            loop {
                match self.transport.ask(&target, patience.deadline()).await {
                    Err(error) if error.is_passing() && patience.wait(&error).await => (),
                    answer => return answer,
                }
            }
        })
    }

    /// Asks whether secret `name` of `owner` is published, before `value` is: with `force_update`
    /// it may then be replaced. A signature is not needed yet.
    ///
    /// # Errors
    /// Those of [`Self::exists`], and [`SmsError::AlreadyPublished`] without `force_update`.
    pub fn prepare<'a>(
        &'a self,
        owner: &'a str,
        name: &'a str,
        force_update: bool,
    ) -> Result<Prepared<'a>, SmsError> {
        let exists = self.exists(owner, name)?;
        if exists && !force_update {
            return Err(SmsError::AlreadyPublished {
                owner: owner.to_owned(),
                name: name.to_owned(),
            });
        }
        Ok(Prepared {
            client: self,
            owner,
            name,
            force_update,
            exists,
        })
    }

    fn block_on<T>(&self, work: impl Future<Output = Result<T, SmsError>>) -> Result<T, SmsError> {
        match &self.runtime {
            Some(runtime) => runtime.block_on(work),
            None => Err(SmsError::Setup {
                reason: "the client is closed".to_owned(),
            }),
        }
    }
}

/// A secret that may be published now.
#[derive(Debug)]
pub struct Prepared<'a> {
    client: &'a Client,
    owner: &'a str,
    name: &'a str,
    force_update: bool,
    exists: bool,
}

impl Prepared<'_> {
    /// Publishes `value`, which must be what `authorization` signs. What others publish meanwhile
    /// is only replaced with `force_update`.
    ///
    /// # Errors
    /// [`SmsError::Unknown`] when it cannot be told whether it was stored; all others mean that it
    /// was not.
    pub fn push(&self, value: &str, authorization: &Authorization) -> Result<Pushed, SmsError> {
        let secret = Secret {
            value,
            authorization,
        };
        let push = Push::new(&self.client.transport, self, secret, &self.client.limits);
        self.client.block_on(push.run())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // The plain way waits for a name look-up that hangs, long after the total limit.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("server", &self.transport.server().origin())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    #[test]
    fn a_look_up_that_hangs_does_not_hold_up_the_end() {
        let client = Client::new("https://sms.test", Options::default()).unwrap();
        let (begun, begins) = mpsc::channel();
        client.runtime.as_ref().unwrap().spawn_blocking(move || {
            begun.send(()).unwrap();
            loop {
                thread::park();
            }
        });
        begins.recv().unwrap();
        drop(client);
    }
}
