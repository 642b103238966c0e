use std::fs::File;

use tokio::time::Instant;

use super::car_form::fetch_car;
use super::error::{FetchError, GatewayError};
use super::filling::Filling;
use super::gateway::Gateway;
use super::job::Job;
use super::location::Location;
use super::plain_form::fetch_plain;
use super::types::{CidCheck, Fetched, GatewayOptions, Progress};
use crate::http::HttpError;

/// The gateways that are asked for a file, one after the other.
#[derive(Debug)]
pub struct Gateways {
    list: Vec<Gateway>,
    options: GatewayOptions,
}

impl Gateways {
    /// Makes clients of the gateways at `urls`. Nothing is sent yet.
    ///
    /// # Errors
    /// When a URL is none, or is plain http to another machine without leave for that.
    pub fn new<'a>(
        urls: impl IntoIterator<Item = &'a str>,
        options: GatewayOptions,
    ) -> Result<Self, HttpError> {
        let gateway = |url| Gateway::new(url, options.http.clone());
        let list = urls.into_iter().map(gateway).collect::<Result<_, _>>()?;
        Ok(Self { list, options })
    }

    /// Scheme, host and port of each.
    pub fn origins(&self) -> impl Iterator<Item = String> + '_ {
        self.list.iter().map(Gateway::origin)
    }

    /// Those that are on other machines and have no TLS.
    pub fn without_tls(&self) -> impl Iterator<Item = String> + '_ {
        let lacking = self.list.iter().filter(|it| it.http.lacks_tls());
        lacking.map(Gateway::origin)
    }

    /// Asks each for an empty file that needs no look-up. A refusal is an answer.
    ///
    /// Returns their origins, each with the error where there is no answer.
    pub fn probe(&self) -> Vec<(String, Option<HttpError>)> {
        let probe = |gateway: &Gateway| (gateway.origin(), gateway.probe().err());
        self.list.iter().map(probe).collect()
    }

    /// Fills an empty file with the one at `location`; with `durable` it goes to the disk while it is filled.
    ///
    /// A CAR, which proves its bytes, is asked for at every gateway before a plain file at any. Where gateways sent
    /// other bytes than those of the CID, only what is verified will do.
    ///
    /// # Errors
    /// When no gateway gives it or it cannot be written. Whatever the file has in it is then of no use.
    pub fn fetch(
        &self,
        location: &Location,
        file: &File,
        durable: bool,
        progress: &dyn Fn(Progress),
    ) -> Result<Fetched, FetchError> {
        let mut job = Job {
            location,
            filling: Filling::new(file, durable, progress),
            deadline: Instant::now() + self.options.http.limits.total,
            max_size: self.options.max_size,
        };
        let mut failures = Vec::new();
        for gateway in &self.list {
            match fetch_car(gateway, &mut job).map_err(FetchError::Write)? {
                Ok(()) => return Ok(job.done(gateway, CidCheck::Verified)),
                Err(error) => failures.push(error),
            }
        }
        let has_lied = failures.iter().any(GatewayError::is_different);
        for (gateway, failure) in self.list.iter().zip(&mut failures) {
            if !failure.may_give_plain_file() {
                continue;
            }
            match fetch_plain(gateway, &mut job).map_err(FetchError::Write)? {
                Ok(check) if check == CidCheck::Verified || !has_lied => {
                    return Ok(job.done(gateway, check));
                }
                Ok(_) => {}
                Err(error) => *failure = error,
            }
        }
        Err(FetchError::Gateways(failures))
    }
}
