//! A file as a CAR, which proves its bytes while it comes.

use std::io;

use super::car::CarError;
use super::error::GatewayError;
use super::gateway::{Gateway, MediaType};
use super::job::Job;
use super::verified::VerifiedFile;
use crate::http::{ACCEPT, HeaderMap, HeaderValue, HttpBody, HttpError, HttpResponse};

const CAR: &str = "application/vnd.ipld.car";
const WANTED: &str = "application/vnd.ipld.car;version=1;order=dfs;dups=y";

/// Bytes after which the attempts are counted anew.
const PROGRESS: u64 = 64 * 1024;

/// Gets the rest of a file, of which all that is there is verified, from a gateway. The outer error is one of writing.
pub(super) fn fetch_car(
    gateway: &Gateway,
    job: &mut Job<'_>,
) -> io::Result<Result<(), GatewayError>> {
    let mut retry = gateway.http.retry_until(job.deadline);
    let mut knows_ranges = true;
    loop {
        let before = job.filling.at();
        let start = if knows_ranges { before } else { 0 };
        let error = match attempt(gateway, job, start) {
            Ok(()) => return Ok(Ok(())),
            Err(Stop::Write(error)) => return Err(error),
            Err(Stop::Gateway(error)) => error,
        };
        if job.filling.at() >= before + PROGRESS {
            retry.progressed();
        }
        // Asked for the rest, it sent everything, or refused.
        if start > 0 && job.filling.at() == before && error.may_give_plain_file() {
            knows_ranges = false;
            continue;
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

impl From<GatewayError> for Stop {
    fn from(error: GatewayError) -> Self {
        Self::Gateway(error)
    }
}

/// Asks for the file from `start` on, and takes what is not there yet.
fn attempt(gateway: &Gateway, job: &mut Job<'_>, start: u64) -> Result<(), Stop> {
    let query = match start {
        0 => String::new(),
        _ => format!("dag-scope=entity&entity-bytes={start}:*"),
    };
    let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(WANTED))]);
    let answer = gateway.get(job.location, &query, headers, job.deadline)?;
    let media_type = MediaType::of(&answer);
    if answer.status() != 200 {
        return Err(gateway.unasked("a part of a CAR").into());
    }
    if !media_type.is(CAR) {
        return Err(gateway.unasked("no CAR").into());
    }
    // One that promised this and sends another block than the next sends another file.
    let in_order =
        media_type.parameter("order") == Some("dfs") && media_type.parameter("dups") == Some("y");
    read(gateway, job, answer, start).map_err(|stop| match stop {
        // Asked for the rest, it may have sent everything.
        CarStop::Car(CarError::Unexpected(cid)) if in_order && start == 0 => {
            let origin = gateway.origin();
            GatewayError::Different { origin, cid }.into()
        }
        // Where blocks are sent once only, the end of a file can be one that came before.
        CarStop::Car(CarError::Cut) if in_order => {
            let origin = gateway.origin();
            GatewayError::Cut { origin }.into()
        }
        CarStop::Car(error) => meaning(gateway, error).into(),
        CarStop::Stop(stop) => stop,
    })
}

/// Why the reading of a CAR ended.
enum CarStop {
    Car(CarError),
    Stop(Stop),
}

impl From<CarError> for CarStop {
    fn from(error: CarError) -> Self {
        Self::Car(error)
    }
}

fn read(
    gateway: &Gateway,
    job: &mut Job<'_>,
    answer: HttpResponse,
    start: u64,
) -> Result<(), CarStop> {
    let read = |body: HttpBody| {
        let file = VerifiedFile::open(body, job.location, start)?;
        let checked = job.check_size(gateway, file.size());
        checked.map_err(|error| CarStop::Stop(error.into()))?;
        job.filling.announce(Some(file.size()));
        let mut at = start;
        file.read(|bytes| {
            let there = job.filling.at().saturating_sub(at).min(bytes.len() as u64);
            at += bytes.len() as u64;
            let written = job.filling.append(&bytes[there as usize..]);
            written.map_err(|error| CarStop::Stop(Stop::Write(error)))
        })
    };
    let done = gateway.http.read_body(answer, read);
    done.unwrap_or_else(|error| Err(CarStop::Stop(Stop::Gateway(error.into()))))
}

/// What a CAR that could not be used says of its gateway.
fn meaning(gateway: &Gateway, error: CarError) -> GatewayError {
    let origin = gateway.origin();
    match error {
        CarError::Read(error) => match error.downcast::<HttpError>() {
            Ok(error) => error.into(),
            Err(error) => GatewayError::Car {
                origin,
                error: CarError::Read(error),
            },
        },
        CarError::Different(cid) => GatewayError::Different { origin, cid },
        error => GatewayError::Car { origin, error },
    }
}
