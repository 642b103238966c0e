use std::collections::HashSet;
use std::fmt;

use super::answer::{Page, read_page};
use super::error::MarketError;
use crate::chain::poco::Id;
use crate::http::{
    ACCEPT, HeaderMap, HeaderValue, HttpClient, HttpOptions, HttpRequest, Method, ServiceLabel,
};
use crate::wallet::address::Address;

const SERVICE: ServiceLabel = ServiceLabel {
    name: "iExec's market",
    exposed: "hide deals from this program",
    takes_query: false,
};

/// Bytes of the longest page that is read: a hundred deals, whose parameters are paid for by the byte.
const LONGEST_ANSWER: usize = 16 << 20;

/// Deals on a page; the most that it grants.
const PAGE: usize = 100;

/// The most deals that are read. A market that has no end does not fill the memory.
const MOST_DEALS: usize = 100_000;

/// A client of iExec's market. Its functions block; what may pass is asked again.
pub struct Market {
    http: HttpClient,
}

/// The newest deal that a market knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewestDeal {
    /// The deal.
    pub id: Id,
    /// The block that it was made in, if it says so.
    pub block: Option<u64>,
}

impl Market {
    /// A client of the market at `url`. Nothing is sent yet.
    ///
    /// # Errors
    /// When the URL is none, or is plain http to another machine without leave for that.
    pub fn new(url: &str, options: HttpOptions) -> Result<Self, MarketError> {
        let http = HttpClient::new(SERVICE, url, options)?;
        Ok(Self { http })
    }

    /// Scheme, host and port of the market.
    pub fn origin(&self) -> String {
        self.http.origin()
    }

    /// Whether it speaks to another machine without TLS.
    pub fn lacks_tls(&self) -> bool {
        self.http.lacks_tls()
    }

    /// The deals of a chain whose results are for `beneficiary`, as the market says, the newest first and each once. None
    /// of this is proven: it may leave deals out, and name others.
    ///
    /// # Errors
    /// When the market cannot be asked, or answers what no market answers.
    pub fn deals(&self, chain_id: u64, beneficiary: Address) -> Result<Vec<Id>, MarketError> {
        let (mut deals, mut seen) = (Vec::new(), HashSet::new());
        for index in 0.. {
            let of = format!("&beneficiary={beneficiary}");
            let page = self.page(chain_id, &of, index, PAGE)?;
            let known = deals.len();
            // What is made meanwhile pushes others to the next page, where they are seen again.
            let fresh = page.deals.iter().map(|it| it.id);
            deals.extend(fresh.filter(|id| seen.insert(*id)));
            if !page.has_next || page.deals.is_empty() {
                break;
            }
            if deals.len() == known || deals.len() > MOST_DEALS {
                let (origin, deals) = (self.origin(), deals.len());
                return Err(MarketError::Endless { origin, deals });
            }
        }
        Ok(deals)
    }

    /// The newest deal of a chain that the market knows; none where it knows no deal.
    ///
    /// # Errors
    /// As of [`Self::deals`].
    pub fn newest_deal(&self, chain_id: u64) -> Result<Option<NewestDeal>, MarketError> {
        // Fewer it does not grant.
        let page = self.page(chain_id, "", 0, 10)?;
        Ok(page.deals.first().map(|it| NewestDeal {
            id: it.id,
            block: it.block,
        }))
    }

    fn page(
        &self,
        chain_id: u64,
        of: &str,
        index: usize,
        size: usize,
    ) -> Result<Page, MarketError> {
        let query = format!("chainId={chain_id}{of}&pageIndex={index}&pageSize={size}");
        self.get("deals", &query, read_page)
    }

    /// What the market answers, asked again where that may help.
    pub(super) fn get<T>(
        &self,
        path: &str,
        query: &str,
        read: fn(String, &[u8]) -> Result<T, MarketError>,
    ) -> Result<T, MarketError> {
        let url = self.http.url(path, query);
        self.http.block_on(async {
            let mut retry = self.http.retry();
            loop {
                let json = HeaderValue::from_static("application/json");
                let request = HttpRequest {
                    method: Method::GET,
                    url: &url,
                    headers: HeaderMap::from_iter([(ACCEPT, json)]),
                    body: None,
                    deadline: retry.deadline(),
                };
                let answer = self.ask(&request).await;
                match answer.and_then(|body| read(self.origin(), &body)) {
                    Err(error) if error.is_passing() && retry.wait(error.retry_after()).await => (),
                    answer => return answer,
                }
            }
        })
    }

    async fn ask(&self, request: &HttpRequest<'_>) -> Result<Vec<u8>, MarketError> {
        let response = self.http.send(request).await?;
        let (origin, status) = (self.origin(), response.status());
        let retry_after = response.retry_after();
        match status {
            200 => Ok(response.bytes(LONGEST_ANSWER).await?),
            429 => Err(MarketError::RateLimited {
                origin,
                retry_after,
            }),
            500..=599 => Err(MarketError::Server {
                origin,
                status,
                text: response.message().await,
                retry_after,
            }),
            _ => Err(MarketError::Refused {
                origin,
                status,
                text: response.message().await,
            }),
        }
    }
}

impl fmt::Debug for Market {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Market").field(&self.origin()).finish()
    }
}
