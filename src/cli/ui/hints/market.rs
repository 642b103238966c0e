use crate::http::HttpError;
use crate::market::{ChoiceError, MarketError};

/// What to do about the market.
pub(crate) fn market(error: &MarketError) -> &'static str {
    match error {
        MarketError::Http(HttpError::Url { .. }) => {
            "Give the address of the market as https://host, with --market-url or as `iexecGateway` in chain.json."
        }
        MarketError::Http(HttpError::Plain { .. }) => {
            "Use an https:// address. --insecure-http allows plain http, if you trust the whole network path."
        }
        MarketError::Http(HttpError::Tls { .. }) => {
            "Check the address of the market, this machine's clock and its root certificates; or read the chain's own events with --from-block."
        }
        MarketError::RateLimited { .. }
        | MarketError::Server { .. }
        | MarketError::Http(HttpError::Timeout { .. } | HttpError::Broken { .. }) => {
            "Try again later, or read the chain's own events with --from-block."
        }
        MarketError::Refused { .. } | MarketError::NotAMarket { .. } => {
            "Check that the address is that of iExec's market (--market-url), and the chain; --from-block reads the chain's own events."
        }
        MarketError::Endless { .. } => {
            "Its answer cannot be used. Read the chain's own events with --from-block."
        }
        MarketError::Http(_) => {
            "Check the address of the market, the network and the proxy settings; or read the chain's own events with --from-block."
        }
    }
}

/// What to do where no orders were found.
pub(crate) fn choice(error: &ChoiceError) -> &'static str {
    match error {
        ChoiceError::Market(_) => {
            "Try again later, or check the address of the market (--market-url). Nothing was signed."
        }
        ChoiceError::NotDeployed { .. } => "Check the address and the chain. Nothing was signed.",
        ChoiceError::NoMarket(_) => {
            "Name the market with --market-url or as `iexecGateway` in chain.json. Nothing was signed."
        }
        ChoiceError::NoWorkerpool { .. } => {
            "Ask for less: leave out --workerpool, --category, --trust or a tag. Or try again later. Nothing was signed."
        }
        _ => "Check --tag, or ask the owner for an order. Nothing was signed.",
    }
}
