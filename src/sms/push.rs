use super::api::{self, Secret};
use super::authorization::Authorization;
use super::error::SmsError;
use crate::http::{HttpClient, HttpError, Method, Retry, Url};
use crate::wallet::address::Address;

/// A secret that may be published now.
#[derive(Debug)]
pub struct Prepared<'a> {
    pub(super) http: &'a HttpClient,
    pub(super) owner: Address,
    pub(super) name: &'a str,
    /// Whether one that is there may be replaced.
    pub(super) force_update: bool,
    /// Whether there is one already.
    pub(super) exists: bool,
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
        self.http.block_on(Push::new(self, secret).run())
    }
}

/// A value that is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// Whether it replaced another one, or the same.
    pub updated: bool,
    /// The answer was lost and the SMS was asked again: nothing was there before, and a value is now. It is this
    /// one, unless the same wallet published another one from elsewhere in that very moment.
    pub inferred: bool,
}

/// The possible effects of writes that nobody confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Doubt {
    /// No write had an effect.
    None,
    /// The server failed and said so. It is done with it, and a question tells what is stored.
    Over,
    /// A write may take effect even after a question was answered.
    UnderWay,
}

enum Action {
    Ask,
    Write(Method),
    Done(Pushed),
}

/// The publishing of one value: it writes, and asks where an answer is lost.
struct Push<'a> {
    of: &'a Prepared<'a>,
    url: Url,
    secret: Secret<'a>,
    retry: Retry,
    doubt: Doubt,
    /// There was a value before any of ours.
    replaces: bool,
}

impl<'a> Push<'a> {
    fn new(of: &'a Prepared<'a>, secret: Secret<'a>) -> Self {
        Self {
            of,
            url: api::url(of.http, of.owner, of.name),
            secret,
            retry: of.http.retry(),
            doubt: Doubt::None,
            replaces: of.exists,
        }
    }

    async fn run(mut self) -> Result<Pushed, SmsError> {
        let mut step = Action::Write(if self.replaces {
            Method::PUT
        } else {
            Method::POST
        });
        loop {
            step = match step {
                Action::Ask => self.ask().await?,
                Action::Write(method) => self.write(method).await?,
                Action::Done(pushed) => return Ok(pushed),
            };
        }
    }

    async fn ask(&mut self) -> Result<Action, SmsError> {
        match self.is_there().await {
            Ok(false) => Ok(Action::Write(Method::POST)),
            Ok(true) if self.of.force_update => Ok(Action::Write(Method::PUT)),
            Ok(true) => self.found(),
            Err(error) if self.is_worth_repeating(&error) && self.wait(&error).await => {
                Ok(Action::Ask)
            }
            Err(error) if self.doubt == Doubt::None => Err(error),
            Err(error) => Err(unknown(error)),
        }
    }

    async fn write(&mut self, method: Method) -> Result<Action, SmsError> {
        let deadline = self.retry.deadline();
        let write = api::write(
            self.of.http,
            method.clone(),
            &self.url,
            self.secret,
            deadline,
        );
        let Err(error) = write.await else {
            return Ok(Action::Done(Pushed {
                updated: self.replaces && method == Method::PUT,
                inferred: false,
            }));
        };
        self.doubt = self.doubt.max(doubt_after(&error));
        match self.next(&method, &error) {
            Some(next) if self.wait(&error).await => Ok(next),
            _ => self.outcome_after(error).await,
        }
    }

    /// The step after a write that failed, if any.
    fn next(&mut self, method: &Method, error: &SmsError) -> Option<Action> {
        let posted = method == Method::POST;
        match error {
            SmsError::Conflict if posted && self.of.force_update => {
                self.replaces |= self.doubt == Doubt::None;
                Some(Action::Write(Method::PUT))
            }
            SmsError::Conflict if posted => Some(Action::Ask),
            SmsError::NotFound { .. } if !posted => {
                self.replaces = false;
                Some(Action::Write(Method::POST))
            }
            _ if !self.is_worth_repeating(error) => None,
            // To put once more does no harm and tells more than a question.
            _ if posted && self.doubt != Doubt::None => Some(Action::Ask),
            _ => Some(Action::Write(method.clone())),
        }
    }

    /// The outcome when `error` was the last that a write came to.
    async fn outcome_after(&self, error: SmsError) -> Result<Action, SmsError> {
        let in_doubt = self.doubt != Doubt::None;
        if !in_doubt && !matches!(error, SmsError::Conflict) {
            return Err(error);
        }
        match self.is_there().await {
            Ok(true) if !self.replaces && (in_doubt || !self.of.force_update) => self.found(),
            Ok(false) if self.doubt != Doubt::UnderWay => Err(error),
            _ if in_doubt => Err(unknown(error)),
            _ => Err(error),
        }
    }

    /// The outcome when a value is there, where there was none before ours.
    fn found(&self) -> Result<Action, SmsError> {
        if self.doubt == Doubt::None {
            return Err(SmsError::AlreadyPublished {
                owner: self.of.owner,
                name: self.of.name.to_owned(),
            });
        }
        Ok(Action::Done(Pushed {
            updated: false,
            inferred: true,
        }))
    }

    async fn is_there(&self) -> Result<bool, SmsError> {
        api::exists(self.of.http, &self.url, self.retry.deadline()).await
    }

    async fn wait(&mut self, error: &SmsError) -> bool {
        self.retry.wait(error.retry_after()).await
    }

    /// Failures that stay are reported at once, except while it is open what became of a write.
    fn is_worth_repeating(&self, error: &SmsError) -> bool {
        error.is_passing() || (self.doubt != Doubt::None && error.is_without_answer())
    }
}

fn unknown(cause: SmsError) -> SmsError {
    SmsError::Unknown {
        cause: Box::new(cause),
    }
}

/// The possible effect of a write that failed with `error`.
fn doubt_after(error: &SmsError) -> Doubt {
    match error {
        SmsError::Http(
            HttpError::Timeout { .. } | HttpError::Broken { .. } | HttpError::NotHttp { .. },
        ) => Doubt::UnderWay,
        // A gateway speaks here, which does not know what the SMS is doing.
        SmsError::Server {
            status: 502 | 504, ..
        } => Doubt::UnderWay,
        SmsError::Server { .. }
        | SmsError::Maintenance { .. }
        | SmsError::Http(HttpError::Redirected { .. } | HttpError::TooManyRedirects { .. })
        | SmsError::Unexpected {
            status: 100..=399, ..
        } => Doubt::Over,
        _ => Doubt::None,
    }
}
