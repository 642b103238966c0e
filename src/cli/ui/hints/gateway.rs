use crate::http::HttpError;
use crate::ipfs::{FetchError, GatewayError};
use crate::task::NoResult;

/// What to do where no gateway gave a file.
pub(crate) fn fetch(error: &FetchError) -> &'static str {
    match error {
        FetchError::Write(_) => "Make room on the disk, or name another place, then run it again.",
        error if error.is_different() => {
            "Nothing was kept. Another gateway may have the right file: --ipfs-gateway names one."
        }
        error if error.is_too_large() => {
            "Raise the limit with --max-size if you expect a result of this size."
        }
        error if error.is_not_found() => {
            "Try again later, or name another gateway with --ipfs-gateway. A file that no IPFS node keeps any more is lost."
        }
        FetchError::Gateways(failures) => match failures.as_slice() {
            [GatewayError::Http(error)] => gateway(error),
            _ => "Try again later, or name another gateway with --ipfs-gateway.",
        },
    }
}

/// What to do about a gateway that cannot be asked.
pub(crate) fn gateway(error: &HttpError) -> &'static str {
    match error {
        HttpError::Url { .. } => {
            "Give the address of a gateway as https://host, with --ipfs-gateway or as `ipfsGateway` in chain.json."
        }
        HttpError::Plain { .. } => {
            "Use an https:// address. --insecure-http allows plain http, if you trust the whole network path."
        }
        HttpError::Setup { .. } => {
            "Check that the system's root certificates are installed (package ca-certificates)."
        }
        HttpError::Tls { .. } => {
            "Check the address of the gateway, this machine's clock and its root certificates."
        }
        HttpError::Redirected { .. } => {
            "If you trust that server, give its address with --ipfs-gateway."
        }
        HttpError::Timeout { .. } | HttpError::Broken { .. } => {
            "Try again later, or name another gateway with --ipfs-gateway."
        }
        _ => {
            "Check the address of the gateway, the network and the proxy settings; --ipfs-gateway names another."
        }
    }
}

/// What to do where a task has nothing to download.
pub(crate) fn no_result(error: &NoResult) -> &'static str {
    match error {
        NoResult::NotYet(_) => "--watch waits for it.",
        NoResult::Elsewhere(_) => {
            "Get it from there by other means, and open it with `iexec-hsm result decrypt`."
        }
        NoResult::Location(_) => {
            "The worker may be broken or hostile; ask the requester or the workerpool where the result is."
        }
        _ => "",
    }
}
