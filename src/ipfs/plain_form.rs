//! A file as it is, for gateways that give no CAR. Its CID is computed while it comes.

use std::io::{self, BufRead as _};

use super::computed::{Computed, Outcome};
use super::content_range::ContentRange;
use super::error::GatewayError;
use super::gateway::{Gateway, is_web_page};
use super::job::Job;
use super::location::Location;
use super::types::CidCheck;
use crate::http::{
    ACCEPT, CONTENT_RANGE, ETAG, HeaderMap, HeaderValue, HttpBody, HttpError, HttpResponse,
    IF_RANGE, RANGE,
};

/// Bytes after which the attempts are counted anew.
const PROGRESS: u64 = 64 * 1024;

/// Gets a file from a gateway, from its beginning. The outer error is one of writing.
pub(super) fn fetch_plain(
    gateway: &Gateway,
    job: &mut Job<'_>,
) -> io::Result<Result<CidCheck, GatewayError>> {
    let mut retry = gateway.http.retry_until(job.deadline);
    let mut plain = Plain::new(gateway, job)?;
    loop {
        let before = plain.job.filling.at();
        let error = match plain.attempt() {
            Ok(()) => return Ok(plain.finish()),
            Err(Stop::Write(error)) => return Err(error),
            Err(Stop::Gateway(error)) => error,
        };
        if plain.job.filling.at() >= before + PROGRESS {
            retry.progressed();
        }
        if !gateway.waits(&mut retry, &error) {
            return Ok(Err(error));
        }
    }
}

/// Why an attempt ended.
enum Stop {
    Gateway(GatewayError),
    Write(io::Error),
}

impl<E: Into<GatewayError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Gateway(error.into())
    }
}

struct Plain<'a, 'j> {
    gateway: &'a Gateway,
    job: &'a mut Job<'j>,
    /// None where the CID is that of a folder.
    computed: Option<Computed>,
    /// What the first answer said of the file.
    file: Said,
}

/// What an answer says of the whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Said {
    etag: Option<String>,
    total: Option<u64>,
    is_web_page: bool,
}

impl<'a, 'j> Plain<'a, 'j> {
    fn new(gateway: &'a Gateway, job: &'a mut Job<'j>) -> io::Result<Self> {
        job.filling.restart()?;
        Ok(Self {
            gateway,
            computed: computed(job.location),
            job,
            file: Said::default(),
        })
    }

    /// Asks for the file, or for its rest where one can be sure that it is of the same file.
    fn attempt(&mut self) -> Result<(), Stop> {
        let at = self.job.filling.at();
        let accept = HeaderValue::from_static("*/*");
        let mut headers = HeaderMap::from_iter([(ACCEPT, accept)]);
        if self.can_go_on() {
            if let Ok(range) = HeaderValue::try_from(format!("bytes={at}-")) {
                headers.insert(RANGE, range);
            }
            if let Some(etag) = self.file.strong_etag() {
                headers.insert(IF_RANGE, etag);
            }
        }
        let asked_for_rest = headers.contains_key(RANGE);
        let answer = match self
            .gateway
            .get(self.job.location, "", headers, self.job.deadline)
        {
            // The rest is nothing, it says.
            Err(GatewayError::Refused { status: 416, .. }) if asked_for_rest => {
                return Err(self.bad_range());
            }
            answer => answer?,
        };
        let said = Said::of(&answer);
        match answer.status() {
            206 if asked_for_rest && said.is_rest_of(&self.file, &answer, at) => {}
            206 => return Err(self.bad_range()),
            _ => {
                self.restart().map_err(Stop::Write)?;
                self.file = said;
            }
        }
        self.receive(answer)
    }

    /// Whether the rest alone will do.
    fn can_go_on(&self) -> bool {
        let is_known = self.file.etag.is_some() || self.file.total.is_some();
        self.job.filling.at() > 0 && is_known
    }

    /// Forgets what is there: an answer with the rest of it is no good.
    fn bad_range(&mut self) -> Stop {
        if let Err(error) = self.restart() {
            return Stop::Write(error);
        }
        Stop::Gateway(GatewayError::BadRange {
            origin: self.gateway.origin(),
        })
    }

    fn restart(&mut self) -> io::Result<()> {
        self.computed = computed(self.job.location);
        self.job.filling.restart()
    }

    fn receive(&mut self, answer: HttpResponse) -> Result<(), Stop> {
        if let Some(total) = self.file.total {
            self.job.check_size(self.gateway, total)?;
        }
        self.job.filling.announce(self.file.total);
        let http = &self.gateway.http;
        http.read_body(answer, |body| self.take(body))??;
        let is_cut = (self.file.total).is_some_and(|total| self.job.filling.at() < total);
        if is_cut {
            let origin = self.gateway.origin();
            return Err(GatewayError::Cut { origin }.into());
        }
        Ok(())
    }

    fn take(&mut self, mut body: HttpBody) -> Result<(), Stop> {
        loop {
            let bytes = body.fill_buf().map_err(|error| self.broken(error))?;
            let count = bytes.len();
            if count == 0 {
                return Ok(());
            }
            let sum = self.job.filling.at() + count as u64;
            self.job.check_size(self.gateway, sum)?;
            if let Some(computed) = &mut self.computed {
                computed.update(bytes);
            }
            self.job.filling.append(bytes).map_err(Stop::Write)?;
            body.consume(count);
        }
    }

    fn broken(&self, error: io::Error) -> GatewayError {
        match error.downcast::<HttpError>() {
            Ok(error) => error.into(),
            Err(_) => GatewayError::Cut {
                origin: self.gateway.origin(),
            },
        }
    }

    /// Judges a file that is there to its end.
    fn finish(self) -> Result<CidCheck, GatewayError> {
        let origin = self.gateway.origin();
        let cid = *self.job.location.cid();
        match self.computed.map(Computed::finish) {
            Some(Outcome::Same) => Ok(CidCheck::Verified),
            // It comes with any status, also in the place of the right file.
            _ if self.file.is_web_page => Err(GatewayError::WebPage { origin }),
            Some(Outcome::Different) => Err(GatewayError::Different { origin, cid }),
            Some(Outcome::CannotTell) => Ok(CidCheck::AddedInAnotherWay),
            None => Ok(CidCheck::InFolder),
        }
    }
}

fn computed(location: &Location) -> Option<Computed> {
    let is_its_own = location.names().is_empty();
    is_its_own.then(|| Computed::new(*location.cid()))
}

impl Said {
    fn of(answer: &HttpResponse) -> Self {
        Self {
            etag: answer.header(ETAG).map(str::to_owned),
            total: answer.content_length(),
            is_web_page: is_web_page(answer),
        }
    }

    /// The ETag, if it stands for the very bytes.
    fn strong_etag(&self) -> Option<HeaderValue> {
        let etag = self.etag.as_deref().filter(|etag| !etag.starts_with("W/"));
        etag.and_then(|etag| HeaderValue::from_str(etag).ok())
    }

    /// Whether an answer that says this has in it all of a file from the byte `at` on.
    fn is_rest_of(&self, file: &Self, answer: &HttpResponse, at: u64) -> bool {
        let range = answer.header(CONTENT_RANGE).and_then(ContentRange::parse);
        range.is_some_and(|range| {
            let length = range.last - range.first + 1;
            range.first == at
                && range.total.is_none_or(|total| range.last + 1 == total)
                && self.total.is_none_or(|said| said == length)
                && file.total.is_none_or(|total| range.last + 1 == total)
                && (file.etag.is_none() || file.etag == self.etag)
        })
    }
}
