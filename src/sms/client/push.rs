use reqwest::{Method, Url};

use super::Prepared;
use super::error::SmsError;
use super::limits::Limits;
use super::patience::Patience;
use super::transport::{Secret, Transport};

/// A value that is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// It replaced another one, or the same.
    pub updated: bool,
    /// The answer was lost and the SMS was asked again: nothing was there before, and a value is now. It is this
    /// one, unless the same wallet published another one from elsewhere in that very moment.
    pub inferred: bool,
}

/// What may have become of writes that nobody confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Doubt {
    /// Nothing was done.
    None,
    /// The server failed and said so. It is done with it, and a question tells what is stored.
    Over,
    /// It may take effect even after a question was answered.
    UnderWay,
}

enum Step {
    Ask,
    Write(Method),
    Done(Pushed),
}

/// The publishing of one value: it writes, and asks where an answer is lost.
pub(super) struct Push<'a> {
    transport: &'a Transport,
    owner: &'a str,
    name: &'a str,
    target: Url,
    secret: Secret<'a>,
    force_update: bool,
    patience: Patience,
    doubt: Doubt,
    /// There was a value before any of ours.
    replaces: bool,
}

impl<'a> Push<'a> {
    pub(super) fn new(
        transport: &'a Transport,
        prepared: &'a Prepared<'a>,
        secret: Secret<'a>,
        limits: &Limits,
    ) -> Self {
        let (owner, name) = (prepared.owner, prepared.name);
        Self {
            transport,
            owner,
            name,
            target: transport.server().target(owner, name),
            secret,
            force_update: prepared.force_update,
            patience: Patience::new(limits),
            doubt: Doubt::None,
            replaces: prepared.exists,
        }
    }

    pub(super) async fn run(mut self) -> Result<Pushed, SmsError> {
        let mut step = Step::Write(if self.replaces {
            Method::PUT
        } else {
            Method::POST
        });
        loop {
            step = match step {
                Step::Ask => self.ask().await?,
                Step::Write(method) => self.write(method).await?,
                Step::Done(pushed) => return Ok(pushed),
            };
        }
    }

    async fn ask(&mut self) -> Result<Step, SmsError> {
        match self.is_there().await {
            Ok(false) => Ok(Step::Write(Method::POST)),
            Ok(true) if self.force_update => Ok(Step::Write(Method::PUT)),
            Ok(true) => self.found(),
            Err(error) if self.is_worth_repeating(&error) && self.patience.wait(&error).await => {
                Ok(Step::Ask)
            }
            Err(error) if self.doubt == Doubt::None => Err(error),
            Err(error) => Err(unknown(error)),
        }
    }

    async fn write(&mut self, method: Method) -> Result<Step, SmsError> {
        let deadline = self.patience.deadline();
        let written = self
            .transport
            .write(method.clone(), &self.target, self.secret, deadline);
        let Err(error) = written.await else {
            return Ok(Step::Done(Pushed {
                updated: self.replaces && method == Method::PUT,
                inferred: false,
            }));
        };
        self.doubt = self.doubt.max(doubt_after(&error));
        match self.next(&method, &error) {
            Some(next) if self.patience.wait(&error).await => Ok(next),
            _ => self.settle(error).await,
        }
    }

    /// What to do after a write that failed, if anything.
    fn next(&mut self, method: &Method, error: &SmsError) -> Option<Step> {
        let posted = method == Method::POST;
        match error {
            SmsError::Conflict if posted && self.force_update => {
                self.replaces |= self.doubt == Doubt::None;
                Some(Step::Write(Method::PUT))
            }
            SmsError::Conflict if posted => Some(Step::Ask),
            SmsError::NotFound { .. } if !posted => {
                self.replaces = false;
                Some(Step::Write(Method::POST))
            }
            _ if !self.is_worth_repeating(error) => None,
            // To put once more does no harm and tells more than a question.
            _ if posted && self.doubt != Doubt::None => Some(Step::Ask),
            _ => Some(Step::Write(method.clone())),
        }
    }

    /// What to say when `error` was the last that a write came to.
    async fn settle(&self, error: SmsError) -> Result<Step, SmsError> {
        let in_doubt = self.doubt != Doubt::None;
        if !in_doubt && !matches!(error, SmsError::Conflict) {
            return Err(error);
        }
        match self.is_there().await {
            Ok(true) if !self.replaces && (in_doubt || !self.force_update) => self.found(),
            Ok(false) if self.doubt != Doubt::UnderWay => Err(error),
            _ if in_doubt => Err(unknown(error)),
            _ => Err(error),
        }
    }

    /// What it means that a value is there, where there was none before ours.
    fn found(&self) -> Result<Step, SmsError> {
        if self.doubt == Doubt::None {
            return Err(SmsError::AlreadyPublished {
                owner: self.owner.to_owned(),
                name: self.name.to_owned(),
            });
        }
        Ok(Step::Done(Pushed {
            updated: false,
            inferred: true,
        }))
    }

    async fn is_there(&self) -> Result<bool, SmsError> {
        let deadline = self.patience.deadline();
        self.transport.ask(&self.target, deadline).await
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

/// What may have become of a write that failed with `error`.
fn doubt_after(error: &SmsError) -> Doubt {
    match error {
        SmsError::Timeout { .. } | SmsError::Broken { .. } | SmsError::NotHttp { .. } => {
            Doubt::UnderWay
        }
        // A gateway speaks here, which does not know what the SMS is doing.
        SmsError::Server {
            status: 502 | 504, ..
        } => Doubt::UnderWay,
        SmsError::Server { .. }
        | SmsError::Maintenance { .. }
        | SmsError::Redirected { .. }
        | SmsError::TooManyRedirects { .. }
        | SmsError::Unexpected {
            status: 100..=399, ..
        } => Doubt::Over,
        _ => Doubt::None,
    }
}
