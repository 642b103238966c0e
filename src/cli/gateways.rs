//! The gateways to IPFS that results are downloaded from, and what is told of a download.

use std::fs::File;
use std::time::Duration;

use serde_json::{Value, json};

use super::context::Context;
use super::ui::failure::Failure;
use super::ui::hints;
use super::ui::progress::{Unit, Work};
use crate::chain::Chain;
use crate::code::Code;
use crate::http::{HttpError, HttpLimits, HttpOptions};
use crate::ipfs::{CidCheck, FetchError, Fetched, GatewayOptions, Gateways, Location};
use crate::text::escape::Shown as _;

/// The longest time in which nothing comes: a gateway may look for a file among others before its first byte.
const LONGEST_READ: Duration = Duration::from_secs(60);

/// The longest time for one file.
const LONGEST_DOWNLOAD: Duration = Duration::from_secs(24 * 3600);

/// The gateways that are set, else that of the chain. Nothing is sent yet.
pub(crate) fn gateways(
    context: &Context,
    chain: &Chain,
    options: HttpOptions,
    max_size: u64,
) -> Result<Gateways, Failure> {
    let options = GatewayOptions {
        http: HttpOptions {
            limits: HttpLimits {
                read: (context.settings.timeout / 2).min(LONGEST_READ),
                total: LONGEST_DOWNLOAD,
                ..options.limits
            },
            ..options
        },
        max_size,
    };
    let gateways = match &context.settings.ipfs_gateway {
        Some(urls) => Gateways::new(urls.iter().map(String::as_str), options),
        None => Gateways::new([chain.ipfs_gateway()?], options),
    };
    let gateways = gateways.map_err(unusable)?;
    for origin in gateways.without_tls() {
        context.warn(format_args!(
            "{} has no TLS: anyone on the network path can see which result is downloaded, and hold it back",
            origin.shown()
        ));
    }
    Ok(gateways)
}

/// Fills an empty file, and tells a person how far that is.
pub(crate) fn fetch(
    context: &Context,
    gateways: &Gateways,
    location: &Location,
    file: &File,
    durable: bool,
) -> Result<Fetched, FetchError> {
    let progress = context.progress(Work::Download, Unit::Bytes);
    let fetched = gateways.fetch(location, file, durable, &|now| {
        progress.at(now.bytes, now.total);
    })?;
    progress.finish();
    context.say(|| format!("{location} came from {}", fetched.gateway));
    if let Some(reason) = doubt(fetched.check) {
        context.warn(format_args!(
            "whether these are the bytes of {} cannot be told: {reason}",
            location.cid()
        ));
    }
    Ok(fetched)
}

/// What `--raw` says of a download.
pub(crate) fn fetched_json(location: &Location, fetched: &Fetched) -> Value {
    let mut json = json!({
        "gateway": fetched.gateway,
        "location": location.to_string(),
        "bytes": fetched.bytes,
    });
    match doubt(fetched.check) {
        None => json["cid"] = json!("verified"),
        Some(reason) => {
            json["cid"] = json!("unknown");
            json["reason"] = json!(reason);
        }
    }
    json
}

/// Why it cannot be told whether a file is the right one; none where it is.
fn doubt(check: CidCheck) -> Option<&'static str> {
    match check {
        CidCheck::Verified => None,
        CidCheck::AddedInAnotherWay => Some(
            "no gateway proves them, and they have another CID when they are added as most files are",
        ),
        CidCheck::InFolder => {
            Some("no gateway proves them, and the CID is that of the folder they are in")
        }
    }
}

/// A gateway that is not asked.
fn unusable(error: HttpError) -> Failure {
    let code = match &error {
        HttpError::Url { .. } | HttpError::Plain { .. } => Code::Usage,
        _ => Code::GatewayFailed,
    };
    Failure::new(code, &error).hint(hints::gateway(&error))
}
